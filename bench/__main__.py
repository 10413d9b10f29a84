"""Measure gobp beside its peers: ``python -m bench [NAME ...] [--rounds N]``."""

import argparse
import os
import sys

from bench import build_service, builds_queue, detect, layers, module_proxy, pack
from bench.report import Absent

BENCHES = {
    "build_service": build_service,
    "builds_queue": builds_queue,
    "detect": detect,
    "layers": layers,
    "module_proxy": module_proxy,
    "pack": pack,
}


def main() -> int:
    """Run the benches named, or all; one that cannot run here is said to be skipped."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHES))
    parser.add_argument("--rounds", type=int, help="runs of each side (each bench has its own)")
    options = parser.parse_args()
    unknown = sorted(set(options.names) - set(BENCHES))
    if unknown:
        parser.error(f"no bench is called {unknown[0]!r}; there are {', '.join(BENCHES)}")
    for name in options.names or BENCHES:
        bench = BENCHES[name]
        load = os.getloadavg()[0]
        print(f"bench {name}: {os.cpu_count()} cores, load before {load:.1f}", file=sys.stderr)
        try:
            bench.run(options.rounds or bench.ROUNDS)
        except Absent as reason:
            print(f"SKIPPED bench {name}: {reason}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
