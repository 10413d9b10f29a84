"""The resolver of the settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from gobp.buildservice.builds.checks import check_order
from gobp.buildservice.builds.order import ModuleSource, Order, Pin
from gobp.buildservice.builds.targets import Targets
from gobp.buildservice.resolving.git_resolver import GitResolver
from gobp.buildservice.resolving.module_resolver import ModuleResolver
from gobp.buildservice.resolving.moving import Remembered
from gobp.buildservice.resolving.resolver import NotResolvedError, Resolver
from gobp.buildservice.settings.schema import Settings
from gobp.buildservice.sources.go_modules import GoModules, ModuleError, open_modules
from gobp.golang.patterns import ModulePatterns
from gobp.golang.version import GoVersion
from gobp.system.process import SystemCommands


@dataclass(frozen=True, slots=True)
class OrderResolver:
    """Checks orders before anybody is asked about them."""

    targets: Targets
    inner: Resolver

    def resolve(self, order: Order, /) -> tuple[Order, Pin]:
        """See Resolver.resolve."""
        check_order(order, self.targets)
        return self.inner.resolve(order)


@dataclass(frozen=True, slots=True)
class SourceResolver:
    """Settles the Go version of orders, and asks who knows their source.

    ``go`` is the default Go version: an order's ``1.26`` is that one, if it is of this line.
    """

    by_module: Resolver
    by_git: Resolver
    modules: GoModules
    go: GoVersion
    seconds: float

    def resolve(self, order: Order, /) -> tuple[Order, Pin]:
        """See Resolver.resolve."""
        order = msgspec.structs.replace(order, go=self._settled(order.go))
        is_module = isinstance(order.source, ModuleSource)
        return (self.by_module if is_module else self.by_git).resolve(order)

    def _settled(self, go: str) -> str:
        """Return the Go version that an order has: a release where only its line is named."""
        version = GoVersion.parse(go) if go else None
        if version is None or version.is_release or version.is_prerelease:
            return go.removeprefix("go")
        if version.line == self.go.line:
            return str(self.go)
        try:
            return self.modules.newest_go(version.line, self.seconds)
        except ModuleError as error:
            text = f"Go {version}: {error.text}" if error.status < 500 else error.text
            raise NotResolvedError(error.status, text) from None


def open_resolver(settings: Settings, env: Mapping[str, str], go: str) -> Resolver:
    """Return what resolves orders; ``go`` is the default Go version. Raises UserError."""
    sources = settings.sources
    modules = open_modules(settings, env, Path(settings.root))
    inner = SourceResolver(
        by_module=ModuleResolver(
            modules,
            ModulePatterns.parse(sources.modules, source="sources.modules"),
            sources.resolve_timeout,
        ),
        by_git=GitResolver(sources, env),
        modules=modules,
        go=GoVersion.parse(go, source="go"),
        seconds=sources.resolve_timeout,
    )
    targets = Targets.of_go(SystemCommands(), env)
    return OrderResolver(targets, Remembered(inner, sources.moving))
