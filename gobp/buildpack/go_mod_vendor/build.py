"""Runs ``go mod vendor``, or ``go work vendor`` for a workspace, unless the app is vendored."""

from collections.abc import Mapping
from pathlib import Path

from gobp.buildpack.app.layout import AppLayout, Vendor, read_layout
from gobp.buildpack.cache_layer import open_cache
from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.command import go_environment, run_go
from gobp.buildpack.go_mod_vendor.commands import fetch_argv
from gobp.buildpack.layers import Layer
from gobp.cnb.env import LayerEnvironment, Modification, Operation
from gobp.cnb.launch import Launch
from gobp.cnb.layer import LayerTypes

LAYER = "mod-cache"


def build(context: BuildContext) -> Launch:
    """Vendor the app's modules; the module cache stays for the next build."""
    layout = read_layout(context.facts.app, context.env)
    if layout.vendor is Vendor.OF_GO:
        context.log.process("Skipping build process: modules are already vendored")
        context.log.gap()
        return Launch()
    layer = open_cache(context, LAYER, "cached modules")
    env = {**go_environment(context.env, context.app_dir), "GOMODCACHE": str(layer.path)}
    root = context.app_dir / layout.root
    context.log.process("Executing build process")
    _make_workspace(context, layout, env)
    run_go(context, fetch_argv(layout), cwd=root, env=env)
    context.log.gap()
    _keep(context, layer)
    return Launch()


def _make_workspace(context: BuildContext, layout: AppLayout, env: Mapping[str, str]) -> None:
    """Make the workspace that BP_GO_WORK_USE asks for, or add to the one that is there."""
    if not layout.use:
        return
    workdir = context.app_dir / layout.workdir
    if not (context.app_dir / layout.root / "go.work").exists():
        run_go(context, ("go", "work", "init"), cwd=workdir, env=env)
    run_go(context, ("go", "work", "use", *layout.use), cwd=workdir, env=env)


def _keep(context: BuildContext, layer: Layer) -> None:
    if not any(Path(layer.path).iterdir()):  # nothing to cache is an error on old lifecycles
        return
    modules = Modification("GOMODCACHE", Operation.OVERRIDE, str(layer.path))
    context.layers.contribute(
        layer,
        LayerTypes(build=True, cache=True),
        environment=LayerEnvironment(build=(modules,)),
    )
