"""Choose the recipe of an order, and run it: once, or twice where it is to be verified."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from gobp.buildservice.builds.order import ModuleSource, Recipe
from gobp.buildservice.recipes.buildpack_recipe import make_image
from gobp.buildservice.recipes.go_recipe import GoRecipe
from gobp.buildservice.recipes.make_recipe import MAKEFILES, MakeRecipe
from gobp.buildservice.recipes.recipe import Product, Work
from gobp.buildservice.recipes.toolchains import Toolchains, wanted_go
from gobp.buildservice.recipes.verified import check_same
from gobp.buildservice.recipes.warm_cache import WarmCaches
from gobp.buildservice.recipes.workplace import Workplace, prepared
from gobp.buildservice.sandbox.sandbox import Sandbox

_PLACE, _OTHER_PLACE = "/build", "/verified/elsewhere"  # what is built must not tell them apart
_Make = Callable[[Workplace], Product]


@dataclass(frozen=True, slots=True)
class ChosenRecipes:
    """See Recipes. ``go`` is for orders that name none; artifacts may have ``limit`` bytes."""

    sandbox: Sandbox
    toolchains: Toolchains
    warm: WarmCaches
    go: str
    limit: int

    def run(self, work: Work, /) -> Product:
        """See Recipes.run."""
        make = self._chosen(work)
        toolchain = self.toolchains.get(wanted_go(work.order.go, self.go, work.tree.folder))
        work.say(f"building with Go {toolchain.version} for {work.order.target}")
        with self.warm.lent(toolchain, work.order.target, work.say) as warm:
            until = time.monotonic() + work.limits.seconds
            place = Workplace(
                work, self.sandbox, toolchain, work.folder / "first", _PLACE, warm, until
            )
            product = _made(make, place)
        if work.order.verify:
            work.say("building again: elsewhere, and without what was compiled before")
            other = Workplace(
                work, self.sandbox, toolchain, work.folder / "again", _OTHER_PLACE, None, until
            )
            check_same(product, _made(make, other))
            work.say("both builds gave the same files")
        return product

    def _chosen(self, work: Work) -> _Make:
        """Return the recipe: of a repository its Makefile, unless one package is wanted."""
        order = work.order
        match order.recipe:
            case Recipe.GO:
                return GoRecipe(self.limit).make
            case Recipe.MAKE:
                return MakeRecipe(self.limit).make
            case Recipe.BUILDPACK:
                return make_image
            case Recipe.AUTO:
                if isinstance(order.source, ModuleSource) or order.package:
                    return GoRecipe(self.limit).make
                if any((work.tree.folder / name).is_file() for name in MAKEFILES):
                    return MakeRecipe(self.limit).make
                work.say("there is no Makefile: building as cargo's own did, with go build")
                return GoRecipe(self.limit, root_first=True).make


def _made(make: _Make, place: Workplace) -> Product:
    with prepared(place):
        return make(place)
