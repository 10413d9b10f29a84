"""From the output of a go command that failed to the error that the user reads."""

from collections.abc import Mapping, Sequence

from gobp.errors import UserError

CODE = "go-failed"


def explain(command: str, status: int, lines: Sequence[str], env: Mapping[str, str]) -> UserError:
    """Return the error for a go command that failed.

    ``command`` is what ran (``go build``), ``lines`` the end of its output, ``env`` its
    environment, of which GOPROXY is named in the answer.

    A machine that fails explains all else; then the first line that is known is the cause, for go
    stops soon after it; then come errors of the code, which go tells all at once.
    """
    # The patterns take 25 ms to compile, and most builds do not fail.
    from gobp.golang.failures import failure  # noqa: PLC0415
    from gobp.golang.failures.catalogue import FAILURES, ROOT_CAUSES  # noqa: PLC0415
    from gobp.golang.failures.compiling import compile_error  # noqa: PLC0415

    goproxy = failure.without_password(env.get("GOPROXY", "") or "(GOPROXY is not set)")
    output = failure.output_of(command, lines, words={"goproxy": goproxy}, env=env)
    known = (
        failure.recognised(ROOT_CAUSES, output)
        or failure.earliest(FAILURES, output)
        or compile_error(output)
    )
    return known or UserError(
        f"{command!r} failed with exit status {status}",
        remedy="correct what the lines above name; the same command shows it on your machine.",
        code=CODE,
    )
