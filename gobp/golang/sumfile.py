"""go.sum files (https://go.dev/ref/mod#go-sum-files)."""

from dataclasses import dataclass

from gobp.errors import UserError
from gobp.golang.dirhash import go_mod_hash

_FIELDS = 3
# An old Go command wrote this hash for modules without a go.mod file; Go ignores it since.
_EMPTY_GO_MOD = go_mod_hash(b"")


@dataclass(frozen=True, slots=True)
class SumLine:
    """One line: ``version`` ends in ``/go.mod`` where the hash is that of the go.mod alone."""

    path: str
    version: str
    hash: str

    def __str__(self) -> str:
        return f"{self.path} {self.version} {self.hash}"


def parse(text: str, *, source: str) -> tuple[SumLine, ...]:
    """Return the lines of the go.sum file ``text``, in their order.

    Raises UserError that begins with ``source:line:`` for a line that has not three fields.
    """
    lines: list[SumLine] = []
    for number, line in enumerate(text.split("\n"), 1):
        fields = line.split()
        if fields and len(fields) != _FIELDS:
            raise UserError(
                f"{source}:{number}: found {len(fields)} fields, not path, version and hash",
                remedy=f"delete the line and run `go mod tidy`, which writes {source} anew.",
            )
        if fields and fields[2] != _EMPTY_GO_MOD:
            lines.append(SumLine(*fields))
    return tuple(lines)


def hashes_of(lines: tuple[SumLine, ...], path: str, version: str) -> tuple[str, ...]:
    """Return the hashes that the lines have for a module; more than one: each is accepted."""
    return tuple(line.hash for line in lines if (line.path, line.version) == (path, version))
