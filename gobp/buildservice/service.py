"""What the service does for those who ask, whichever way they ask: HTTP, pages or webhooks."""

from collections.abc import Sequence
from dataclasses import dataclass

from gobp.buildservice.builds.build import Build, Reason
from gobp.buildservice.builds.key import key_of
from gobp.buildservice.builds.order import Order, Pin
from gobp.buildservice.engine.engine import Engine
from gobp.buildservice.logs.log import Logs
from gobp.buildservice.resolving.resolver import Resolver
from gobp.buildservice.state.builds import Builds, Request, Requested
from gobp.buildservice.storage.store import Store


@dataclass(frozen=True, slots=True)
class Asker:
    """Who asks: the name that builds have beside them, and the priority of these."""

    name: str
    priority: int = 0


@dataclass(frozen=True, slots=True)
class BuildService:
    """The parts of the service, and what they do together. ``go`` is the default Go version.

    The methods may wait: call them in threads.
    """

    resolver: Resolver
    builds: Builds
    engine: Engine
    logs: Logs
    store: Store
    go: str

    def order(
        self, orders: Sequence[Order], asker: Asker, reason: Reason = Reason.REQUEST
    ) -> list[Requested]:
        """Ask for builds; all orders are resolved before the first is queued.

        Raises NotResolvedError, DatabaseError.
        """
        resolved = [self.resolver.resolve(order) for order in orders]
        return [
            self.engine.request(
                Request(
                    key=key_of(order, pin, self.go),
                    order=order,
                    pin=pin,
                    who=asker.name,
                    reason=reason,
                    priority=asker.priority,
                )
            )
            for order, pin in resolved
        ]

    def find(self, order: Order) -> tuple[Build | None, Pin]:
        """Return the build of an order, if there is one, and what the order stands for now.

        Raises NotResolvedError, DatabaseError.
        """
        order, pin = self.resolver.resolve(order)
        return self.builds.of_key(key_of(order, pin, self.go)), pin
