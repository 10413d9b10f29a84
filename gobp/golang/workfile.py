"""go.work files (https://go.dev/ref/mod#go-work-file)."""

from dataclasses import dataclass

from gobp.golang.modfile import Replacement, go_line, godebug, replacement, toolchain_line
from gobp.golang.modsyntax import read_directives

_BLOCKS = frozenset({"godebug", "use", "replace"})
_VERBS = _BLOCKS | {"go", "toolchain"}


@dataclass(frozen=True, slots=True)
class WorkFile:
    """What a go.work file says; an empty string stands for a directive it does not have.

    ``uses`` are the directories of the workspace's modules, relative to the file.
    """

    go: str = ""
    toolchain: str = ""
    uses: tuple[str, ...] = ()
    replaces: tuple[Replacement, ...] = ()
    godebug: tuple[tuple[str, str], ...] = ()


def parse(text: str, *, source: str) -> WorkFile:
    """Return what the go.work file ``text`` says.

    Raises UserError that begins with ``source:line:`` for what Go refuses as well.
    """
    found = read_directives(text, source=source, verbs=_VERBS, block_verbs=_BLOCKS)
    return WorkFile(
        go=go_line(found["go"]),
        toolchain=toolchain_line(found["toolchain"]),
        uses=tuple(line.only_string("a directory") for line in found["use"]),
        replaces=tuple(map(replacement, found["replace"])),
        godebug=tuple(map(godebug, found["godebug"])),
    )
