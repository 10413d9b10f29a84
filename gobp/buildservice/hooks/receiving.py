"""POST /hooks/NAME: a git server says that a tag was pushed, and it is built.

A delivery is written down before anything is done for it, and done again until it worked or makes
no sense: a new tag may not be known to the module proxy yet.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from gobp.buildservice.builds.build import Reason
from gobp.buildservice.builds.order import ModuleSource, Order, Source, Target
from gobp.buildservice.builds.targets import parse_target
from gobp.buildservice.hooks.delivery import (
    MalformedError,
    Tagged,
    delivery_id,
    is_signed,
    parse_delivery,
)
from gobp.buildservice.hooks.outbox import Outbox, Task, TaskState
from gobp.buildservice.hooks.releases import Releases
from gobp.buildservice.resolving.chosen import chosen_source
from gobp.buildservice.resolving.resolver import NotResolvedError
from gobp.buildservice.service import Asker, BuildService
from gobp.buildservice.settings.schema import Hook, Settings
from gobp.buildservice.state.database import Database, DatabaseError
from gobp.errors import UserError
from gobp.golang.patterns import ModulePatterns
from gobp.serving.settings.secret_file import read_secret

MOST_BYTES = 4 * 1024 * 1024
_LOG = logging.getLogger(__name__)
_SHORTEST_SECRET = 8
_AT_ONCE = 16
_PAUSES = (15.0, 60.0, 300.0, 900.0, 1800.0, 3600.0, 3600.0)  # seconds; the proxy may be behind
_MAY_COME = 404
_TROUBLE = 500


@dataclass(frozen=True, slots=True)
class Reply:
    """What is answered: a status of HTTP and one line."""

    status: int
    text: str


@dataclass(frozen=True, slots=True)
class _Known:
    """A hook of the settings with what was read and checked of it."""

    hook: Hook
    secret: bytes = field(repr=False)
    repositories: ModulePatterns
    targets: tuple[Target, ...]


class Receiver:
    """Takes deliveries of all hooks, has their tags built, and what was built uploaded."""

    def __init__(self, settings: Settings, service: BuildService, database: Database) -> None:
        """Raise UserError for hooks that cannot be."""
        self._sources = settings.sources
        self._service = service
        self._hooks = {hook.name: _known(hook) for hook in settings.hooks}
        self._outbox = Outbox(database, "delivery", _PAUSES)
        self._releases = Releases(settings, service, database)

    def receive(self, name: str, headers: Mapping[str, str], body: bytes, /) -> Reply:
        """Answer a delivery; ``body`` as it came. It may wait: call it in a thread."""
        known = self._hooks.get(name)
        if known is None:
            return Reply(404, "there is no such webhook")
        if len(body) > MOST_BYTES:
            return Reply(413, f"a delivery has at most {MOST_BYTES} bytes")
        headers = {key.lower(): value for key, value in headers.items()}
        kind = known.hook.kind
        if not is_signed(kind, known.secret, headers, body):
            return Reply(403, "the delivery is not signed with this webhook's secret")
        try:
            return self._answer(known, headers, body)
        except MalformedError as error:
            return Reply(400, str(error))
        except DatabaseError as error:
            _LOG.warning("a delivery to %s could not be taken: %s", name, error)
            return Reply(503, "the delivery could not be taken: send it again")

    def run_once(self) -> int:
        """Do what is due: deliveries that did not work yet. Uploads begin, in a thread."""
        tasks = self._outbox.take(_AT_ONCE)
        for task in tasks:
            self._work(task)
        self._outbox.forget_old()
        self._releases.begin()
        return len(tasks)

    def _answer(self, known: _Known, headers: Mapping[str, str], body: bytes) -> Reply:
        tagged = parse_delivery(known.hook.kind, headers, body)
        if tagged is None:
            return Reply(200, "nothing is built: this is no push of a tag")
        if not known.repositories.match(f"{tagged.host}/{tagged.path}"):
            return Reply(403, f"this webhook does not build {tagged.host}/{tagged.path}")
        return self._taken(known, delivery_id(known.hook.kind, headers, body), tagged)

    def _taken(self, known: _Known, given_id: str, tagged: Tagged) -> Reply:
        """Write a delivery down and do it, if it was not done before."""
        task_id = f"{known.hook.name}/{given_id}"
        if not self._outbox.put(task_id, msgspec.json.encode(tagged).decode()):
            state, note = self._outbox.state(task_id) or (TaskState.DONE, "")
            if state is TaskState.DONE:
                return Reply(200, f"this delivery was taken before: {note}")
            self._outbox.again(task_id)  # somebody who sends it anew has changed something
        replies = [self._work(task) for task in self._outbox.take(1, task_id)]
        return replies[0] if replies else Reply(202, "this delivery is being worked on")

    def _work(self, task: Task) -> Reply:
        known = self._hooks.get(task.id.partition("/")[0])
        if known is None:
            self._outbox.give_up(task, "the settings have this webhook no more")
            return Reply(404, "there is no such webhook")
        tagged = msgspec.json.decode(task.body, type=Tagged)
        try:
            builds = self._ordered(known, tagged)
        except NotResolvedError as error:
            return self._not_ordered(task, error)
        note = f"builds {' '.join(builds)}"
        self._outbox.done(task, note)
        return Reply(202, note)

    def _not_ordered(self, task: Task, error: NotResolvedError) -> Reply:
        """Try again where that may help."""
        _LOG.warning("the delivery %s was not built: %s", task.id, error.text)
        if error.status != _MAY_COME and error.status < _TROUBLE:
            self._outbox.give_up(task, error.text)
            return Reply(error.status, error.text)
        if self._outbox.failed(task, error.text):
            return Reply(202, f"it will be tried again: {error.text}")
        return Reply(error.status, error.text)

    def _ordered(self, known: _Known, tagged: Tagged) -> list[str]:
        """Ask for the builds of a tag; return their ids. Raises NotResolvedError."""
        hook = known.hook
        source, ref = self._source(tagged)
        orders = [
            Order(source=source, ref=ref, target=target, package=hook.package)
            for target in known.targets
        ]
        asked = self._service.order(orders, Asker(f"hook:{hook.name}"), Reason.WEBHOOK)
        builds = [requested.build.id for requested in asked]
        if hook.release:
            self._releases.expect(hook.name, tagged, builds)
        return builds

    def _source(self, tagged: Tagged) -> tuple[Source, str]:
        """Return what is built of a tag; ``cmd/v1.2.3`` is v1.2.3 of the module in cmd."""
        source = chosen_source(self._sources, tagged.host, tagged.path)
        folder, _, version = tagged.tag.rpartition("/")
        if isinstance(source, ModuleSource) and folder:
            return ModuleSource(f"{source.path}/{folder}"), version
        return source, tagged.tag


def _known(hook: Hook) -> _Known:
    setting = f"hooks.{hook.name}"
    secret = read_secret(f"{setting}.secret_file", hook.secret_file)
    if len(secret) < _SHORTEST_SECRET:
        raise UserError(
            f"{setting}.secret_file: {hook.secret_file or 'no file'} holds less than"
            f" {_SHORTEST_SECRET} characters",
            remedy="write a long random text into it, and into the git server's webhook.",
        )
    try:
        targets = tuple(parse_target(text) for text in hook.targets)
    except NotResolvedError as error:
        raise UserError(
            f"{setting}.targets: {error.text}", remedy="write them as linux/amd64."
        ) from None
    patterns = ModulePatterns.parse(hook.repositories, source=f"{setting}.repositories")
    return _Known(hook, secret, patterns, targets)
