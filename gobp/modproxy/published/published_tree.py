"""The tree of published modules on the server: always one whole commit of its repository.

``<root>/published`` links to ``<root>/.gobp/published/<commit>``; a new commit is made ready in a
folder of its own, checked, and then the link is replaced, so that readers see one or the other.
"""

import asyncio
import logging
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

from gobp.errors import UserError
from gobp.modproxy.fetching.checks import ZipHash
from gobp.modproxy.fetching.flights import FileFlights
from gobp.modproxy.protocol.requests import ModuleFile
from gobp.modproxy.published.checkout import Checkout, check_out
from gobp.modproxy.published.contents import BadCommitError
from gobp.modproxy.published.git import Git
from gobp.modproxy.published.mirror import Mirror
from gobp.modproxy.settings.schema import Settings
from gobp.modproxy.tree.module_tree import OWN, sync
from gobp.modproxy.tree.trees import Trees
from gobp.modproxy.vcs.hosts import Hosts
from gobp.system.files import remove_tree

GRACE_SECONDS = 600.0  # a reader that has found a file in an old checkout opens it within these
_LEAST_SECONDS_BETWEEN_POLLS = 1.0
_START_SECONDS = 10.0
_LOCK = "published"
_UNFINISHED = ".new"
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refreshed:
    """What a look at the repository found: the commit that is served now, and its new files."""

    commit: str
    new: tuple[ModuleFile, ...] = ()


