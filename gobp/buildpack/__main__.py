"""Runs a phase: ``bin/detect`` and ``bin/build`` come here."""

import os
import sys
from pathlib import Path

from gobp.cnb.exit_status import ERROR
from gobp.errors import UserError


def main(phase: str, arguments: list[str]) -> int:
    """Run ``detect`` or ``build`` on the app in the working directory; return the exit status."""
    try:
        return _run(phase, arguments)
    except SystemExit as stopped:  # by a signal; what was open is closed
        _say(f"the build was stopped (exit status {stopped.code})")
        raise
    except (UserError, OSError) as error:
        # Only a failure needs this, and detect is timed.
        from gobp.buildpack.reporting.machine_errors import as_user_error  # noqa: PLC0415

        known = as_user_error(error)
        if known is None:
            raise
        _say(str(known))
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


def _say(text: str) -> None:
    sys.stdout.flush()
    print(f"\nERROR: {text}", file=sys.stderr)  # noqa: T201 # the one place that reports errors


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
