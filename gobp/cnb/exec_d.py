"""What a program in exec.d writes to file descriptor 3: variables of the process to be launched.

Source: buildpack specification, "exec.d".
"""

from collections.abc import Mapping
from dataclasses import dataclass

from gobp.cnb.toml import Table, get_str

FILE_DESCRIPTOR = 3


@dataclass(frozen=True, slots=True)
class ExecDOutput:
    """Variables that are set, whatever they were."""

    variables: Mapping[str, str]

    def to_toml(self) -> Table:
        """Return the document."""
        return dict(self.variables)

    @classmethod
    def from_toml(cls, document: Mapping[str, object], *, source: str) -> "ExecDOutput":
        """Read the document. Raises UserError on a value that is not a string."""
        return cls({name: get_str(document, name, source=source) for name in document})
