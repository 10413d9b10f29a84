# ruff: noqa: INP001 # bin/ is a folder of programs, no package
"""Start gobp in a build container; bin/detect and bin/build run it: ``main.py PHASE ARGUMENT...``.

It stays source in a package too, so it is kept small.
"""

import os
import sys

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120 # detect is timed


def _prepare(root: str) -> None:
    """Let gobp be imported, and with the bundled Python (runs without site) its packages."""
    sys.path.insert(0, root)
    if sys.flags.no_site:
        sys.path.append(f"{root}/runtime/packages")
        # The bundled OpenSSL must not read the image's settings. os.environ is left alone: what
        # gobp starts gets its environment from there, so it sees the variable as it was.
        os.putenv("OPENSSL_CONF", "/dev/null")


if __name__ == "__main__":
    _prepare(_ROOT)
    from gobp.buildpack.__main__ import main

    sys.exit(main(sys.argv[1], sys.argv[2:]))
