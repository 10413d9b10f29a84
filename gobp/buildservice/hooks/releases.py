"""Upload what was built of a tag to the release of that tag."""

import logging
import threading
from collections.abc import Iterator

import msgspec

from gobp.buildservice.builds.build import Artifact, Build, State
from gobp.buildservice.hooks.delivery import Tagged
from gobp.buildservice.hooks.outbox import Outbox, Task
from gobp.buildservice.hooks.release_host import GITHUB, ReleaseError, ReleaseHost, Upload
from gobp.buildservice.hooks.sending import check_url
from gobp.buildservice.service import BuildService
from gobp.buildservice.settings.schema import Hook, Settings
from gobp.buildservice.state.database import Database, DatabaseError
from gobp.buildservice.storage.store import StorageError
from gobp.errors import UserError
from gobp.serving.settings.secret_file import read_secret

_LOG = logging.getLogger(__name__)
_LEASE_SECONDS = 3600.0  # for all files of a build
_PAUSES = (30.0, 120.0, 600.0, 1800.0, 7200.0)
_LOOK_AGAIN_SECONDS = 2.0  # whether the build is over
_AT_ONCE = 32


class _Expected(msgspec.Struct, frozen=True):
    hook: str
    tagged: Tagged
    build: str


class Releases:
    """Waits for builds of tags, and uploads them: any number of processes may."""

    def __init__(self, settings: Settings, service: BuildService, database: Database) -> None:
        """Raise UserError for hooks that cannot upload."""
        self._hosts = {hook.name: _host(hook) for hook in settings.hooks if hook.release}
        self._service = service
        self._outbox = Outbox(database, "release", _PAUSES, lease=_LEASE_SECONDS)
        self._thread: threading.Thread | None = None

    def expect(self, hook: str, tagged: Tagged, builds: list[str]) -> None:
        """Have builds uploaded once they are over; a second time makes no difference."""
        for build in builds:
            expected = msgspec.json.encode(_Expected(hook, tagged, build)).decode()
            self._outbox.put(f"{hook}/{tagged.tag}/{build}", expected)

    def begin(self) -> None:
        """Do what is due in a thread of its own, as uploads take their time."""
        if self._hosts and not (self._thread and self._thread.is_alive()):
            self._thread = threading.Thread(target=self._work, name="gobp-releases", daemon=True)
            self._thread.start()

    def run_once(self) -> int:
        """Do what is due; return how much that was."""
        tasks = self._outbox.take(_AT_ONCE)
        for task in tasks:
            self._look(task)
        self._outbox.forget_old()
        return len(tasks)

    def _work(self) -> None:
        try:
            self.run_once()
        except DatabaseError as error:  # the next time it is tried again
            _LOG.warning("releases wait: %s", error)

    def _look(self, task: Task) -> None:
        """Upload a build if it is over."""
        expected = msgspec.json.decode(task.body, type=_Expected)
        host = self._hosts.get(expected.hook)
        build = self._service.builds.get(expected.build)
        if host is None or build is None:
            self._outbox.give_up(task, "the webhook or the build is there no more")
        elif not build.state.final:
            self._outbox.later(task, _LOOK_AGAIN_SECONDS)
        elif build.state is not State.SUCCEEDED:
            self._outbox.done(task, f"the build ended as {build.state}")
        else:
            self._upload(task, host, expected.tagged, build)

    def _upload(self, task: Task, host: ReleaseHost, tagged: Tagged, build: Build) -> None:
        try:
            release = host.release(tagged.path, tagged.tag)
            uploaded = [
                upload.name
                for upload in self._uploads(build)
                if host.upload(tagged.path, release, upload)
            ]
        except (ReleaseError, StorageError, KeyError) as error:
            passing = getattr(error, "passing", True)
            _LOG.warning("release %s of %s: %s", tagged.tag, tagged.path, error)
            if passing:
                self._outbox.failed(task, str(error))
            else:
                self._outbox.give_up(task, str(error))
            return
        self._outbox.done(task, " ".join(uploaded) or "all was there already")

    def _uploads(self, build: Build) -> Iterator[Upload]:
        """Yield the files of a build; its sums, called the same for each build, by its archive."""
        main = next((each.name for each in build.artifacts if _is_main(each)), build.id)
        for artifact in build.artifacts:
            name = f"{main}.sha256" if artifact.kind == "sums" else artifact.name
            yield Upload(name, artifact.media_type, artifact.size, self._parts(artifact))

    def _parts(self, artifact: Artifact) -> Iterator[bytes]:
        """Yield the bytes of a file, which is opened only when they are asked for."""
        yield from self._service.store.read(artifact.sha256)


def _is_main(artifact: Artifact) -> bool:
    return artifact.kind in {"archive", "image"}


def _host(hook: Hook) -> ReleaseHost:
    """Return where a hook uploads. Raises UserError."""
    setting = f"hooks.{hook.name}"
    if hook.kind == "gitlab":
        raise UserError(
            f"{setting}.release: uploads are for GitHub, Gitea and Forgejo",
            remedy="leave it out for gitlab.",
        )
    if not hook.api and hook.kind == "gitea":
        raise UserError(
            f"{setting}.api: it must be known where the token may be sent",
            remedy="write the URL of the API, as https://git.example/api/v1.",
        )
    api = hook.api.rstrip("/") or GITHUB
    check_url(api, f"{setting}.api", secret=True)
    token = read_secret(f"{setting}.token_file", hook.token_file).decode("latin-1")
    if not token or not token.isprintable():
        raise UserError(
            f"{setting}.token_file: there is no token in {hook.token_file or 'no file'}",
            remedy="name a file with a token that may write to the repository's releases.",
        )
    return ReleaseHost(hook.kind, api, token)
