"""Somebody who asks: a user, a token, or anybody."""

from dataclasses import dataclass

from gobp.golang.patterns import ModulePatterns


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks; the name of anybody is "". ``common`` are modules that anybody is given.

    ``until`` is when it ends, in seconds since 1970, None for never.
    """

    name: str
    modules: ModulePatterns
    common: ModulePatterns
    publishes: bool = False
    until: float | None = None

    @property
    def anonymous(self) -> bool:
        """Whether nobody said who it is."""
        return not self.name

    def may_read(self, module: str) -> bool:
        """Say whether the files of a module are for this principal."""
        return self.modules.match(module) or self.common.match(module)

    def may_publish(self, module: str) -> bool:
        """Say whether this principal may add versions of a module."""
        return self.publishes and self.modules.match(module)
