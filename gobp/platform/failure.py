"""How a phase fails: in words for the user, with the lifecycle's exit status."""

from gobp.errors import UserError

# Exit statuses of the lifecycle by what failed (Platform specification, "Exit Codes").
NO_GROUP_PASSED = 20
NO_GROUP_PASSED_AND_ERRORS = 21
BUILDPACK_FAILED = 51
EXPORT_ERROR = 62
LAUNCH_ERROR = 82


class PhaseFailed(UserError):  # noqa: N818 # says what happened, as Fail does
    """A phase that could not go on; ``exit_status`` is what the lifecycle would exit with."""

    def __init__(self, summary: str, *, exit_status: int, remedy: str, detail: str = "") -> None:
        super().__init__(summary, remedy=remedy, detail=detail)
        self.exit_status = exit_status
