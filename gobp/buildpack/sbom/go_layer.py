"""Where the Go of a build lies, which its bill is put beside."""

from gobp.buildpack.component import BuildContext
from gobp.cnb import toml
from gobp.cnb.layer import LayerContent
from gobp.cnb.sbom import BUILD

GO_LAYER = "go-sdk"


def place_of_go(context: BuildContext) -> str:
    """Return the layer with Go, or BUILD where this build used the Go of the build image.

    A layer that was restored but not used has no types.
    """
    file = context.layers.root / f"{GO_LAYER}.toml"
    if not file.exists():
        return BUILD
    document = toml.loads(file.read_text(encoding="utf-8"), source=str(file))
    types = LayerContent.from_toml(document, source=str(file)).types
    return GO_LAYER if types.build else BUILD
