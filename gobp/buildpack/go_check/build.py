"""Runs ``go vet`` and ``go test`` as the build will compile: with its flags and its cache."""

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.command import run_go
from gobp.buildpack.go.compiling import compile_environment
from gobp.buildpack.go.gopath import workplace
from gobp.buildpack.go.packages import all_packages
from gobp.buildpack.go_check.config import CheckConfig, read_config
from gobp.buildpack.go_check.testing import run_tests
from gobp.cnb.launch import Launch


def build(context: BuildContext) -> Launch:
    """Check. Raises UserError where the app does not pass."""
    config = read_config(context.facts)
    if config.vet.on:
        _vet(context, config)
    if config.test.on:
        _test(context, config)
    return Launch()


def _vet(context: BuildContext, config: CheckConfig) -> None:
    """Vet the code that is built: that of the image's architecture."""
    env = compile_environment(context, context.facts.target.arch)
    context.log.process("Vetting the app")
    with workplace(context, config.layout, env) as place:
        packages = config.vet.packages or all_packages(context, config.layout, place)
        argv = ("go", "vet", *config.build_flags, *config.vet.flags, *packages)
        run_go(context, argv, cwd=place.folder, env=place.env)
    context.log.gap()


def _test(context: BuildContext, config: CheckConfig) -> None:
    """Test on this machine, also where the image is for another one."""
    env = compile_environment(context, context.host.architecture)
    context.log.process(f"Testing the app{_elsewhere(context)}")
    with workplace(context, config.layout, env) as place:
        packages = config.test.packages or all_packages(context, config.layout, place)
        argv = ("go", "test", "-json", *config.test_flags, *packages)
        run_tests(context, argv, place, report=config.report)
    context.log.gap()


def _elsewhere(context: BuildContext) -> str:
    target, here = context.facts.target.arch, context.host.architecture
    return f" on {here}, as the build runs there (the image is for {target})" * (target != here)
