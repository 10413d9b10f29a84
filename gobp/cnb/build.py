"""build.toml: plan entries that build leaves to a later buildpack.

Source: buildpack specification, "build.toml (TOML)".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gobp.cnb.toml import Table, get_tables, require_str


@dataclass(frozen=True, slots=True)
class BuildToml:
    """Names of the plan entries that were not met."""

    unmet: tuple[str, ...] = ()

    def to_toml(self) -> Table:
        """Return the document; empty where everything is met."""
        return {"unmet": [{"name": name} for name in self.unmet]} if self.unmet else {}

    @classmethod
    def from_toml(cls, document: Mapping[str, object], *, source: str) -> "BuildToml":
        """Read the document. Raises UserError on a wrong type or a missing name."""
        tables = get_tables(document, "unmet", source=source)
        return cls(tuple(require_str(table, "name", source=source) for table in tables))
