"""The import declarations of a Go source file.

Source: https://go.dev/ref/spec#Source_file_organization and #Import_declarations.
"""

import re
from dataclasses import dataclass

_BETWEEN = r"(?:[\s;]|//[^\n]*|/\*.*?\*/)*+"
_STRING = r'(?:"[^"\n]*"|`[^`]*`)'
_SPEC = rf"(?:[\w.]+{_BETWEEN})?{_STRING}{_BETWEEN}"
_PACKAGE = re.compile(rf"{_BETWEEN}package{_BETWEEN}\w+{_BETWEEN}", re.DOTALL)
_IMPORT = re.compile(
    rf"import(?!\w){_BETWEEN}(?:\({_BETWEEN}(?:{_SPEC})*+\)|{_SPEC}){_BETWEEN}", re.DOTALL
)
_OTHER = re.compile(r"(?:func|type|var|const)(?!\w)")
# A path is the only string of a declaration, but a comment may hold quotes.
_STRING_OR_COMMENT = re.compile(rf"//[^\n]*|/\*.*?\*/|({_STRING})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Imports:
    """The import paths of a file, in their order; ``whole``: whether no more of them can follow."""

    paths: tuple[str, ...]
    whole: bool


def read_imports(text: str, *, entire: bool = True) -> Imports:
    """Return what a file imports whose beginning, or which as a whole if ``entire``, is ``text``.

    Paths are as they are written between their quotes. What is no Go ends the list, which is not
    whole then.
    """
    clause = _PACKAGE.match(text)
    if clause is None:
        return Imports((), whole=False)
    position = clause.end()
    paths: list[str] = []
    while declaration := _IMPORT.match(text, position):
        found = (match[1] for match in _STRING_OR_COMMENT.finditer(declaration[0]))
        paths += [path[1:-1] for path in found if path]
        position = declaration.end()
    ends = entire and position == len(text)
    return Imports(tuple(paths), whole=ends or _OTHER.match(text, position) is not None)
