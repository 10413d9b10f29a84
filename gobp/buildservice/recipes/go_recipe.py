"""The recipe ``go``: the go command compiles the programs of a module."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gobp.buildservice.artifacts.collecting import Made, collect
from gobp.buildservice.builds.build import State
from gobp.buildservice.builds.order import GitSource, ModuleSource
from gobp.buildservice.recipes.flags import go_flags, linker_flag, tag_flags
from gobp.buildservice.recipes.recipe import Product, RecipeError
from gobp.buildservice.recipes.workplace import OUT, SOURCE, Workplace, failed

_ROOT = "."
_ALL = "./..."
_MARK = "program "  # before each line of go list that is ours: others are go's own messages
_FORMAT = f'{{{{if eq .Name "main"}}}}{_MARK}{{{{.Dir}}}} {{{{.ImportPath}}}}{{{{end}}}}'
_NO_SUM = "missing go.sum entry"
_NO_LINKER = "requires external (cgo) linking"  # android, but for arm64, and ios
_MOST_NAMED = 20


@dataclass(frozen=True, slots=True)
class GoRecipe:
    """Builds main packages; ``limit`` is the bytes that they may have together.

    ``root_first``: where the root is a program, an order without a package means it alone, as
    cargo's default Makefile did; else all programs below the root.
    """

    limit: int
    root_first: bool = False

    def make(self, place: Workplace) -> Product:
        """Build in a workplace. Raises RecipeError."""
        _GoBuild(place).run(root_first=self.root_first)
        files = collect(
            Made(place.out, place.within(OUT)), place.product, self.limit, place.work.say
        )
        return Product(
            folder=place.product,
            files=files,
            modules=tuple(sorted(place.modules)),
            go=place.toolchain.version,
        )


@dataclass(frozen=True, slots=True)
class _GoBuild:
    place: Workplace

    def run(self, *, root_first: bool) -> None:
        flags = self._module_flags()
        packages = self._chosen(flags, root_first=root_first)
        self._build(packages, flags)
        made = len(list(self.place.out.iterdir()))
        if made != len(packages):
            text = f"{len(packages)} programs have {made} names: order them one by one, by package"
            raise RecipeError(State.FAILED, text)

    def _module_flags(self) -> tuple[str, ...]:
        """Return how go.mod is used; a source without one gets one, as with cargo's Makefile.

        A module's zip has no whole vendor folder and none of the modules that go.work names. A
        repository's may be used.
        """
        place = self.place
        if not (place.source / "go.mod").exists():
            place.work.say("there is no go.mod: the newest versions of what is imported are taken")
            place.check(["go", "mod", "init", module_name(place.work.order.source)], self._env())
            return ("-mod=mod",)
        return ("-mod=readonly",) if isinstance(place.work.order.source, ModuleSource) else ()

    def _chosen(self, flags: tuple[str, ...], *, root_first: bool) -> list[str]:
        """Return the import paths of the programs that are ordered."""
        package = self.place.work.order.package
        found = self._programs(package or _ALL, flags)
        if not package and root_first and _ROOT in found:
            return [found[_ROOT]]
        if not found:
            raise RecipeError(State.FAILED, self._nothing(package, flags))
        return list(found.values())

    def _programs(self, pattern: str, flags: tuple[str, ...]) -> dict[str, str]:
        """Return the import paths of main packages by their folders, such as ``./cmd/app``."""
        lines: list[str] = []
        argv = ["go", "list", "-e", "-find", "-f", _FORMAT, *self._tags(), "--", pattern]
        try:
            self._go(argv, flags, lines.append)
        except RecipeError:
            for line in lines:
                self.place.work.say(line)
            raise
        found = [line[len(_MARK) :].rpartition(" ") for line in lines if line.startswith(_MARK)]
        return {self._relative(folder): path for folder, _, path in found}

    def _relative(self, folder: str) -> str:
        """Return a folder as seen from the source, which without a sandbox has its own path."""
        real = os.path.realpath(self.place.source)
        return f"{_ROOT}{folder.removeprefix(self.place.within(SOURCE)).removeprefix(real)}"

    def _nothing(self, package: str, flags: tuple[str, ...]) -> str:
        """Say that there is no program, and which there are."""
        target = self.place.work.order.target
        if not package:
            return f"there is no program for {target} in it: no package main"
        others = list(self._programs(_ALL, flags))
        more = ", ..." if len(others) > _MOST_NAMED else ""
        named = f"; programs are in {', '.join(others[:_MOST_NAMED])}{more}" if others else ""
        return f"there is no program for {target} in {package}{named}"

    def _build(self, packages: list[str], flags: tuple[str, ...]) -> None:
        out = f"{self.place.within(OUT)}/"
        linker = linker_flag(self.place.work.order)
        argv = ["go", "build", "-o", out, linker, *self._tags(), "--", *packages]
        self._go(argv, flags, self.place.work.say)

    def _go(
        self, argv: Sequence[str], flags: tuple[str, ...], on_line: Callable[[str], None]
    ) -> None:
        """Run a go command, again if it failed for what can be put right.

        As ``go install PATH@VERSION`` does, a module is built whose go.sum lacks something: what
        is fetched is verified by the checksum database.
        """
        seen: set[str] = set()

        def look(line: str) -> None:
            seen.update(words for words in (_NO_SUM, _NO_LINKER) if words in line)
            on_line(line)

        env, place = self._env(flags), self.place
        status = place.run(argv, env, look)
        if status != 0 and _NO_SUM in seen:
            place.work.say("go.sum lacks modules: fetching all, which are verified")
            place.check(["go", "mod", "download", "all"], env)
            status = place.run(argv, env, look)
        if status != 0 and _NO_LINKER in seen:
            text = f"programs for {place.work.order.target} need a C toolchain of that platform"
            raise RecipeError(State.FAILED, f"{text}, which this service does not have")
        if status != 0:
            raise failed(argv, status)

    def _tags(self) -> tuple[str, ...]:
        return tag_flags(self.place.work.order)

    def _env(self, flags: tuple[str, ...] = ()) -> dict[str, str]:
        env = {"GOFLAGS": go_flags(self.place.toolchain.go, *flags)}
        if isinstance(self.place.work.order.source, ModuleSource):
            env["GOWORK"] = "off"
        return env


def module_name(source: ModuleSource | GitSource) -> str:
    """Return the module path of a source that says none itself; a port is no part of it."""
    if isinstance(source, ModuleSource):
        return source.path
    return f"{source.host.partition(':')[0]}/{source.path}"
