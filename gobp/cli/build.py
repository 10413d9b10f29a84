"""gobp build: an app's folder becomes an OCI image, without Docker."""

import os
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import click

from gobp.cli.forked import ForkedBuildpack
from gobp.cli.go_volume import VARIABLE, go_volume
from gobp.cli.module_sources import module_sources
from gobp.cli.options import app_argument, cache_option, env_options, on_path, read_env
from gobp.cli.own_buildpack import own_buildpack
from gobp.errors import UserError
from gobp.log import BuildLog
from gobp.platform.repeat import recall
from gobp.platform.request import BuildOutcome, BuildRequest
from gobp.system.process import Commands, SystemCommands


@click.command()
@app_argument
@click.option("--tag", "-t", help="Name of the image.  [default: the folder's name]")
@click.option(
    "--output",
    "-o",
    type=click.Path(path_type=Path),
    help="OCI layout folder, or a file *.tar that skopeo, podman and 'docker load' take."
    "  [default: NAME.oci]",
)
@env_options
@click.option(
    "--binding",
    "bindings",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder of a service binding (files type, provider and its entries). Repeatable.",
)
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="linux/ARCH",
    help="Build for another architecture. Repeatable: several make one image of all of them.",
)
@click.option("--run-image", default="", help="Layout, archive or reference to put the app on.")
@click.option(
    "--buildpack",
    "-b",
    "buildpacks",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Buildpack folder to use instead of gobp's own. Repeatable, in order.",
)
@click.option(
    "--launcher",
    type=click.Path(exists=True, path_type=Path),
    help="A lifecycle's launcher; the image is then laid out as the lifecycle does.",
)
@cache_option
@click.option(
    "--report",
    type=click.Path(path_type=Path),
    help="File or folder for the build report, JSON for programs.",
)
@click.option(
    "--no-module-proxy",
    is_flag=True,
    help="Do not use the 'gobp serve modules' that runs on this machine.",
)
@click.option("--clear-cache", is_flag=True, help="Forget what earlier builds left.")
@click.option("--publish", is_flag=True, help="Push the image to the registry in its name.")
@click.option("--verbose", "-v", is_flag=True, help="Say more.")
@click.pass_context
def build(context: click.Context, /, app: Path, **_: object) -> None:
    """Build the app in the folder APP into an OCI image.

    \b
    Examples:
      gobp build .
      gobp build . -t registry.example.com/team/app:v1 --publish
      gobp build . -o app.tar --target linux/arm64 --env BP_GO_TARGETS=./cmd/web
      gobp build . -t registry.example.com/app --publish --target linux/amd64 --target linux/arm64
    """  # noqa: D301 # click reads the character
    options = context.params
    log = BuildLog(debug=options["verbose"])
    with ForkedBuildpack(own_buildpack(), SystemCommands()) as commands:
        if not options["buildpacks"]:
            commands.get_ready()  # beside all that comes before the buildpack
        request = _request(app, options, log)
        architectures = _architectures(_strings(options["targets"]))
        environ = {**os.environ, "PATH": on_path(os.environ)}
        with go_volume(request.cache_dir, clear=request.clear_cache) as volume:
            if not options["buildpacks"]:
                request = replace(request, env={VARIABLE: str(volume), **request.env})
            _report(_made(request, architectures, log, commands, environ), log)


def _made(
    request: BuildRequest,
    architectures: tuple[str, ...],
    log: BuildLog,
    commands: Commands,
    environ: Mapping[str, str],
) -> BuildOutcome:
    """Make the image, of several architectures where several are named."""
    if len(architectures) == 1:
        request = replace(request, architecture=architectures[0])
        made = recall(request, log=log, environ=environ)
        if made is not None:
            return made
    # What builds is imported only by a build that has something to do.
    from gobp.platform.creator import create  # noqa: PLC0415
    from gobp.platform.several import create_for_all  # noqa: PLC0415

    if len(architectures) == 1:
        return create(request, log=log, commands=commands, environ=environ)
    return create_for_all(architectures, request, log=log, commands=commands, environ=environ)


def _request(app: Path, options: Mapping[str, object], log: BuildLog) -> BuildRequest:
    env = read_env(_strings(options["env"]), _path(options["env_file"]))
    tag = str(options["tag"] or _name_of(app))
    publish = bool(options["publish"])
    output = _path(options["output"])
    if output is None and not publish:
        output = Path(f"{_name_of(app)}.oci")
    bindings = _paths(options["bindings"])
    through_proxy = not (options["no_module_proxy"] or "GOPROXY" in env)
    return BuildRequest(
        app=app,
        buildpacks=_paths(options["buildpacks"]) or (own_buildpack(),),
        image=tag,
        cache_dir=_path(options["cache_dir"]) or Path(),
        output=output,
        env={
            **_defaults(options),
            **module_sources(log, proxy=through_proxy),
            **env,
            **_report_setting(options),
        },
        bindings={path.name: path for path in bindings},
        run_image=str(options["run_image"]),
        launcher=_path(options["launcher"]),
        clear_cache=bool(options["clear_cache"]),
        anew=bool(options["verbose"] or options["report"] or "BP_BUILD_REPORT" in env),
        publish=publish,
    )


def _defaults(options: Mapping[str, object]) -> dict[str, str]:
    """Return settings for gobp's own buildpack: no program that a launcher would have to run."""
    if options["launcher"] or options["buildpacks"]:
        return {}
    return {"BP_RUNTIME_CERT_BINDING_DISABLED": "true"}


def _report_setting(options: Mapping[str, object]) -> dict[str, str]:
    """Return the variable by which gobp's buildpack writes its report where the user wants it."""
    path = _path(options["report"])
    return {"BP_BUILD_REPORT": str(path.resolve())} if path else {}


def _name_of(app: Path) -> str:
    name = re.sub(r"[^a-z0-9._-]+", "-", app.resolve().name.lower()).strip("-._")
    return name or "app"


def _architectures(targets: tuple[str, ...]) -> tuple[str, ...]:
    """Return the architectures that the image is for, each once; "" is this machine's."""
    return tuple(dict.fromkeys(_architecture(target) for target in targets)) or ("",)


def _architecture(target: str) -> str:
    os_name, _, architecture = target.partition("/")
    if os_name != "linux" or architecture not in {"amd64", "arm64"}:
        raise UserError(
            f"--target is {target!r}, which gobp does not build for",
            remedy="use linux/amd64 or linux/arm64.",
        )
    return architecture


def _report(outcome: BuildOutcome, log: BuildLog) -> None:
    log.gap()
    log.title(f"Image {outcome.reference}")
    log.process(f"digest  {outcome.digest}")
    for where in outcome.where:
        log.process(f"in      {where}")
    names = [_process_name(each.process.type, outcome) for each in outcome.processes]
    log.process(f"starts  {', '.join(names) or 'nothing: it has no process'}")
    if outcome.reused:
        log.process(f"reused  {', '.join(outcome.reused)}")
    phases = ", ".join(f"{name} {seconds:.1f}s" for name, seconds in outcome.durations.items())
    log.process(f"took    {sum(outcome.durations.values()):.1f}s ({phases})")


def _process_name(name: str, outcome: BuildOutcome) -> str:
    return f"{name} (default)" if name == outcome.default_process else name


def _strings(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple) else ()


def _paths(value: object) -> tuple[Path, ...]:
    return tuple(Path(str(each)) for each in value) if isinstance(value, tuple) else ()


def _path(value: object) -> Path | None:
    return Path(str(value)) if value else None
