"""Compiles every target with one go build, and names a process for each program."""

import posixpath
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from gobp.buildpack.app.layout import Mode
from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.command import run_go
from gobp.buildpack.go.compile_cache import keep_compile_cache
from gobp.buildpack.go.compiling import compile_environment
from gobp.buildpack.go.gopath import Workplace, import_path, workplace
from gobp.buildpack.go.recipe import Recipe, build_variables, write_recipe
from gobp.buildpack.go_build.binaries import list_binaries
from gobp.buildpack.go_build.config import BuildConfig, read_config
from gobp.buildpack.go_build.keep import assigned
from gobp.buildpack.go_build.kept import drop_untouched, keep_programs, put_back
from gobp.buildpack.go_build.notices import say_what_go_does, say_what_is_old
from gobp.buildpack.go_build.processes import launch_processes
from gobp.buildpack.go_build.stamping import flags_after_failure, stamping_flags
from gobp.buildpack.layers import Layer
from gobp.buildpack.reporting.debug_log import log_go
from gobp.buildpack.switches import LIVE_RELOAD, is_on
from gobp.buildpack.unchanged.noted import PROGRAMS, TARGETS
from gobp.cnb.launch import Launch, Process
from gobp.cnb.layer import LayerTypes
from gobp.errors import UserError

_NO_REVISION = "vcs-status"  # in the catalogue of failures: git cannot read the repository


def build(context: BuildContext) -> Launch:
    """Compile, and name the processes."""
    config = read_config(context.facts)
    context.log.process(f"Building {', '.join(config.targets)} ({config.targets_because})")
    say_what_is_old(context, config.layout)
    if config.linking.static:
        context.log.process(f"Linking statically: {config.linking.because}")
    targets = context.layers.layer(TARGETS)
    env = compile_environment(context, context.facts.target.arch)
    log_go(context, env)
    context.log.process("Executing build process")
    with workplace(context, config.layout, env) as place:
        stamping = stamping_flags(context, config, place.folder, place.env)
        config = replace(config, flags=(*stamping, *config.flags))
        say_what_go_does(context, config, cwd=place.folder, env=place.env)
        binaries = list_binaries(context, config, cwd=place.folder, env=place.env)
        output = targets.reset() / "bin"
        output.mkdir()
        put_back(context, config, binaries, output)
        config = _compile(context, config, place, output)
        drop_untouched(output)
    _check(binaries, targets)
    keep_programs(context, config, binaries, output)
    keep_compile_cache(context)
    processes = launch_processes(binaries, f"{targets.path}/bin")
    if is_on(context.env, LIVE_RELOAD):
        write_recipe(_recipe(context, config, place, processes), targets.path)
    context.layers.contribute(targets, LayerTypes(launch=True), metadata={PROGRAMS: list(binaries)})
    return assigned(context, processes)


def _compile(
    context: BuildContext, config: BuildConfig, place: Workplace, output: Path
) -> BuildConfig:
    """Compile, once more without the revision where only that fails; return what was built."""
    try:
        _run_go_build(context, config, place, output)
    except UserError as error:
        without = error.code == _NO_REVISION and flags_after_failure(
            context, config, place.folder, place.env
        )
        if not without:
            raise
        config = replace(config, flags=(*without, *config.flags))
        _run_go_build(context, config, place, output)
    return config


def _run_go_build(
    context: BuildContext, config: BuildConfig, place: Workplace, output: Path
) -> None:
    argv = go_build_argv(f"{output}/", config.flags, config.targets)
    run_go(context, argv, cwd=place.folder, env=place.env)


def go_build_argv(output: str, flags: Sequence[str], targets: Sequence[str]) -> tuple[str, ...]:
    """Return the one command that compiles every target into a folder."""
    return ("go", "build", "-o", output, *flags, *targets)


def _recipe(
    context: BuildContext, config: BuildConfig, place: Workplace, processes: Sequence[Process]
) -> Recipe:
    """Return what it takes to repeat this build in the image."""
    layout = config.layout
    return Recipe(
        processes={each.type: posixpath.basename(each.command[0]) for each in processes},
        flags=config.flags,
        targets=config.targets,
        workdir=layout.workdir,
        vendor=posixpath.join(layout.root, "vendor") if layout.mode is not Mode.GOPATH else "",
        import_path=import_path(context.env) if layout.mode is Mode.GOPATH else "",
        env=build_variables(place.env),
    )


def _check(binaries: Sequence[str], targets: Layer) -> None:
    """Make sure that every process has its program, whatever flags did to the build."""
    built = {path.name for path in (targets.path / "bin").iterdir()}
    missing = [name for name in binaries if name not in built]
    if missing:
        raise UserError(
            f"go build made no program named {', '.join(missing)}",
            detail=f"it made: {', '.join(sorted(built)) or 'nothing'}",
            remedy="check the flags in BP_GO_BUILD_FLAGS: some of them (-n, for example) keep go "
            "from writing programs.",
        )
