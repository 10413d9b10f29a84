"""Runs a phase of the buildpack and writes where its time went: ``sampled.py OUT MAIN PHASE``.

A thread looks at the main thread's stack every few milliseconds. The outermost module that waits
for go, for a download or for an archive decides; all else is gobp's own, told by component. It is
run by the interpreter of the package, so it imports nothing but the standard library.
"""

import json
import runpy
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType

_INTERVAL = 0.002
_NOT_OWN = {
    "gobp.system.process": "commands",
    "gobp.system.fetch": "download",
    "gobp.system.archive": "archives",
    "gobp.system.packed": "archives",
}
_COMPONENTS = "gobp.buildpack."


def main() -> None:
    """Run the program and write seconds by kind as JSON, however it ends."""
    out, program = sys.argv[1], sys.argv[2]
    sys.argv = sys.argv[2:]
    seconds: dict[str, float] = {}
    over = threading.Event()
    sampler = threading.Thread(target=_sample, args=(threading.get_ident(), seconds, over))
    sampler.start()
    try:
        runpy.run_path(program, run_name="__main__")
    finally:
        over.set()
        sampler.join()
        with open(out, "w") as file:  # noqa: PTH123 # pathlib would be one more import
            json.dump(seconds, file)


def _sample(thread: int, seconds: dict[str, float], over: threading.Event) -> None:
    """Add up the time between two looks under what the later one sees."""
    before = time.perf_counter()
    while not over.wait(_INTERVAL):
        frame = sys._current_frames().get(thread)  # noqa: SLF001 # the way that Python has for it
        now = time.perf_counter()
        kind = kind_of(list(_modules(frame)))
        seconds[kind] = seconds.get(kind, 0.0) + now - before
        before = now


def _modules(frame: FrameType | None) -> Iterator[str]:
    """Yield the names of a stack's modules, the innermost first."""
    while frame:
        yield str(frame.f_globals.get("__name__", ""))
        frame = frame.f_back


def kind_of(modules: list[str]) -> str:
    """Return what a stack is at, by the names of its modules, the innermost first."""
    outermost_first = modules[::-1]
    for module in outermost_first:
        if module in _NOT_OWN:
            return _NOT_OWN[module]
    for module in outermost_first:
        if module.startswith(_COMPONENTS) and module.count(".") > _COMPONENTS.count("."):
            return f"own: {module.split('.')[2]}"
    return "own: start and end"


if __name__ == "__main__":
    main()
