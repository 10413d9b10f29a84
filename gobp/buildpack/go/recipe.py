"""How the image's programs were built: handed from go-build to live-reload, and into the image.

The file lies beside the programs, only in images with live reload. The helper ``reload`` reads it
there, so it holds no absolute path of the build.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

FILE = "recipe.json"
# What changes how go compiles; proxies and credentials do not belong into an image.
_KEPT = frozenset(
    {"CC", "CXX", "GO111MODULE", "GOAMD64", "GOARM64", "GOEXPERIMENT", "GOFIPS140", "GOFLAGS"}
    | {"GOTOOLCHAIN", "GOWORK"}
)
# The image need not have git, and what is built there is no revision.
_NO_STAMP = "-buildvcs=false"


@dataclass(frozen=True, slots=True)
class Recipe:
    """The arguments of ``go build`` and what they are for.

    ``processes`` maps each process to its program, the default one first. ``workdir`` is where go
    runs and ``vendor`` where the modules are, "" for nowhere, both relative to the app.
    ``import_path`` is that of an app which is built in a GOPATH, "" for all others.
    """

    processes: Mapping[str, str]
    flags: tuple[str, ...]
    targets: tuple[str, ...]
    workdir: str
    vendor: str
    import_path: str
    env: Mapping[str, str]


def build_variables(env: Mapping[str, str]) -> dict[str, str]:
    """Return those variables of a build that its repetition in the image needs."""
    kept = {name: value for name, value in env.items() if name in _KEPT or name.startswith("CGO_")}
    return {**kept, "GOFLAGS": f"{env.get('GOFLAGS', '')} {_NO_STAMP}".strip()}


def write_recipe(recipe: Recipe, layer: Path) -> None:
    """Write a recipe beside the programs of a layer."""
    text = json.dumps(asdict(recipe), indent=1) + "\n"
    (layer / FILE).write_text(text, encoding="utf-8")


def read_recipe(layer: Path) -> Recipe:
    """Read the recipe that go-build has left in a layer."""
    document = json.loads((layer / FILE).read_text(encoding="utf-8"))
    return Recipe(
        **{**document, "flags": tuple(document["flags"]), "targets": tuple(document["targets"])}
    )
