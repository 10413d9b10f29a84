"""Measure gobp beside its peers: ``python -m bench [NAME ...] [--rounds N]``.

``targets`` prints what the figures say of each target; ``plots`` draws them and puts them into
docs/performance.md.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import (
    build_service,
    builds_queue,
    detect,
    growth,
    layers,
    local,
    module_proxy,
    pack,
    toolchain,
)
from bench.apps import APPS
from bench.page import write_page
from bench.report import OUTPUT, Absent, forget, keep_in
from bench.targets import print_targets


@dataclass(frozen=True, slots=True)
class _Bench:
    """A bench: how to run it (rounds, names of apps), its rounds and apps by default."""

    run: Callable[[int, Sequence[str]], None]
    rounds: int
    apps: tuple[str, ...] = ()


def _without_apps(run: Callable[[int], None]) -> Callable[[int, Sequence[str]], None]:
    return lambda rounds, _: run(rounds)


_BENCHES = {
    "detect": _Bench(_without_apps(detect.run), detect.ROUNDS),
    "pack": _Bench(pack.run, pack.ROUNDS, pack.APPS),
    "local": _Bench(local.run, local.ROUNDS, local.APPS),
    "layers": _Bench(_without_apps(layers.run), layers.ROUNDS),
    "growth": _Bench(_without_apps(growth.run), growth.ROUNDS),
    "toolchain": _Bench(_without_apps(toolchain.run), toolchain.ROUNDS),
    "module_proxy": _Bench(_without_apps(module_proxy.run), module_proxy.ROUNDS),
    "build_service": _Bench(_without_apps(build_service.run), build_service.ROUNDS),
    "builds_queue": _Bench(_without_apps(builds_queue.run), builds_queue.ROUNDS),
}
_PAGES = ("targets", "plots")


def main() -> int:
    """Run the benches named, or all; one that cannot run here is said to be skipped."""
    options = _options()
    keep_in(options.output)
    for name in options.names or [*_BENCHES, "targets"]:
        if name in _BENCHES:
            _run(name, options)
        elif name == "targets":
            print_targets(options.output)
        else:
            from bench.plots import draw_all  # noqa: PLC0415 # only this needs matplotlib

            draw_all(options.output)
            write_page(options.output)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    known = [*_BENCHES, *_PAGES]
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(known))
    parser.add_argument("--rounds", type=int, help="runs of each side (each bench has its own)")
    parser.add_argument(
        "--app", action="append", choices=[*APPS, "all"], help="app to build; repeatable, or all"
    )
    parser.add_argument(
        "--output", type=Path, default=OUTPUT, help="folder of the figures (default: %(default)s)"
    )
    parser.add_argument(
        "--fresh", action="store_true", help="begin anew instead of going on where it was stopped"
    )
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(known))
    if unknown:
        parser.error(f"there is no {unknown[0]!r}; there are {', '.join(known)}")
    return options


def _run(name: str, options: argparse.Namespace) -> None:
    bench = _BENCHES[name]
    if options.fresh:
        forget(name)
    apps = tuple(APPS) if "all" in (options.app or ()) else tuple(options.app or bench.apps)
    load = os.getloadavg()[0]
    print(f"bench {name}: {os.cpu_count()} cores, load before {load:.1f}", file=sys.stderr)
    try:
        bench.run(options.rounds or bench.rounds, apps)
    except Absent as reason:
        print(f"SKIPPED bench {name}: {reason}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
