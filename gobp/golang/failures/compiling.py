"""Errors of the app's own code: how many there are, and where the first is."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gobp.errors import UserError
from gobp.golang.failures.failure import Output

CODE = "compile-error"
_ERROR = re.compile(
    r"^(?:vet: )?(?P<file>[^\s:]+\.(?:go|s|c|cc|cpp|h)):(?P<place>\d+(?::\d+)?): (?P<what>.+)$",
    re.MULTILINE,
)
_SUBJECT = "the code does not compile"
_SUBJECTS = {"go vet": "go vet finds mistakes"}
_NO_ERRORS = ("too many errors", "note: ", "warning: ")
_SHOWN = 5  # errors that are told again, below the log


@dataclass(frozen=True, slots=True)
class _Mistake:
    file: str
    place: str
    what: str

    def __str__(self) -> str:
        return f"{self.file}:{self.place}: {self.what}"


def compile_error(output: Output) -> UserError | None:
    """Return the error for code that does not compile; None where no line names a place in it."""
    found = [
        _Mistake(match["file"].removeprefix("./"), match["place"], match["what"])
        for match in _ERROR.finditer(output.text)
        if not match["what"].startswith(_NO_ERRORS)
    ]
    mistakes = list(dict.fromkeys(found))
    if not mistakes:
        return None
    more = " or more" if "too many errors" in output.text else ""
    return UserError(
        f"{_SUBJECTS.get(output.command, _SUBJECT)}: {_counted(mistakes, more)}",
        detail="\n".join(map(str, mistakes[1:_SHOWN])),
        remedy=_remedy(mistakes, output.env),
        code=CODE,
    )


def _counted(mistakes: list[_Mistake], more: str) -> str:
    if len(mistakes) == 1 and not more:
        return str(mistakes[0])
    files = len({mistake.file for mistake in mistakes})
    places = f"{len(mistakes)}{more} errors in {files} file{'' if files == 1 else 's'}"
    return f"{places}, the first in {mistakes[0]}"


def _remedy(mistakes: list[_Mistake], env: Mapping[str, str]) -> str:
    first = mistakes[0]
    if "@v" in first.file or "vendor/" in first.file:
        return (
            "the code is a module's: use a version of it that fits the Go of this build, or name "
            "another Go in BP_GO_VERSION."
        )
    where = "correct the code; the same command shows the errors on your machine."
    if env.get("CGO_ENABLED") == "0" and any("undefined: " in each.what for each in mistakes):
        return (
            f'{where} CGO_ENABLED is 0, which leaves out files that import "C": if what is '
            "undefined is declared in one, set CGO_ENABLED=1."
        )
    return where
