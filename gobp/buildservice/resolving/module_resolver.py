"""Resolve orders of modules: the version by the go command, the module by trying its paths."""

import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from posixpath import dirname

import msgspec

from gobp.buildservice.builds.order import ModuleSource, Order, Pin
from gobp.buildservice.resolving.queries import Asks, Query, parse_query
from gobp.buildservice.resolving.resolver import NotResolvedError
from gobp.buildservice.sources.go_modules import MISSING, Downloaded, GoModules, ModuleError
from gobp.errors import UserError
from gobp.golang import modfile
from gobp.golang.module import split_path_major
from gobp.golang.patterns import ModulePatterns
from gobp.golang.pseudo import REVISION_DIGITS, PseudoVersion, is_pseudo_version
from gobp.golang.semver import INCOMPATIBLE
from gobp.golang.version import GoVersion

_MOST_TRIES = 8
_FIRST_MAJOR_IN_PATHS = 2
# On these a module has at least an owner and a name.
_HOSTS_WITH_OWNERS = ("github.com/", "gitlab.com/", "bitbucket.org/")
_WORDS_OF_GO = frozenset({"upgrade", "patch", "none", "all"})  # they ask for nothing here


@dataclass(frozen=True, slots=True)
class ModuleResolver:
    """Is a Resolver of modules that match ``allowed``; one order takes at most ``seconds``."""

    modules: GoModules
    allowed: ModulePatterns
    seconds: float
    clock: Callable[[], float] = time.monotonic

    def resolve(self, order: Order, /) -> tuple[Order, Pin]:
        """See Resolver.resolve. The order must have been checked (check_order).

        The path may also be that of a package of a module, or lack the /v2 that its version
        needs: the order that is returned has the module's path, and the package's below it.
        """
        source = order.source
        if not isinstance(source, ModuleSource):
            raise TypeError(source)
        if not self.allowed.match(source.path):
            raise NotResolvedError(403, f"this service does not build {source.path}")
        query = parse_query(order.ref)
        if query.ref in _WORDS_OF_GO:
            raise NotResolvedError(400, f"{query.ref!r} is no version of a module")
        path, found = self._found(source.path, query, whole=bool(order.package))
        if not self.allowed.match(found.path):
            raise NotResolvedError(403, f"this service does not build {found.path}")
        package = order.package or _below(found.path, path)
        _check_package(found, package)
        _check_go(found, order.go)
        settled = msgspec.structs.replace(order, source=ModuleSource(found.path), package=package)
        return settled, Pin(
            version=found.version,
            h1=found.h1,
            moving=not _is_pinned(query, found.version),
            time=found.time,
        )

    def _found(self, path: str, query: Query, *, whole: bool) -> tuple[str, Downloaded]:
        """Return the version, and how the path would be were its major version not left out.

        ``whole``: the path is a module's, and no package's.
        """
        asked = query.prefix or query.ref
        end = self.clock() + self.seconds
        told: ModuleError | None = None  # the first, or better the first of a module that there is
        for module, full in _candidates(path, query, whole=whole):
            try:
                left = max(1.0, end - self.clock())
                return full, self.modules.download(module, asked, left)
            except ModuleError as error:
                if error.status != MISSING:
                    raise NotResolvedError(error.status, error.text) from None
                if told is None or (error.known and not told.known):
                    told = error
        text = told.text if told else "no module has this path"
        raise NotResolvedError(404, f"{path}@{query.ref} was not found: {text}")


def _candidates(path: str, query: Query, *, whole: bool) -> Iterator[tuple[str, str]]:
    """Yield paths of modules to try, the longest first, each with the path in its terms."""
    tries = 0
    module = path
    while tries < _MOST_TRIES:
        rest = path.removeprefix(module)
        for each in _with_major(module, query.major):
            yield each, each + rest
            tries += 1
        module = dirname(module)
        owned = module.startswith(_HOSTS_WITH_OWNERS)
        if whole or module.count("/") < (2 if owned else 1):
            return


def _with_major(module: str, major: int | None) -> tuple[str, ...]:
    """Return a path, after the one with the major version that a version of it needs."""
    if major is None or major < _FIRST_MAJOR_IN_PATHS:
        return (module,)
    try:
        has_one = bool(split_path_major(module)[1])
    except UserError:
        return ()
    return (module,) if has_one else (f"{module}/v{major}", module)


def _below(module: str, path: str) -> str:
    """Return a package's folder below its module, "" for the module's own."""
    rest = path.removeprefix(module)
    return f".{rest}" if rest else ""


def _check_package(found: Downloaded, package: str) -> None:
    """Raise NotResolvedError where the module has no Go files in a folder."""
    if not package or package.endswith("..."):
        return
    folder = f"{found.path}@{found.version}/{package.removeprefix('.').lstrip('/')}".rstrip("/")
    with zipfile.ZipFile(found.zip) as archive:
        has_go = any(
            dirname(name) == folder and name.endswith(".go") for name in archive.namelist()
        )
    if not has_go:
        raise NotResolvedError(
            404, f"{found.path}@{found.version} has no Go files in its folder {package}"
        )


def _check_go(found: Downloaded, go: str) -> None:
    """Raise NotResolvedError where an order's Go version is older than the module's go.mod asks."""
    if not go:
        return
    text = found.go_mod.read_text(encoding="utf-8", errors="replace")
    needed = modfile.parse(text, source="go.mod").go
    if needed and GoVersion.parse(go) < GoVersion.parse(needed):
        raise NotResolvedError(
            400, f"{found.path}@{found.version} needs Go {needed}, and the order asks for {go}"
        )


def _is_pinned(query: Query, version: str) -> bool:
    """Say whether a ref can stand for no other version tomorrow."""
    if query.asks is Asks.VERSION:
        return query.ref in {version, version.removesuffix(INCOMPATIBLE)}
    if query.asks is not Asks.COMMIT or not is_pseudo_version(version):
        return False
    return PseudoVersion.parse(version).revision == query.ref[:REVISION_DIGITS]
