"""The buildpack plan: the entries that build of one buildpack is to meet.

Source: buildpack specification, "Buildpack Plan (TOML)".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gobp.cnb.toml import Table, get_table, get_tables, require_str


@dataclass(frozen=True, slots=True)
class Entry:
    """What one buildpack of the group requires of this one."""

    name: str
    metadata: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BuildpackPlan:
    """All entries, in the order of the buildpacks that require them."""

    entries: tuple[Entry, ...] = ()

    def named(self, name: str) -> tuple[Entry, ...]:
        """Return the entries for one dependency."""
        return tuple(entry for entry in self.entries if entry.name == name)

    def to_toml(self) -> Table:
        """Return the document; metadata only where there is some."""
        tables: list[Table] = []
        for entry in self.entries:
            table: Table = {"name": entry.name}
            if entry.metadata:
                table["metadata"] = dict(entry.metadata)
            tables.append(table)
        return {"entries": tables} if tables else {}

    @classmethod
    def from_toml(cls, document: Mapping[str, object], *, source: str) -> "BuildpackPlan":
        """Read the document. Raises UserError on a wrong type or a missing name."""
        return cls(
            tuple(
                Entry(
                    require_str(table, "name", source=source),
                    get_table(table, "metadata", source=source),
                )
                for table in get_tables(document, "entries", source=source)
            )
        )
