"""Brings the app's modules into its vendor folder, unless they are there or can be put back.

By ``go mod vendor``, or ``go work vendor`` for a workspace. A vendor folder made from the same
go.mod, go.sum and imports is the same folder, so that of an earlier build serves.
"""

from collections.abc import Mapping

from gobp.buildpack.app.layout import AppLayout, Vendor, read_layout
from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.command import go_environment, run_go
from gobp.buildpack.go_mod_vendor import downloads, prefetch, vendor_store
from gobp.buildpack.go_mod_vendor.commands import fetch_argv, fetch_environment
from gobp.buildpack.go_mod_vendor.modules import (
    ModuleCache,
    keep_modules,
    open_modules,
)
from gobp.buildpack.go_mod_vendor.vendor_key import still_holds, vendor_key
from gobp.cnb.launch import Launch


def build(context: BuildContext) -> Launch:
    """Vendor the app's modules; they and the module cache stay for the next build."""
    layout = read_layout(context.facts.app, context.env)
    if layout.vendor is Vendor.OF_GO:
        context.log.process("Skipping build process: modules are already vendored")
        context.log.gap()
        return Launch()
    modules = open_modules(context)
    prefetch.adopt(context, modules)
    key = vendor_key(context, layout)
    if not (key and vendor_store.restore(context, layout, key)):
        _fetch(context, layout, modules, key)
    context.log.gap()
    keep_modules(context, modules)
    downloads.leave_at_end(context, modules, go_sum_has_all=bool(key))
    return Launch()


def _fetch(
    context: BuildContext, layout: AppLayout, modules: ModuleCache, key: Mapping[str, str]
) -> None:
    env = {
        **go_environment(context.env, context.app_dir),
        **fetch_environment(context.env),
        "GOMODCACHE": str(modules.path),
    }
    root = context.app_dir / layout.root
    context.log.process("Executing build process")
    _make_workspace(context, layout, env)
    run_go(context, fetch_argv(layout), cwd=root, env=env)
    if key and still_holds(key, root):
        vendor_store.save(context, layout, key)


def _make_workspace(context: BuildContext, layout: AppLayout, env: Mapping[str, str]) -> None:
    """Make the workspace that BP_GO_WORK_USE asks for, or add to the one that is there."""
    if not layout.use:
        return
    workdir = context.app_dir / layout.workdir
    if not (context.app_dir / layout.root / "go.work").exists():
        run_go(context, ("go", "work", "init"), cwd=workdir, env=env)
    run_go(context, ("go", "work", "use", *layout.use), cwd=workdir, env=env)
