"""The headers of a request, as the server has them."""

from typing import Protocol


class Headers(Protocol):
    """Gives headers by their names in lower case."""

    def get(self, name: str, /) -> str | None:
        """Return the value of a header, None if the request does not have it."""
        ...
