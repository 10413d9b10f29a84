"""Runs a phase: ``bin/detect`` and ``bin/build`` come here."""

import errno
import os
import sys
from pathlib import Path

from gobp.cnb.exit_status import ERROR
from gobp.errors import UserError

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_CLOSED = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})


def main(phase: str, arguments: list[str]) -> int:
    """Run ``detect`` or ``build`` on the app in the working directory; return the exit status."""
    try:
        return _run(phase, arguments)
    except UserError as error:
        _say(str(error))
    except OSError as error:
        _say(str(_explained(error)))
    return ERROR


def _run(phase: str, arguments: list[str]) -> int:
    # Each phase is imported only when it runs: detect has to be quick.
    if phase == "detect":
        from gobp.buildpack.detect_phase import run  # noqa: PLC0415
    elif phase == "build":
        from gobp.buildpack.build_phase import run  # noqa: PLC0415
    else:
        raise UserError(f"{phase!r} is no phase of a buildpack", remedy="run detect or build.")
    return run(dict(os.environ), arguments, Path.cwd())


def _explained(error: OSError) -> UserError:
    """Turn a failure of the machine into words; what is not the machine's is raised again."""
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in _NO_ROOM:
        return UserError(
            f"the disk is full{where}",
            remedy="free space where the build runs, or clear its cache, and build again.",
        )
    if error.errno in _CLOSED:
        return UserError(
            f"permission denied{where}",
            detail=str(error),
            remedy="make the app and the layers directory writable for the user of the build "
            f"(uid {os.getuid()}).",
        )
    raise error


def _say(text: str) -> None:
    sys.stdout.flush()
    print(f"\nERROR: {text}", file=sys.stderr)  # noqa: T201 # the one place that reports errors


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
