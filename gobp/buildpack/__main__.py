"""Runs a phase: ``bin/detect`` and ``bin/build`` come here."""

import os
import sys

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
    env, app_dir = dict(os.environ), os.getcwd()  # noqa: PTH109 # detect does without pathlib
    if phase == "detect":
        from gobp.buildpack import detect_phase  # noqa: PLC0415

        return detect_phase.run(env, arguments, app_dir)
    if phase == "build":
        from pathlib import Path  # noqa: PLC0415

        from gobp.buildpack import build_phase  # noqa: PLC0415

        return build_phase.run(env, arguments, Path(app_dir))
    raise UserError(f"{phase!r} is no phase of a buildpack", remedy="run detect or build.")


def _say(text: str) -> None:
    sys.stdout.flush()
    print(f"\nERROR: {text}", file=sys.stderr)  # noqa: T201 # the one place that reports errors


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
