"""Remove what was not used for long from the cache, so that it keeps to a size.

A file that is being read stays readable: only its name goes. Its hash stays, so that a version
that is fetched again must be what it was.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from gobp.golang.patterns import ModulePatterns
from gobp.modproxy.commands.outcome import Problem
from gobp.modproxy.commands.stored import Stored, all_stored, forget_in_list
from gobp.modproxy.protocol.requests import Kind
from gobp.modproxy.tree.module_tree import ModuleTree

GRACE = 600.0  # seconds for which whatever was used or came stays, whatever is asked
_ZIP_FIRST = {Kind.ZIP: 0, Kind.INFO: 1, Kind.MOD: 2}

LastUsed = Callable[[Stored], float]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What may stay: ``max_bytes`` at most, and what was used in the last ``unused`` seconds.

    None is for no such bound; what ``keep`` matches stays in any case, and all that ``only`` does
    not match, if there is such a list.
    """

    max_bytes: int | None
    unused: float | None
    keep: Sequence[ModulePatterns] = ()
    only: ModulePatterns | None = None

    def stays(self, module: str) -> bool:
        """Say whether a module stays whatever its use."""
        kept = any(patterns.match(module) for patterns in self.keep)
        return kept or (self.only is not None and not self.only.match(module))


@dataclass(frozen=True, slots=True)
class Collected:
    """What was removed, its bytes, and those of all files that stay."""

    removed: tuple[Stored, ...]
    freed: int
    left: int
    problems: tuple[Problem, ...] = ()


def collect(
    tree: ModuleTree,
    wanted: Wanted,
    last_used: LastUsed,
    *,
    dry_run: bool,
    clock: Callable[[], float] = time.time,
) -> Collected:
    """Remove files of a tree until it is as wanted; with ``dry_run`` only say which."""
    now = clock()
    stored = list(all_stored(tree))
    total = sum(each.size for each in stored)
    free = [
        (used, each)
        for each in stored
        if not wanted.stays(each.file.module) and (used := last_used(each)) < now - GRACE
    ]
    removed = _chosen(free, wanted, total, now)
    freed = sum(each.size for each in removed)
    if not dry_run:
        _remove(tree, removed)
    left = total - freed
    return Collected(
        removed=tuple(removed),
        freed=freed,
        left=left,
        problems=_problems(wanted, left),
    )


def last_used_by_times(stored: Stored) -> float:
    """Return when a file was read last or came into the tree, by its times.

    The kernel notes reads only now and then, and servers keep small files in memory: an index
    knows better.
    """
    status = stored.path.stat()
    return max(status.st_atime, status.st_mtime, status.st_ctime)


def _chosen(
    free: list[tuple[float, Stored]], wanted: Wanted, total: int, now: float
) -> list[Stored]:
    """Return what is to be removed: all that is unused, then by last use, zips before others."""
    since = now - wanted.unused if wanted.unused is not None else float("-inf")
    chosen = [each for used, each in free if used < since]
    if wanted.max_bytes is None:
        return chosen
    left = total - sum(each.size for each in chosen)
    others = [(used, each) for used, each in free if used >= since]
    others.sort(key=lambda pair: (pair[1].file.kind is not Kind.ZIP, pair[0], pair[1].path))
    for _, each in others:
        if left <= wanted.max_bytes:
            break
        chosen.append(each)
        left -= each.size
    return chosen


def _remove(tree: ModuleTree, removed: Iterable[Stored]) -> None:
    """Take versions out of the lists first: what is listed is there, or can be fetched."""
    by_module: dict[str, list[Stored]] = {}
    for each in removed:
        by_module.setdefault(each.file.module, []).append(each)
    for module, files in by_module.items():
        forget_in_list(tree, module, {each.file.version for each in files})
        for each in sorted(files, key=lambda file: _ZIP_FIRST[file.file.kind]):
            each.path.unlink(missing_ok=True)


def _problems(wanted: Wanted, left: int) -> tuple[Problem, ...]:
    if wanted.max_bytes is None or left <= wanted.max_bytes:
        return ()
    return (
        Problem(
            "the tree",
            f"{left} bytes stay, {left - wanted.max_bytes} more than was asked: they are kept by "
            f"pins or --keep, or were used in the last {GRACE / 60:.0f} minutes",
            "name fewer modules to keep, or allow more bytes.",
        ),
    )
