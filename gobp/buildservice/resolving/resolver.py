"""What resolves orders, and why it may not be able to."""

from typing import Protocol

from gobp.buildservice.builds.order import Order, Pin


class NotResolvedError(Exception):
    """An order that stands for nothing: ``status`` is that of HTTP, the text is for its client.

    400: it makes no sense; 403: the service may not build it; 404: there is no such source or
    version; 502, 503 or 504: who knows could not be asked, and asking again may help.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status
        self.text = text


class Resolver(Protocol):
    """Asks the module proxy, or a repository's server."""

    def resolve(self, order: Order, /) -> tuple[Order, Pin]:
        """Return the order with its source settled, and what it stands for now.

        It may take seconds (never more than the settings say): call it in a thread.
        Raises NotResolvedError.
        """
        ...
