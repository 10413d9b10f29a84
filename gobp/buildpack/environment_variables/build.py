"""Writes the BPE_* variables into a launch layer."""

from gobp.buildpack.component import BuildContext
from gobp.buildpack.environment_variables.variables import launch_variables
from gobp.cnb.env import LayerEnvironment
from gobp.cnb.launch import Launch
from gobp.cnb.layer import LayerTypes

LAYER = "environment-variables"


def build(context: BuildContext) -> Launch:
    """Set the variables for every process. Values stay out of the log: they may be secrets."""
    variables = launch_variables(context.facts.platform_env)
    names = sorted({variable.name for variable in variables})
    context.log.process(f"Setting launch environment variables: {', '.join(names)}")
    context.log.gap()
    layer = context.layers.layer(LAYER)
    layer.reset()
    environment = LayerEnvironment(launch=variables)
    context.layers.contribute(layer, LayerTypes(launch=True), environment=environment)
    return Launch()
