"""Somebody who asks: a token, or an address without one."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from gobp.buildservice.access.repositories import Repositories
from gobp.buildservice.service import Asker
from gobp.buildservice.settings.schema import Scope


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: ``name`` is a token's, or the address of somebody without one.

    ``until`` is when it ends, in seconds of the epoch, None for never.
    """

    name: str
    anonymous: bool
    scopes: AbstractSet[Scope]
    repositories: Repositories
    priority: int = 0
    until: float | None = None

    @property
    def admin(self) -> bool:
        """Whether it may do all."""
        return "admin" in self.scopes

    @property
    def asker(self) -> Asker:
        """Whom its builds have beside them."""
        return Asker(self.name, self.priority)
