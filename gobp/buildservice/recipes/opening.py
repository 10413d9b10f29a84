"""The recipes of a service, made from its settings."""

from collections.abc import Mapping
from pathlib import Path

from gobp.buildservice.recipes.choosing import ChosenRecipes
from gobp.buildservice.recipes.recipe import Recipes
from gobp.buildservice.recipes.toolchains import Toolchains
from gobp.buildservice.recipes.warm_cache import WarmCaches
from gobp.buildservice.sandbox.sandbox import Sandbox
from gobp.buildservice.settings.schema import Settings
from gobp.buildservice.sources.go_modules import open_modules


def open_recipes(
    settings: Settings, sandbox: Sandbox, env: Mapping[str, str], root: Path
) -> Recipes:
    """Return the recipes; toolchains and warm compile caches are kept below ``root``.

    The settings are completed (see settings.go_env); ``env`` is the environment that finds go.
    Raises UserError where the settings make no sense.
    """
    modules = open_modules(settings, env, root)
    return ChosenRecipes(
        sandbox=sandbox,
        toolchains=Toolchains(modules, settings.sources.timeout),
        warm=WarmCaches(root / "warm", env),
        go=settings.go,
        limit=settings.limits.artifact,
    )
