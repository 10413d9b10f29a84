"""Runs ``go vet`` and counts what it finds."""

import re
from collections.abc import Sequence

from gobp.buildpack.component import BuildContext
from gobp.buildpack.gopath import Workplace
from gobp.buildpack.steps import run_logged
from gobp.errors import UserError
from gobp.golang.failures.explain import explain

_PROBLEM = re.compile(r"\S+\.go:\d+(?::\d+)?: .+")
_NAMED = 5  # problems that the error names; the log has all


def run_vet(context: BuildContext, argv: Sequence[str], place: Workplace) -> None:
    """Run vet. Raises UserError that names the problems it finds."""

    def failed(status: int, tail: Sequence[str]) -> UserError:
        problems = [line for line in tail if _PROBLEM.match(line)]
        if not problems or not _compiles(tail):
            return explain("go vet", status, tail, place.env)
        count = f"{len(problems)} problems" if len(problems) > 1 else "a problem"
        return UserError(
            f"go vet found {count}",
            detail="\n".join(problems[:_NAMED]),
            remedy="correct what it names ('go vet ./...' shows it on your machine), or set "
            "BP_GO_VET=false.",
        )

    run_logged(context, argv, cwd=place.folder, env=place.env, failed=failed)


def _compiles(lines: Sequence[str]) -> bool:
    """Tell whether what vet says is of code that compiles.

    Compile errors of the package come after ``vet:``, those of other packages below a line with
    the name of that package; before Go 1.26 findings have that line too, and one more.
    """
    named = any(line.startswith("# ") for line in lines)
    vetted = any(line.startswith("# [") for line in lines)
    return vetted >= named and not any(line.startswith("vet: ") for line in lines)
