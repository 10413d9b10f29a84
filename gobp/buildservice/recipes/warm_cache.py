"""The standard library, compiled once for each Go and target, lent to builds read-only.

A build gets a cache of its own that is full of links into the warm one, which is mounted without
the right to write: what a build writes is its own and thrown away, and nothing it does changes
what other builds get. (Hard links would let a build write into shared files; a copy of 170 MB
takes longer, and counts as its disk. Go follows links in its cache.)
"""

import fcntl
import logging
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from gobp.buildservice.builds.order import Target
from gobp.buildservice.builds.targets import target_env
from gobp.buildservice.recipes.flags import go_flags
from gobp.buildservice.recipes.toolchains import Toolchain

INSIDE = "/warm"  # where it is for commands
MOST = 24  # targets and versions that are kept, of about 170 MB each
_SECONDS = 900
_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WarmCaches:
    """Keeps warm caches below ``folder``; any number of processes may share it."""

    folder: Path
    env: Mapping[str, str]

    @contextmanager
    def lent(
        self, toolchain: Toolchain, target: Target, say: Callable[[str], None]
    ) -> Iterator[Path | None]:
        """Give the folder of a warm cache, made if need be, that stays until the block ends.

        It is None where it could not be made: then builds compile all by themselves.
        """
        name = f"go{toolchain.version}-{str(target).replace('/', '-')}"
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with _lock(self.folder / f"{name}.lock", fcntl.LOCK_SH) as descriptor:
            cache = self.folder / name
            if not cache.exists():
                say(f"compiling the standard library for {target}, once for all builds")
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                made = cache.exists() or self._make(cache, toolchain, target)
                fcntl.flock(descriptor, fcntl.LOCK_SH)
                if not made:
                    yield None
                    return
                self._remove_others()
            os.utime(cache)
            yield cache

    def _make(self, cache: Path, toolchain: Toolchain, target: Target) -> bool:
        """Compile the standard library; only Go's own code is at work here."""
        fresh = cache.with_name(f"{cache.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)  # of a process that was killed
        fresh.mkdir(mode=0o755)
        try:
            done = subprocess.run(
                [toolchain.root / "bin" / "go", "build", "std"],
                cwd=fresh,
                env={
                    **{name: self.env[name] for name in ("PATH", "HOME") if name in self.env},
                    "GOENV": "off",
                    "GOTOOLCHAIN": "local",
                    "GOFLAGS": go_flags(toolchain.go),
                    "GOCACHE": str(fresh),
                    "CGO_ENABLED": "0",
                    **target_env(target),
                },
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_SECONDS,
                check=False,
            )
        except subprocess.TimeoutExpired:
            _LOG.warning("compiling the standard library for %s takes too long", cache.name)
            return False
        if done.returncode != 0:  # a port that lacks a package still gave the others
            _LOG.info("the standard library of %s is not whole: %s", cache.name, done.stderr[:500])
        fresh.rename(cache)
        return True

    def _remove_others(self) -> None:
        """Remove the caches that were not used for longest, unless a build has them now."""
        caches = [entry for entry in self.folder.iterdir() if entry.is_dir()]
        caches.sort(key=lambda cache: cache.stat().st_mtime, reverse=True)
        for cache in caches[MOST:]:
            lock = cache.with_name(f"{cache.name}.lock")
            with suppress(BlockingIOError), _lock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB):
                shutil.rmtree(cache)


def link_warm(warm: Path, cache: Path, inside: str) -> None:
    """Fill a new folder ``cache`` with links to the files of a warm one, which is ``inside`` later.

    Where ``inside`` is "" nothing is mounted: the files are copied, so that none is shared. The
    time in trim.txt keeps go from looking for what is old in there.
    """
    if not inside:
        shutil.copytree(warm, cache, copy_function=shutil.copyfile)
        return
    cache.mkdir()
    for folder in sorted(entry.name for entry in os.scandir(warm) if entry.is_dir()):
        (cache / folder).mkdir()
        for name in os.listdir(warm / folder):  # noqa: PTH208 # thousands of names
            os.symlink(f"{inside}/{folder}/{name}", cache / folder / name)  # noqa: PTH211 # as above
    (cache / "trim.txt").write_text(str(int(time.time())))


@contextmanager
def _lock(file: Path, how: int) -> Iterator[int]:
    """Lock a file. Raises BlockingIOError where somebody has it and ``how`` says not to wait."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, how)
        yield descriptor
    finally:
        os.close(descriptor)
