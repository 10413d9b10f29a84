"""What is read of the go.mod files of others, whatever else stands in them."""

import re
from dataclasses import dataclass

from gobp.errors import UserError
from gobp.golang import modfile, semver
from gobp.golang.modsyntax import unquote

_QUOTES = '"`'
_MODULE_LINE = re.compile(
    r"^[ \t\r]*module[ \t\r]+(?P<path>[^\s/](?:[^\n]*?))[ \t\r]*(?://[^\n]*)?$", re.MULTILINE
)


def module_path(go_mod: bytes) -> str:
    """Return the path on the ``module`` line, "" if there is none that can be read."""
    match = _MODULE_LINE.search(go_mod.decode("utf-8", "replace"))
    if match is None:
        return ""
    path = match["path"]
    if path[0] not in _QUOTES:
        return path
    if len(path) < 2 or path[-1] != path[0]:
        return ""
    try:
        return unquote(path) if path[0] == '"' else path[1:-1]
    except ValueError:
        return ""


@dataclass(frozen=True, slots=True)
class Retractions:
    """The versions that a go.mod file retracts, as pairs of what orders the first and last."""

    spans: tuple[tuple[tuple[object, ...], tuple[object, ...]], ...]

    @classmethod
    def parse(cls, go_mod: bytes) -> "Retractions":
        """Return the retractions of a file, none where it is not right."""
        try:
            retracts = modfile.parse(go_mod.decode("utf-8", "replace"), source="go.mod").retracts
        except UserError:
            return cls(())
        return cls(tuple((semver.order(one.low), semver.order(one.high)) for one in retracts))

    def include(self, version: str) -> bool:
        """Say whether a version is retracted."""
        return any(low <= semver.order(version) <= high for low, high in self.spans)
