"""The platforms that the real go command names, and what is said of others."""

import os
from pathlib import Path

import pytest

from gobp.buildservice.builds.order import Target
from gobp.buildservice.builds.targets import Targets, parse_target, target_env
from gobp.buildservice.resolving.resolver import NotResolvedError
from gobp.errors import UserError
from gobp.system.process import SystemCommands


@pytest.fixture(scope="module")
def targets() -> Targets:
    return Targets.of_go(SystemCommands(), os.environ)


def refusal(targets: Targets, *parts: str) -> str:
    with pytest.raises(NotResolvedError) as caught:
        targets.check(Target(*parts))
    assert caught.value.status == 400
    return caught.value.text


def test_all_of_go_are_there_and_the_first_class_ones_come_first(targets: Targets) -> None:
    names = [str(each) for each in targets.platforms]
    assert {"linux/amd64", "windows/arm64", "ios/arm64", "js/wasm"} <= set(names)
    first = [each.first_class for each in targets.platforms]
    assert first == sorted(first, reverse=True)
    assert names[0] == "darwin/amd64"


@pytest.mark.parametrize("text", ["linux/arm/7", "linux/amd64/v3", "linux/amd64", "js/wasm"])
def test_a_platform_with_and_without_a_variant_is_fine(targets: Targets, text: str) -> None:
    target = parse_target(text)
    targets.check(target)
    assert str(target) == text


def test_an_unknown_platform_is_refused_with_what_was_meant(targets: Targets) -> None:
    assert "linux/amd64" in refusal(targets, "linux", "amd46")
    assert "windows/386" in refusal(targets, "Windows", "386")


def test_what_resembles_nothing_is_answered_with_the_first_class_platforms(
    targets: Targets,
) -> None:
    text = refusal(targets, "bogus", "zzz")
    assert "'bogus/zzz'" in text
    assert "darwin/arm64" in text
    assert "plan9" not in text


def test_an_unknown_variant_is_refused_with_those_there_are(targets: Targets) -> None:
    assert "5, 6, 7" in refusal(targets, "linux", "arm", "8")
    assert "it may be none" in refusal(targets, "js", "wasm", "v1")
    assert "no variant" in refusal(targets, "linux", "amd64", "v1;rm")


@pytest.mark.parametrize("text", ["", "linux", "linux/", "/amd64", "a/b/c/d"])
def test_what_is_no_target_is_refused(text: str) -> None:
    with pytest.raises(NotResolvedError, match="GOOS/GOARCH"):
        parse_target(text)


def test_a_target_becomes_the_variables_of_go() -> None:
    assert target_env(Target("linux", "arm", "6")) == {
        "GOOS": "linux",
        "GOARCH": "arm",
        "GOARM": "6",
    }
    assert target_env(Target("linux", "amd64")) == {"GOOS": "linux", "GOARCH": "amd64"}


def test_go_builds_for_every_variant_that_is_offered(targets: Targets) -> None:
    for platform in targets.platforms:
        for variant in platform.variants:
            env = target_env(Target(platform.goos, platform.goarch, variant))
            name = next(iter(env.keys() - {"GOOS", "GOARCH"}))
            assert name.startswith("GO")
    # go env refuses values that it does not know, one of each kind is enough
    for arch, variant in [("arm64", "v9.5"), ("riscv64", "rva23u64"), ("ppc64le", "power10")]:
        env = target_env(Target("linux", arch, variant))
        done = SystemCommands().capture(
            ["go", "list", "runtime"], cwd=Path("/"), env={**os.environ, **env}
        )
        assert done.status == 0, done.stderr


def test_a_machine_without_go_is_told_so() -> None:
    with pytest.raises(UserError, match="which platforms"):
        Targets.of_go(SystemCommands(), {"PATH": "/nonexistent"})
