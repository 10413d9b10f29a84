"""store.toml: what a buildpack keeps from one build of an image to the next.

Source: buildpack specification, "store.toml (TOML)".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gobp.cnb.toml import Table, get_table


@dataclass(frozen=True, slots=True)
class Store:
    """The metadata kept."""

    metadata: Mapping[str, object] = field(default_factory=dict)

    def to_toml(self) -> Table:
        """Return the document."""
        return {"metadata": dict(self.metadata)} if self.metadata else {}

    @classmethod
    def from_toml(cls, document: Mapping[str, object], *, source: str) -> "Store":
        """Read the document. Raises UserError where metadata is no table."""
        return cls(get_table(document, "metadata", source=source))
