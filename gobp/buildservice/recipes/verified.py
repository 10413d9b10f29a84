"""Compare what two builds of the same source made."""

import hashlib

from gobp.buildservice.builds.build import State
from gobp.buildservice.recipes.recipe import Product, RecipeError

_MOST_NAMED = 10


def check_same(first: Product, second: Product) -> None:
    """Raise RecipeError, which names the files, unless two products are the same byte by byte."""
    ours, theirs = _sums(first), _sums(second)
    different = sorted(
        name for name in ours.keys() | theirs.keys() if ours.get(name) != theirs.get(name)
    )
    if different:
        more = ", ..." if len(different) > _MOST_NAMED else ""
        named = ", ".join(different[:_MOST_NAMED])
        text = f"built twice, and these files were not the same: {named}{more}"
        raise RecipeError(State.FAILED, text)


def _sums(product: Product) -> dict[str, tuple[str, int]]:
    """Return digest and mode of each file."""
    sums = {}
    for name in product.files:
        path = product.folder / name
        with path.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        sums[name] = (digest, path.stat().st_mode)
    return sums
