"""What tests of recipes share: this machine's Go, a small warm cache, and works to be done."""

import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from gobp.buildservice.builds.order import GitSource, ModuleSource, Order, Pin, Recipe, Target
from gobp.buildservice.recipes.choosing import ChosenRecipes
from gobp.buildservice.recipes.flags import go_flags
from gobp.buildservice.recipes.recipe import Product, Work
from gobp.buildservice.recipes.toolchains import Toolchain, Toolchains
from gobp.buildservice.recipes.warm_cache import WarmCaches
from gobp.buildservice.sandbox.sandbox import Sandbox
from gobp.buildservice.settings.schema import Settings, Sources
from gobp.buildservice.sources.go_modules import open_modules
from gobp.buildservice.sources.tree import SourceTree
from tests.buildservice.recipes.near_sandbox import LIMITS, NearSandbox

TIME = 1_700_000_000
LIMIT = 1 << 28
MODULE = ModuleSource("example.com/tool")
REPOSITORY = GitSource("git.example:8443", "owner/tool")
GO_MOD = "module example.com/tool\n\ngo 1.21\n"
PROGRAM = 'package main\n\nfunc main() { println("hello") }\n'
WINDOWS = Target("windows", "amd64")


def this_go() -> Toolchain:
    """Return the go of the PATH."""
    said = subprocess.run(
        ["go", "env", "GOROOT", "GOVERSION", "GOHOSTOS", "GOHOSTARCH"],
        env={**os.environ, "GOTOOLCHAIN": "local"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    return Toolchain(said[1].removeprefix("go"), Path(said[0]))


def this_target() -> Target:
    """Return this machine's own platform."""
    said = subprocess.run(
        ["go", "env", "GOHOSTOS", "GOHOSTARCH"], capture_output=True, text=True, check=True
    ).stdout.split()
    return Target(*said)


def fill_warm(folder: Path) -> None:
    """Make a warm cache for this machine's target by hand: only what small programs need."""
    go, target = this_go(), this_target()
    cache = folder / f"go{go.version}-{target.goos}-{target.goarch}"
    cache.mkdir(parents=True)
    env = {
        **os.environ,
        "GOCACHE": str(cache),
        "GOFLAGS": go_flags(go.go),
        "CGO_ENABLED": "0",
        "GOTOOLCHAIN": "local",
    }
    subprocess.run([go.root / "bin/go", "build", "runtime"], env=env, cwd=cache, check=True)


@dataclass
class Kitchen:
    """Recipes with a folder of their own for each run; ``said`` are the lines of the log."""

    folder: Path
    warm: Path
    sandbox: Sandbox = field(default_factory=lambda: NearSandbox({"GOPROXY": "off"}))
    limit: int = LIMIT
    said: list[str] = field(default_factory=list)

    def recipes(self) -> ChosenRecipes:
        """Return the recipes, which have no network."""
        settings = Settings(sources=Sources(proxies="off", sums="off"))
        modules = open_modules(settings, os.environ, self.folder)
        return ChosenRecipes(
            sandbox=self.sandbox,
            toolchains=Toolchains(modules, 60),
            warm=WarmCaches(self.warm, os.environ),
            go=this_go().version,
            limit=self.limit,
        )

    def work(self, source: Path, order: Order) -> Work:
        """Return the work of building a folder."""
        place = self.folder / f"work{len(list(self.folder.glob('work*')))}"
        place.mkdir()
        return Work(
            order=order,
            pin=Pin(version="v1.0.0"),
            tree=SourceTree(source, TIME, "pkg:golang/example.com/tool", "dirHash", "00"),
            folder=place,
            limits=LIMITS,
            say=self.said.append,
            stop=Event(),
        )

    def run(self, source: Path, order: Order) -> Product:
        """Build."""
        return self.recipes().run(self.work(source, order))


def ordered(
    source: ModuleSource | GitSource = MODULE,
    *,
    package: str = "",
    recipe: Recipe = Recipe.AUTO,
    tags: tuple[str, ...] = (),
    ldflags: str = "",
    verify: bool = False,
) -> Order:
    """Return an order for this machine's own platform."""
    return Order(
        source=source,
        ref="v1.0.0",
        target=this_target(),
        package=package,
        recipe=recipe,
        tags=tags,
        ldflags=ldflags,
        verify=verify,
    )
