"""Adds a process that watches, rebuilds and restarts to each process of the build."""

from pathlib import Path

from gobp.buildpack.component import BuildContext, DetectContext
from gobp.buildpack.go.compile_layer import LAYER as COMPILE_CACHE
from gobp.buildpack.go.recipe import FILE, read_recipe
from gobp.buildpack.live_reload.processes import HELPER, Reloader, reload_processes, watcher_argv
from gobp.buildpack.live_reload.watchexec import provide_watchexec
from gobp.buildpack.supply.helpers import put_helper
from gobp.cnb.launch import Launch, Process
from gobp.cnb.layer import LayerTypes
from gobp.errors import UserError
from gobp.system.machine import machine_architecture

LAYER = "live-reload"
_PROGRAMS = "targets"  # the layer of go-build


def build(context: BuildContext) -> Launch:
    """Put the helper into the image and name the processes; they are the default."""
    programs = context.layers.root / _PROGRAMS
    reloader = Reloader(
        helper=str(_helper(context)),
        app=str(context.app_dir),
        recipe=str(programs / FILE),
        cache=str(context.layers.root / COMPILE_CACHE),
        watchexec=provide_watchexec(context),
    )
    built = tuple(
        Process(type=name, command=(f"{programs}/bin/{program}",))
        for name, program in read_recipe(programs).processes.items()
    )
    processes = reload_processes(built, watcher_argv(reloader))
    context.log.process("Assigning launch processes:")
    for process in processes:
        default = " (default)" if process.default else ""
        context.log.subprocess(f"{process.type}{default}: {' '.join(process.command)}")
    context.log.gap()
    return Launch(processes=processes)


def check(facts: DetectContext) -> None:
    """Raise UserError where the Go of this machine could not run in the image."""
    machine = machine_architecture()
    if facts.target.arch != machine:
        raise UserError(
            f"live reload cannot be built for linux/{facts.target.arch} on linux/{machine}: the "
            "image needs the Go that this build uses",
            remedy="build on a machine of the image's architecture, or without "
            "BP_LIVE_RELOAD_ENABLED.",
        )


def _helper(context: BuildContext) -> Path:
    layer = context.layers.layer(LAYER)
    program = layer.reset() / HELPER
    put_helper(context, HELPER, program)
    context.layers.contribute(layer, LayerTypes(launch=True))
    return program
