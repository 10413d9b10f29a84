"""From the output of a go command that failed to the error that the user reads."""

from collections.abc import Mapping, Sequence

from gobp.errors import UserError
from gobp.golang.failures.catalogue import FAILURES, ROOT_CAUSES
from gobp.golang.failures.compiling import compile_error
from gobp.golang.failures.failure import earliest, output_of, recognised, without_password

CODE = "go-failed"


def explain(command: str, status: int, lines: Sequence[str], env: Mapping[str, str]) -> UserError:
    """Return the error for a go command that failed.

    ``command`` is what ran (``go build``), ``lines`` the end of its output, ``env`` its
    environment, of which GOPROXY is named in the answer.

    A machine that fails explains all else; then the first line that is known is the cause, for go
    stops soon after it; then come errors of the code, which go tells all at once.
    """
    goproxy = without_password(env.get("GOPROXY", "") or "(GOPROXY is not set)")
    output = output_of(command, lines, words={"goproxy": goproxy}, env=env)
    known = recognised(ROOT_CAUSES, output) or earliest(FAILURES, output) or compile_error(output)
    return known or UserError(
        f"{command!r} failed with exit status {status}",
        remedy="correct what the lines above name; the same command shows it on your machine.",
        code=CODE,
    )
