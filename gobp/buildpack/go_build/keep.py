"""The programs of the previous image, where nothing that they are made from has changed."""

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.compile_layer import redeclare_compile_cache
from gobp.buildpack.go_build.processes import launch_processes, table
from gobp.buildpack.unchanged.noted import PROGRAMS, TARGETS
from gobp.cnb import toml
from gobp.cnb.launch import Launch, Process
from gobp.cnb.layer import LayerTypes


def keep(context: BuildContext) -> Launch:
    """Leave the programs of the previous image in place, and name the same processes."""
    targets = context.layers.layer(TARGETS)
    names = toml.get_strs(targets.restored, PROGRAMS, source=f"{TARGETS}.toml")
    context.log.process("Keeping the programs of the previous image: nothing has changed")
    context.layers.keep(TARGETS, LayerTypes(launch=True), targets.restored)
    redeclare_compile_cache(context)
    return assigned(context, launch_processes(names, f"{targets.path}/bin"))


def assigned(context: BuildContext, processes: tuple[Process, ...]) -> Launch:
    """Say which processes the image has."""
    context.log.gap()
    context.log.process("Assigning launch processes:")
    for line in table(processes):
        context.log.subprocess(line)
    context.log.gap()
    return Launch(processes=processes)
