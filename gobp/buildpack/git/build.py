"""Gives the revision to the build and to the image: REVISION, and a label."""

from gobp.buildpack.component import BuildContext
from gobp.buildpack.git.repository import revision
from gobp.cnb.env import LayerEnvironment, Modification, Operation
from gobp.cnb.launch import Label, Launch
from gobp.cnb.layer import LayerTypes

LAYER = "git"
_LABEL = "org.opencontainers.image.revision"
_VARIABLE = "REVISION"


def build(context: BuildContext) -> Launch:
    """Set REVISION, so that ``-X main.commit=${REVISION}`` works in BP_GO_BUILD_LDFLAGS."""
    commit = revision(context.facts.app)
    context.log.process(f"{_VARIABLE} -> {commit}")
    context.log.gap()
    layer = context.layers.layer(LAYER)
    layer.reset()
    default = Modification(_VARIABLE, Operation.DEFAULT, commit)
    environment = LayerEnvironment(every=(default,))
    context.layers.contribute(layer, LayerTypes(build=True, launch=True), environment=environment)
    return Launch(labels=(Label(_LABEL, commit),))
