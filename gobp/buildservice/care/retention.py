"""Remove builds that are kept no longer, with their logs and artifacts.

A build goes from the table first, so that nobody is sent to artifacts that are not there; what is
left of it goes then, after a crash with the next round. Any number of processes may do this.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from gobp.buildservice.care.choosing import Kept, no_longer_kept
from gobp.buildservice.care.removals import Removals
from gobp.buildservice.logs.log import Logs
from gobp.buildservice.settings.schema import Keep
from gobp.buildservice.state.builds import Builds, Filter
from gobp.buildservice.state.database import Database
from gobp.buildservice.storage.store import Store

_PAGE = 500
_BATCH = 50
_GRACE = 3600.0  # seconds, for a build to publish in what it has stored


@dataclass(frozen=True, slots=True)
class Removed:
    """How many builds were removed, how many blobs that none has any more, and their bytes."""

    builds: int
    blobs: int
    size: int


@dataclass(frozen=True, slots=True)
class Retention:
    """Keeps what ``keep`` says; ``database`` is that of the builds. It raises as its parts do."""

    keep: Keep
    builds: Builds
    logs: Logs
    store: Store
    database: Database
    clock: Callable[[], float] = time.time

    def run_once(self) -> Removed:
        """Remove what is kept no longer, and blobs that nothing names for an hour."""
        removals = Removals(self.database)
        removals.prepare()
        removed = self._finish(removals)
        chosen = iter(self.chosen())
        while batch := [each.id for each in islice(chosen, _BATCH)]:
            removals.begin(batch)
            self.builds.remove(batch)
            removed += self._finish(removals)
        blobs, size = self.store.sweep(grace_seconds=_GRACE)
        return Removed(removed, blobs, size)

    def chosen(self) -> list[Kept]:
        """Return the builds that are kept no longer."""
        return no_longer_kept(self._over(), self.keep, self.clock())

    def _over(self) -> Iterator[Kept]:
        before = ""
        while page := self.builds.listed(Filter(), before=before, limit=_PAGE):
            before = page[-1].id
            yield from filter(None, map(Kept.of, page))

    def _finish(self, removals: Removals) -> int:
        """Remove what is left of builds that are not in the table any more; return how many."""
        gone = [build_id for build_id in removals.begun() if self.builds.get(build_id) is None]
        self.store.remove(gone)
        for build_id in gone:
            self.logs.remove(build_id)
        removals.end(gone)
        return len(gone)
