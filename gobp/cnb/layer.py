"""<layer>.toml: when a layer is used, and what its buildpack notes about it.

Source: buildpack specification, "Layer Content Metadata (TOML)".
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from gobp.cnb.toml import Table, get_bool, get_table
from gobp.errors import UserError

_TYPES = ("launch", "build", "cache")


@dataclass(frozen=True, slots=True)
class LayerTypes:
    """Where a layer is used: in the image, by the buildpacks after it, by the next build."""

    launch: bool = False
    build: bool = False
    cache: bool = False


@dataclass(frozen=True, slots=True)
class LayerContent:
    """Types and metadata of a layer; a restored layer has lost its types."""

    types: LayerTypes = field(default_factory=LayerTypes)
    metadata: Mapping[str, object] = field(default_factory=dict)

    def to_toml(self) -> Table:
        """Return the document: all types, and metadata where there is some."""
        types = self.types
        document: Table = {
            "types": {"launch": types.launch, "build": types.build, "cache": types.cache}
        }
        if self.metadata:
            document["metadata"] = dict(self.metadata)
        return document

    @classmethod
    def from_toml(cls, document: Mapping[str, object], *, source: str) -> "LayerContent":
        """Read the document. Raises UserError, also for types outside of their table."""
        misplaced = [name for name in _TYPES if name in document]
        if misplaced:
            raise UserError(
                f"{source} has {', '.join(misplaced)} at the top level",
                remedy="move them to the table [types].",
            )
        types = get_table(document, "types", source=source)
        return cls(
            LayerTypes(*(get_bool(types, name, source=source) for name in _TYPES)),
            get_table(document, "metadata", source=source),
        )
