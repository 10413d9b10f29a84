"""The build plan: what detect of one buildpack provides and requires.

Source: buildpack specification, "Build Plan (TOML)".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gobp.cnb.toml import Table, get_str, get_table, get_tables, require_str
from gobp.errors import UserError


@dataclass(frozen=True, slots=True)
class Require:
    """A dependency by name, with whatever its provider should know about it."""

    name: str
    metadata: Mapping[str, object] = field(default_factory=dict)

    def to_toml(self) -> Table:
        """Return the table; metadata only where there is some."""
        table: Table = {"name": self.name}
        if self.metadata:
            table["metadata"] = dict(self.metadata)
        return table

    @classmethod
    def from_toml(cls, table: Mapping[str, object], *, source: str) -> "Require":
        """Read the table. Raises UserError, also for ``version`` outside of the metadata."""
        name = require_str(table, "name", source=source)
        if get_str(table, "version", source=source):
            raise UserError(
                f"{source} requires {name} with a version at the top level",
                remedy="write the version as metadata.version.",
            )
        return cls(name, get_table(table, "metadata", source=source))


@dataclass(frozen=True, slots=True)
class BuildPlan:
    """Provided and required dependencies; ``alternatives`` become ``[[or]]``, one level deep."""

    provides: tuple[str, ...] = ()
    requires: tuple[Require, ...] = ()
    alternatives: "tuple[BuildPlan, ...]" = ()

    @property
    def options(self) -> "tuple[BuildPlan, ...]":
        """The plan itself and then its alternatives, in the order in which they are tried."""
        return (BuildPlan(self.provides, self.requires), *self.alternatives)

    def to_toml(self) -> Table:
        """Return the document; an empty plan is an empty one."""
        document = _sections(self)
        if self.alternatives:
            document["or"] = [_sections(plan) for plan in self.alternatives]
        return document

    @classmethod
    def from_toml(cls, document: Mapping[str, object], *, source: str) -> "BuildPlan":
        """Read the document. Raises UserError on a wrong type or a missing name."""
        plan = _from_sections(document, source)
        alternatives = get_tables(document, "or", source=source)
        return cls(
            plan.provides,
            plan.requires,
            tuple(_from_sections(table, source) for table in alternatives),
        )


def _sections(plan: BuildPlan) -> Table:
    table: Table = {}
    if plan.provides:
        table["provides"] = [{"name": name} for name in plan.provides]
    if plan.requires:
        table["requires"] = [require.to_toml() for require in plan.requires]
    return table


def _from_sections(table: Mapping[str, object], source: str) -> BuildPlan:
    provides = get_tables(table, "provides", source=source)
    requires = get_tables(table, "requires", source=source)
    return BuildPlan(
        tuple(require_str(provide, "name", source=source) for provide in provides),
        tuple(Require.from_toml(require, source=source) for require in requires),
    )
