"""Which builds are kept no longer: a decision by what is known of them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from gobp.buildservice.builds.build import Build, State
from gobp.buildservice.settings.schema import Keep


@dataclass(frozen=True, slots=True)
class Kept:
    """A build that is over, as far as it matters here.

    ``program`` is what it is one of: the same program for the same target. ``blobs`` are sizes in
    bytes by sha256.
    """

    id: str
    program: str
    ended: float
    succeeded: bool
    pinned: bool
    blobs: Mapping[str, int]

    @classmethod
    def of(cls, build: Build) -> "Kept | None":
        """Return what matters of a build, None if it is not over."""
        if not build.state.final:
            return None
        return cls(
            id=build.id,
            program=f"{build.repository} {build.order.package} {build.order.target}",
            ended=build.ended,
            succeeded=build.state is State.SUCCEEDED,
            pinned=build.pinned,
            blobs={artifact.sha256: artifact.size for artifact in build.artifacts},
        )


def no_longer_kept(builds: Iterable[Kept], keep: Keep, now: float) -> list[Kept]:
    """Return the builds that go, the oldest first: what is too old, then what is too much."""
    oldest_first = sorted(builds, key=lambda build: (build.ended, build.id))
    staying = _staying(oldest_first, keep.last)
    free = [build for build in oldest_first if build.id not in staying]
    old = [build for build in free if _is_old(build, keep, now)]
    if not keep.bytes:
        return old
    gone = {build.id for build in old}
    left = [build for build in oldest_first if build.id not in gone]
    return old + _too_much(left, staying, keep.bytes)


def _staying(oldest_first: Sequence[Kept], last: int) -> set[str]:
    """Return what stays in any case: what is pinned, and the last successes of each program."""
    staying = {build.id for build in oldest_first if build.pinned}
    seen: Counter[str] = Counter()
    for build in reversed(oldest_first):
        if build.succeeded and seen[build.program] < last:
            seen[build.program] += 1
            staying.add(build.id)
    return staying


def _is_old(build: Kept, keep: Keep, now: float) -> bool:
    ages = [keep.age] if build.succeeded else [keep.age, keep.failed]
    return any(age and build.ended < now - age for age in ages)


def _too_much(oldest_first: Sequence[Kept], staying: set[str], most: int) -> list[Kept]:
    """Return builds to remove until the blobs of all others have ``most`` bytes at the most."""
    users = Counter(sha256 for build in oldest_first for sha256 in build.blobs)
    sizes = {sha256: size for build in oldest_first for sha256, size in build.blobs.items()}
    total = sum(sizes.values())
    chosen = []
    for build in oldest_first:
        if total <= most:
            break
        if build.id in staying or not build.blobs:
            continue
        chosen.append(build)
        users.subtract(build.blobs.keys())
        total -= sum(size for sha256, size in build.blobs.items() if not users[sha256])
    return chosen
