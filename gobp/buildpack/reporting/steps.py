"""How a step of a build shows in the log: what runs, how long it took, whether it worked."""

import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.errors import UserError
from gobp.log import BuildLog

_DOWNLOADS = "go: downloading "  # how go announces each module that it fetches
TAIL = 200  # lines of output that a failure is explained from


def run_logged(
    context: BuildContext,
    argv: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    failed: Callable[[int, Sequence[str]], UserError],
) -> None:
    """Run a command and stream its output into the log.

    Raises what ``failed`` makes of the exit status and the last lines, where it is not zero.
    """
    tail: list[str] = []

    def on_line(line: str) -> None:
        context.log.action(line)
        context.report.count(modulesFetched=line.startswith(_DOWNLOADS))
        tail.append(line)
        del tail[:-TAIL]

    context.log.subprocess(f"Running '{shlex.join(argv)}'")
    with timed(context.log):
        status = context.host.commands.run(argv, cwd=cwd, env=env, on_line=on_line)
        if status != 0:
            raise failed(status, tail)


@contextmanager
def timed(log: BuildLog) -> Iterator[None]:
    """Log how long the block took, and whether it completed or failed."""
    start = time.monotonic()
    try:
        yield
    except BaseException:
        log.action(f"Failed after {_seconds(start)}")
        raise
    log.action(f"Completed in {_seconds(start)}")


def _seconds(start: float) -> str:
    elapsed = time.monotonic() - start
    return f"{elapsed * 1000:.0f}ms" if elapsed < 1 else f"{elapsed:.1f}s"
