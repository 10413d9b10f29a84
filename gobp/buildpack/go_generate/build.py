"""Runs ``go generate`` in the folder that is built, with what the build itself has at hand."""

from gobp.buildpack.app.layout import Mode, Vendor, read_layout
from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.command import run_go
from gobp.buildpack.go.compiling import compile_environment
from gobp.buildpack.go.flags import flag_name
from gobp.buildpack.go.gopath import Workplace
from gobp.buildpack.go.packages import all_packages
from gobp.buildpack.go_generate.config import read_config
from gobp.cnb.launch import Launch


def build(context: BuildContext) -> Launch:
    """Generate. The components after this one find the source as the generators leave it."""
    config = read_config(context.facts)
    layout = read_layout(context.facts.app, context.env)
    if layout.mode is Mode.GOPATH:
        context.log.warning("go generate is left out: it needs an app with a go.mod")
        context.log.gap()
        return Launch()
    # Generators run in the build, whatever machine the image is for.
    env = compile_environment(context, context.host.architecture)
    place = Workplace(context.app_dir / layout.workdir, _past(layout.vendor, env))
    packages = config.packages or all_packages(context, layout, place)
    context.log.process("Executing build process")
    argv = ("go", "generate", *config.flags, *packages)
    run_go(context, argv, cwd=place.folder, env=place.env)
    context.log.gap()
    return Launch()


def _past(vendor: Vendor, env: dict[str, str]) -> dict[str, str]:
    """Return the environment that lets ``go run`` look past a vendor folder that is not go's."""
    flags = env["GOFLAGS"].split()
    if vendor is not Vendor.OTHER or "mod" in {flag_name(flag) for flag in flags}:
        return env
    return {**env, "GOFLAGS": " ".join((*flags, "-mod=readonly"))}
