"""Adds the process ``test`` and what go needs to run it without network, as any user."""

from collections.abc import Mapping
from pathlib import Path

from gobp.buildpack.app.layout import AppLayout, Mode, Vendor, read_layout
from gobp.buildpack.component import BuildContext, DetectContext
from gobp.buildpack.go.checks import TEST, Asked, asked, flags_of_tests
from gobp.buildpack.go.command import go_environment
from gobp.buildpack.go.compiling import flags_for_tests, mod_flag
from gobp.buildpack.go.gopath import Workplace, import_path
from gobp.buildpack.go.linking import read_linking
from gobp.buildpack.go.packages import all_packages
from gobp.buildpack.layers import Layer
from gobp.cnb.env import LayerEnvironment, Modification, Operation
from gobp.cnb.launch import Launch, Process
from gobp.cnb.layer import LayerTypes
from gobp.errors import UserError
from gobp.system.files import copy_tree

LAYER = "test"
PROCESS = "test"
# The home of the image's user need not be writable; a user of the image may name other places.
_WRITABLE = {"GOCACHE": "/tmp/go-build", "GOPATH": "/tmp/go"}  # noqa: S108 # of the container


def build(context: BuildContext) -> Launch:
    """Name the process that tests; the source is left in the image by source-removal.

    Raises UserError.
    """
    _check_architecture(context)
    layout = read_layout(context.facts.app, context.env)
    tests = read_tests(context.facts)
    layer = context.layers.layer(LAYER)
    layer.reset()
    variables = {**_variables(context, layout), **_modules(context, layout, layer)}
    environment = LayerEnvironment(
        launch=tuple(
            Modification(name, Operation.DEFAULT, value) for name, value in variables.items()
        )
    )
    context.layers.contribute(layer, LayerTypes(launch=True), environment=environment)
    process = Process(
        type=PROCESS,
        command=("go", "test", *flags_for_tests(context.facts, layout, tests.flags)),
        args=tests.packages or _all(context, layout),
        default=True,
        working_directory=str(_folder(context, layout, layer)),
    )
    context.log.process("The image runs the app's tests (CNB_EXEC_ENV):")
    context.log.subprocess(f"{PROCESS}: {' '.join((*process.command, *process.args))}")
    context.log.gap()
    return Launch(processes=(process,))


def read_tests(facts: DetectContext) -> Asked:
    """Read how to test: BP_GO_TEST_FLAGS and BP_GO_TEST. Raises UserError."""
    return Asked(on=True, words=(*flags_of_tests(facts.env), *asked(facts.env, TEST).words))


def _check_architecture(context: BuildContext) -> None:
    """Raise UserError where the Go of the build, which goes into the image, cannot run there."""
    target, here = context.facts.target.arch, context.host.architecture
    if target != here:
        raise UserError(
            f"an image that tests cannot be made for {target} on {here}: it holds Go itself",
            remedy=f"build it on {target}, or test in the build with BP_GO_TEST=true.",
        )


def _variables(context: BuildContext, layout: AppLayout) -> dict[str, str]:
    """Return the environment of go in the image, where it finds nothing but the app."""
    cgo = read_linking(context.env, context.facts.target).cgo
    flags = (context.env.get("GOFLAGS", ""), mod_flag(context.facts, layout))
    return {
        **_WRITABLE,
        "GOFLAGS": " ".join(flag for flag in flags if flag),
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        **({"CGO_ENABLED": cgo} if cgo else {}),
    }


def _modules(context: BuildContext, layout: AppLayout, layer: Layer) -> Mapping[str, str]:
    """Put what is not in the app's vendor folder into the layer; return how go finds it."""
    if layout.mode is Mode.GOPATH:
        target = _folder(context, layout, layer)
        target.parent.mkdir(parents=True)
        copy_tree(context.app_dir / layout.workdir, target)
        return {"GOPATH": str(layer.path), "GO111MODULE": "off"}
    cache = context.env.get("GOMODCACHE", "")
    if layout.vendor is Vendor.OF_GO or not Path(cache).is_dir() or not cache:
        return {}
    copy_tree(Path(cache), layer.path / "modules")
    return {"GOMODCACHE": str(layer.path / "modules")}


def _folder(context: BuildContext, layout: AppLayout, layer: Layer) -> Path:
    if layout.mode is Mode.GOPATH:
        return layer.path / "src" / import_path(context.env)
    return context.app_dir / layout.workdir


def _all(context: BuildContext, layout: AppLayout) -> tuple[str, ...]:
    env = go_environment(context.env, context.app_dir)
    return all_packages(context, layout, Workplace(context.app_dir / layout.workdir, env))
