"""Tell others that a build ended: a signed POST, again until it arrives."""

import hashlib
import hmac
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import msgspec

from gobp.buildservice.builds.build import Build
from gobp.buildservice.hooks.outbox import Outbox, Task
from gobp.buildservice.hooks.sending import Outgoing, SendingError, check_url, send
from gobp.buildservice.settings.schema import Callback, Settings
from gobp.buildservice.state.database import Database
from gobp.golang.patterns import ModulePatterns
from gobp.serving.settings.secret_file import read_secret

SIGNATURE = "X-Gobp-Signature"
_LOG = logging.getLogger(__name__)
_SECONDS = 10.0
_AT_ONCE = 8
_PAUSES = (10.0, 60.0, 300.0, 1800.0, 7200.0, 21_600.0, 43_200.0)  # seconds: for a day
_GONE = 410


@dataclass(frozen=True, slots=True)
class _Known:
    callback: Callback = field(repr=False)  # its URL may have a secret in it
    secret: bytes = field(repr=False)
    repositories: ModulePatterns


class Callbacks:
    """Tells all callbacks of the settings; what is to be told is in the database."""

    def __init__(self, settings: Settings, database: Database) -> None:
        """Raise UserError for callbacks that cannot be."""
        self._callbacks = {
            _name(callback): _known(callback, number)
            for number, callback in enumerate(settings.callbacks)
        }
        self._public = settings.public_url.rstrip("/")
        self._outbox = Outbox(database, "callback", _PAUSES)

    def ended(self, build: Build) -> None:
        """Have it told that a build ended; a second time makes no difference. DatabaseError."""
        body = ""
        for name, known in self._callbacks.items():
            if known.repositories.match(build.repository):
                body = body or msgspec.json.encode(told(build, self._public)).decode()
                self._outbox.put(f"{name}/{build.id}", body)

    def run_once(self) -> int:
        """Tell what is due; return how much that was. It takes at most a few seconds."""
        if not self._callbacks:
            return 0
        tasks = self._outbox.take(_AT_ONCE)
        if tasks:
            with ThreadPoolExecutor(len(tasks)) as threads:
                list(threads.map(self._tell, tasks))
        self._outbox.forget_old()
        return len(tasks)

    def _tell(self, task: Task) -> None:
        known = self._callbacks.get(task.id.partition("/")[0])
        if known is None:
            self._outbox.give_up(task, "the settings have this callback no more")
            return
        body = task.body.encode()
        request = Outgoing(
            "POST",
            known.callback.url,
            _headers(known.secret, task, body),
            body,
            private=known.callback.private_addresses,
        )
        try:
            answer = send(request, _SECONDS)
        except SendingError as error:
            self._failed(task, str(error))
            return
        if answer.ok:
            self._outbox.done(task)
        elif answer.status == _GONE:
            self._outbox.give_up(task, "it wants to be told no more")
        else:
            self._failed(task, f"it answered {answer.status}")

    def _failed(self, task: Task, why: str) -> None:
        again = self._outbox.failed(task, why)
        after = "it will be tried again" if again else "it is given up"
        _LOG.warning("callback %s, attempt %d: %s; %s", task.id, task.attempts, why, after)


def told(build: Build, public_url: str) -> dict[str, Any]:
    """Return what is told of a build, as JSON has it; URLs only where ``public_url`` is known.

    Who asked for the build is not told: it may be an address.
    """
    base = f"{public_url}/api/v1/builds/{build.id}"
    artifacts = [
        {
            **msgspec.to_builtins(artifact),
            **({"url": f"{base}/artifacts/{quote(artifact.name)}"} if public_url else {}),
        }
        for artifact in build.artifacts
    ]
    order, pin = build.order, build.pin
    return {
        "event": "build.ended",
        "build": {
            "id": build.id,
            **({"url": base} if public_url else {}),
            "state": build.state,
            "message": build.message,
            "repository": build.repository,
            "ref": order.ref,
            "version": pin.version,
            "commit": pin.commit,
            "h1": pin.h1,
            "target": str(order.target),
            "package": order.package,
            "reason": build.reason,
            "created": build.created,
            "started": build.started,
            "ended": build.ended,
            "artifacts": artifacts,
        },
    }


def _headers(secret: bytes, task: Task, body: bytes) -> Mapping[str, str]:
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "gobp",
        "X-Gobp-Event": "build.ended",
        "X-Gobp-Delivery": task.id.rpartition("/")[2],
    }
    if secret:
        signature = hmac.new(secret, body, hashlib.sha256).hexdigest()
        headers[SIGNATURE] = f"sha256={signature}"
    return headers


def _known(callback: Callback, number: int) -> _Known:
    setting = f"callbacks[{number}]"
    check_url(callback.url, f"{setting}.url")
    return _Known(
        callback,
        read_secret(f"{setting}.secret_file", callback.secret_file),
        ModulePatterns.parse(callback.repositories, source=f"{setting}.repositories"),
    )


def _name(callback: Callback) -> str:
    """Return what a callback is known by in the database: its URL may have a secret in it."""
    return hashlib.sha256(callback.url.encode()).hexdigest()[:16]
