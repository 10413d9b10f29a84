"""The compile cache of a first build: the compiled standard library that an offline package brings.

``release/seed.py`` makes it, for one version of Go, one architecture and one build mode.
"""

from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.installed import go_at_hand
from gobp.buildpack.go.linking import read_linking
from gobp.buildpack.reporting.counted import unpack
from gobp.buildpack.supply.dependency import deliver, dependency
from gobp.cnb import toml


def dependency_name(buildmode: str) -> str:
    """Return the id that the seed for a build mode has in buildpack.toml."""
    return f"go-std-{buildmode}"


def plant_seed(context: BuildContext, cache: Path) -> None:
    """Fill an empty compile cache from the package, where that has a seed for this build.

    Raises UserError where the package is damaged.
    """
    name = dependency_name(read_linking(context.env, context.facts.target).buildmode)
    tables = toml.get_tables(context.metadata, "dependencies", source="buildpack.toml")
    if all(table.get("id") != name for table in tables):
        return  # go is asked only where there is something to choose
    go = go_at_hand(context)
    version = str(go.version) if go else ""
    seed = dependency(context.metadata, name, context.facts.target.arch, version=version)
    if seed is None:
        return
    context.log.process(f"Starting from the compiled standard library of Go {version}")
    archive = context.layers.root / ".seed"
    try:
        deliver(seed, archive, context)
        unpack(context.report, archive, cache)
    finally:
        archive.unlink(missing_ok=True)