class PublishedTree:
    """Follows the repository of ``settings.published``; without one it does nothing.

    Every worker may have one: what they do is done by one at a time, and a poll that another
    worker has just made is not made again. ``on_published`` hears of each new file and its size.
    """

    def __init__(
        self,
        settings: Settings,
        trees: Trees,
        *,
        env: Mapping[str, str],
        zip_hash: ZipHash,
        on_published: Callable[[ModuleFile, int], None] = lambda *_: None,
        grace: float = GRACE_SECONDS,
    ) -> None:
        self._poll_seconds = float(settings.published.poll)
        self._link = trees.published.root
        self._own = self._link.parent / OWN
        self._checkouts = self._own / "published"
        self._checked = self._own / "published.checked"
        self._zip_hash = zip_hash
        self._on_published = on_published
        self._grace = grace
        self._git = Git(env, seconds=float(settings.vcs.timeout))
        self._enabled = bool(settings.published.repository)
        hosts = Hosts(settings.vcs, env)
        self._mirror = Mirror(self._own / "published.git", settings.published, self._git, hosts)
        self._flights = FileFlights(self._own / "locks")
        self._turn = asyncio.Lock()
        self._next: asyncio.Task[Refreshed] | None = None
        self._poller: asyncio.Task[None] | None = None
        self._refused: tuple[str, BadCommitError] | None = None

    @property
    def ready(self) -> bool:
        """Whether there is a commit to serve, or no repository to have one from."""
        return not self._enabled or (self._link.is_symlink() and self._link.is_dir())

    async def start(self) -> None:
        """Follow the repository from now on; wait a while for the first commit of all."""
        if not self._enabled:
            return
        (self._own / "locks").mkdir(parents=True, exist_ok=True)
        self._checkouts.mkdir(exist_ok=True)
        if not self.ready:
            first = asyncio.ensure_future(self._look_quietly())
            await asyncio.wait({first}, timeout=_START_SECONDS)
        if self._poll_seconds:
            self._poller = asyncio.ensure_future(self._poll())

    async def refresh(self) -> Refreshed:
        """Have a look at the repository now. Raises UserError where the commit is not served.

        A look that is going on may have begun before the push that this one is for, so another
        follows it; all who ask meanwhile share that one.
        """
        if self._next is None:
            self._next = self._begin(polled=False)
        return await asyncio.shield(self._next)

    async def close(self) -> None:
        """End what is going on."""
        self._git.stop()
        if self._poller is not None:
            self._poller.cancel()
            await asyncio.gather(self._poller, return_exceptions=True)
        async with self._turn:  # a look that is cut off from git ends soon
            pass

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(max(self._poll_seconds, _LEAST_SECONDS_BETWEEN_POLLS))
            await self._look_quietly()

    async def _look_quietly(self) -> None:
        """Have a look for no one who could be told how it went."""
        try:
            await asyncio.shield(self._begin(polled=True))
        except (UserError, OSError) as error:
            _log.error("published modules: %s", error)  # no bug of ours

    def _begin(self, *, polled: bool) -> "asyncio.Task[Refreshed]":
        """Begin a look, which goes on whoever waits for it."""
        look = asyncio.ensure_future(self._in_turn(polled=polled))
        look.add_done_callback(_seen)
        return look

    async def _in_turn(self, *, polled: bool) -> Refreshed:
        async with self._turn:
            if not polled:
                self._next = None
            return await self._look(polled=polled)

    async def _look(self, *, polled: bool) -> Refreshed:
        def is_done() -> bool:
            """Say whether another worker has just had the look that this one is to be."""
            return polled and self.ready and self._age_of_check() < self._poll_seconds * 0.9

        async with self._flights.hold(_LOCK, unless=is_done):
            if is_done():
                return Refreshed(self._current_commit())
            refreshed = await asyncio.to_thread(self._update)
        for file in refreshed.new:
            self._on_published(file, (self._link / file.path).stat().st_size)
        return refreshed

    def _update(self) -> Refreshed:
        """Fetch, and serve what was fetched if it is new and right."""
        self._remove_old()
        commit = self._mirror.fetch()
        self._checked.touch()
        current = self._current_commit()
        if commit == current:
            return Refreshed(commit)
        if self._refused and self._refused[0] == commit:
            raise self._refused[1]
        try:
            new = self._make_ready(commit, current)
        except BadCommitError as error:
            self._refused = commit, error
            raise
        self._swap(commit, current)
        _log.info("published modules: commit %s with %d new files", commit, len(new))
        return Refreshed(commit, new)

    def _make_ready(self, commit: str, current: str) -> tuple[ModuleFile, ...]:
        """Have the checkout of a commit be there, whole and right."""
        folder = self._checkouts / commit
        if folder.exists():  # it was served before, and is again
            return ()
        unfinished = self._checkouts / f"{commit}{_UNFINISHED}"
        unfinished.mkdir()
        before = Checkout(current, self._checkouts / current) if current else None
        new = check_out(self._mirror, Checkout(commit, unfinished), before, self._zip_hash)
        unfinished.rename(folder)
        sync(self._checkouts)
        return new

    def _swap(self, commit: str, current: str) -> None:
        if self._link.exists() and not self._link.is_symlink():
            raise UserError(
                f"{self._link} is a folder, not the link to the published commit",
                remedy="move it away: what is published comes from the repository.",
            )
        link = self._own / "published.link"
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(self._checkouts / commit, self._link.parent))
        link.replace(self._link)
        sync(self._link.parent)
        if current:
            with suppress(FileNotFoundError):
                os.utime(self._checkouts / current)  # its grace begins now

    def _remove_old(self) -> None:
        """Remove what an end in the middle left, and checkouts whose grace is over."""
        current = self._current_commit()
        for folder in self._checkouts.iterdir():
            over = time.time() - folder.stat().st_mtime > self._grace
            if folder.suffix == _UNFINISHED or (folder.name != current and over):
                remove_tree(folder)

    def _current_commit(self) -> str:
        """Return the commit that is served, "" if none is."""
        return self._link.readlink().name if self.ready else ""

    def _age_of_check(self) -> float:
        try:
            return time.time() - self._checked.stat().st_mtime
        except FileNotFoundError:
            return float("inf")


def _seen(task: "asyncio.Task[Refreshed]") -> None:
    """Take note of how a look ended, for where nobody waits for it any more."""
    if not task.cancelled():
        task.exception()
