"""The recipe ``make``: what the Makefile of a repository makes."""

from dataclasses import dataclass

from gobp.buildservice.artifacts.collecting import Made, collect, listing
from gobp.buildservice.builds.build import State
from gobp.buildservice.recipes.flags import go_flags, tag_flags
from gobp.buildservice.recipes.recipe import Product, RecipeError
from gobp.buildservice.recipes.workplace import SOURCE, Workplace

MAKEFILES = ("GNUmakefile", "makefile", "Makefile")  # the order is make's own


@dataclass(frozen=True, slots=True)
class MakeRecipe:
    """Runs make; artifacts are the files that were not there before, wherever they are.

    ``limit`` is the bytes that they may have together. The Makefile sees GOOS, GOARCH and the
    like, GOFLAGS with the order's tags, and its ldflags as LDFLAGS.
    """

    limit: int

    def make(self, place: Workplace) -> Product:
        """Build in a workplace. Raises RecipeError."""
        order = place.work.order
        if order.package:
            text = f"make builds no single package: order {order.package} with the recipe go"
            raise RecipeError(State.FAILED, text)
        before = listing(place.source)
        if before.isdisjoint(MAKEFILES):
            raise RecipeError(State.FAILED, "there is no Makefile in it")
        flags = go_flags(place.toolchain.go, *tag_flags(order))
        place.check(["make"], {"GOFLAGS": flags, "LDFLAGS": order.ldflags})
        made = Made(place.source, place.within(SOURCE), before)
        files = collect(made, place.product, self.limit, place.work.say)
        if not files:
            raise RecipeError(State.FAILED, "make made no new file")
        return Product(
            folder=place.product,
            files=files,
            modules=tuple(sorted(place.modules)),
            go=place.toolchain.version,
        )
