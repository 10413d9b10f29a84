"""Who looks at pages and feeds."""

from typing import Protocol


class Reader(Protocol):
    """Somebody who asks; the name is "" where it was not told."""

    @property
    def name(self) -> str:
        """The name of the user or token."""
        ...

    def may_read(self, module: str) -> bool:
        """Say whether the files of a module are for this one, and so its name."""
        ...
