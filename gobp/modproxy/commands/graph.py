"""The modules that a module needs, as the go command finds them.

See https://go.dev/ref/mod#graph-pruning and https://go.dev/ref/mod#minimal-version-selection.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field

from gobp.golang import semver
from gobp.golang.modfile import ModFile
from gobp.golang.module import ModuleVersion
from gobp.golang.version import GoVersion

_FIRST_PRUNED = GoVersion.parse("1.17")

Load = Callable[[ModuleVersion], Awaitable[ModFile | None]]
"""Gives the go.mod of a version, None where there is none to be had."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Whose go.mod a go command reads, and which versions it takes.

    ``selected`` are the versions of the modules that the root requires (of all in the graph, for
    a root from before Go 1.17).
    """

    loaded: frozenset[ModuleVersion]
    selected: frozenset[ModuleVersion]


async def load_graph(root: ModuleVersion, load: Load) -> Graph:
    """Return the graph of a module, which is the main module here."""
    go_mod = await load(root)
    if go_mod is None:
        return Graph(frozenset(), frozenset())
    loading = _Loading(load)
    required = [ModuleVersion(each.path, each.version) for each in go_mod.requires]
    loading.note([root, *required])
    pruned = _is_pruned(go_mod)
    await loading.all_of(required, pruned=pruned)
    paths = {each.path for each in required} if pruned else set(loading.highest)
    selected = {ModuleVersion(path, loading.highest[path]) for path in paths}
    missing = selected - loading.loaded  # higher ones, that only pruned modules name
    await loading.all_of(missing, pruned=True)
    return Graph(frozenset({root, *loading.loaded}), frozenset(selected - {root}))


@dataclass(slots=True)
class _Loading:
    load: Load
    highest: dict[str, str] = field(default_factory=dict)
    loaded: set[ModuleVersion] = field(default_factory=set)
    _begun: set[tuple[ModuleVersion, bool]] = field(default_factory=set)

    async def all_of(self, modules: Iterable[ModuleVersion], *, pruned: bool) -> None:
        """Load modules, and what they require as far as a go command looks.

        In a module with a pruned graph nothing is read of what its own pruned requirements
        require; below one that is not pruned everything is.
        """
        fresh = [module for module in modules if (module, pruned) not in self._begun]
        self._begun.update((module, pruned) for module in fresh)
        await asyncio.gather(*(self._one(module, pruned=pruned) for module in fresh))

    async def _one(self, module: ModuleVersion, *, pruned: bool) -> None:
        go_mod = await self.load(module)
        if go_mod is None:
            return
        self.loaded.add(module)
        required = [ModuleVersion(each.path, each.version) for each in go_mod.requires]
        self.note(required)
        if not pruned or not _is_pruned(go_mod):
            await self.all_of(required, pruned=False)

    def note(self, modules: Iterable[ModuleVersion]) -> None:
        """Take note of versions that are asked for: the highest of each module is selected."""
        for module in modules:
            known = self.highest.get(module.path, "")
            if not known or semver.order(module.version) > semver.order(known):
                self.highest[module.path] = module.version


def _is_pruned(go_mod: ModFile) -> bool:
    return go_mod.go != "" and GoVersion.parse(go_mod.go) >= _FIRST_PRUNED
