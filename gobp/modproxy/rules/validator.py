"""A webhook that says which versions may be fetched, asked once a version.

A POST of ``{"Module": ..., "Version": ...}``, as Athens sends it: 200 allows; 403 does not, and its
text is what the user is told. Anything else is trouble of the webhook's, never a yes.
"""

import asyncio
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import aiohttp

from gobp.errors import UserError
from gobp.modproxy.fetching.jobs import Jobs
from gobp.modproxy.kept import Kept
from gobp.modproxy.settings import schema
from gobp.modproxy.sources.source import RefusedError, UnavailableError
from gobp.serving.settings.secret_file import read_secret

SIGNATURE = "X-Gobp-Signature"
_MOST_TEXT = 2000  # bytes
_MOST_KEPT = 20_000
_RETRY_AFTER = 10  # seconds
_ALLOWED = ""


class Validator:
    """Asks the webhook of the settings; ``session`` has no credentials of other hosts."""

    def __init__(
        self,
        settings: schema.Validator,
        session: aiohttp.ClientSession,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raise UserError for settings that are wrong."""
        self._url = _checked_url(settings.url)
        self._secret = read_secret("validator.secret_file", settings.secret_file)
        self._keep = settings.keep
        self._timeout = aiohttp.ClientTimeout(total=settings.timeout)
        self._session = session
        self._clock = clock
        self._answers: Kept[tuple[str, str], str] = Kept(_MOST_KEPT)
        self._jobs: Jobs[str] = Jobs(running=32, waiting=1000)

    async def check(self, module: str, version: str) -> None:
        """Raise RefusedError for a version that is denied, UnavailableError without an answer."""
        key = (module, version)
        denial = self._answers.get(key, self._clock())
        if denial is None:
            job = self._jobs.start(f"{module}@{version}", lambda: self._ask_and_keep(key))
            denial = await asyncio.shield(job)
        if denial != _ALLOWED:
            raise RefusedError(denial)

    async def _ask_and_keep(self, key: tuple[str, str]) -> str:
        denial = await self._ask(*key)
        self._answers.put(key, denial, self._clock() + self._keep)
        return denial

    async def _ask(self, module: str, version: str) -> str:
        """Return why a version is denied, "" where it is allowed. Raises UnavailableError."""
        body = json.dumps({"Module": module, "Version": version}).encode()
        try:
            async with self._session.post(
                self._url,
                data=body,
                headers=self._headers(body),
                timeout=self._timeout,
                allow_redirects=False,
            ) as response:
                text = (await response.content.read(_MOST_TEXT)).decode("utf-8", "replace")
                status = response.status
        except (aiohttp.ClientError, TimeoutError):
            raise _unavailable(f"{module}@{version}", "does not answer") from None
        match status:
            case 200:
                return _ALLOWED
            case 403:
                return text.strip() or f"{module}@{version} is denied by this proxy's validator"
            case _:
                raise _unavailable(f"{module}@{version}", f"answered {status}")

    def _headers(self, body: bytes) -> dict[str, str]:
        headers = {"Content-Type": "application/json"}
        if self._secret:
            headers[SIGNATURE] = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        return headers


def check_validator(settings: schema.Validator) -> None:
    """Raise UserError for settings that no validator can be made of."""
    _checked_url(settings.url)
    read_secret("validator.secret_file", settings.secret_file)


def _checked_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise UserError(
            "validator.url is no http or https URL", remedy="name the webhook, or leave it out."
        )
    return url


def _unavailable(what: str, trouble: str) -> UnavailableError:
    """Return the failure, without the webhook's URL: it may have a secret in it."""
    return UnavailableError(
        f"{what}: the validator of this proxy {trouble}, so it is not fetched; ask again later",
        status=503,
        retry_after=_RETRY_AFTER,
    )
