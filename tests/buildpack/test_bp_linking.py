"""How programs are linked for the run image they will be in."""

import pytest

from gobp.buildpack.component import DetectContext
from gobp.buildpack.go.linking import read_linking
from gobp.buildpack.go_build.config import read_config
from gobp.cnb.phases import Target
from gobp.errors import UserError
from tests.fakes.memory_tree import MemoryTree

GLIBC = Target("linux", "amd64", distro_name="ubuntu", distro_version="24.04")
ALPINE = Target("linux", "amd64", distro_name="alpine", distro_version="3.21")
STATIC_STACK = "io.buildpacks.stacks.noble.static"
APP = {"go.mod": "module a\n", "main.go": "package main\n"}


def flags(target: Target = GLIBC, **env: str) -> tuple[str, ...]:
    return read_config(DetectContext(MemoryTree(APP), env, target=target)).flags


def test_a_run_image_with_glibc_gets_a_pie_and_cgo_as_go_decides() -> None:
    linking = read_linking({}, GLIBC)

    assert (linking.static, linking.buildmode, linking.cgo) == (False, "pie", "")


@pytest.mark.parametrize(
    ("env", "target", "reason"),
    [
        ({}, ALPINE, "alpine"),
        ({}, Target("linux", "amd64", distro_name="distroless-static"), "distroless-static"),
        ({"CNB_STACK_ID": STATIC_STACK}, GLIBC, STATIC_STACK),
        ({"BP_GO_STATIC": "true"}, GLIBC, "BP_GO_STATIC"),
    ],
)
def test_a_run_image_without_it_gets_a_static_program(
    env: dict[str, str], target: Target, reason: str
) -> None:
    linking = read_linking(env, target)

    assert (linking.static, linking.buildmode, linking.cgo) == (True, "exe", "0")
    assert reason in linking.because


@pytest.mark.parametrize("stack", ["io.buildpacks.stacks.jammy.tiny", "io.buildpacks.stacks.noble"])
def test_tiny_images_have_glibc(stack: str) -> None:
    assert not read_linking({"CNB_STACK_ID": stack}, GLIBC).static


def test_the_variable_wins_over_what_is_known_of_the_run_image() -> None:
    assert not read_linking({"BP_GO_STATIC": "false"}, ALPINE).static


def test_a_variable_that_is_neither_true_nor_false_is_refused() -> None:
    with pytest.raises(UserError, match="BP_GO_STATIC"):
        read_linking({"BP_GO_STATIC": "musl"}, GLIBC)


def test_the_build_mode_of_the_user_wins() -> None:
    assert "-buildmode=pie" in flags(ALPINE, BP_GO_BUILD_FLAGS="-buildmode=pie")
    assert "-buildmode=exe" in flags(ALPINE)


def test_with_cgo_the_c_linker_links_statically_beside_the_ldflags_of_the_user() -> None:
    static = "-linkmode external -extldflags -static"

    assert f"-ldflags={static}" in flags(BP_GO_STATIC="true", CGO_ENABLED="1")
    assert f"-ldflags=-s {static}" in flags(
        BP_GO_STATIC="true", CGO_ENABLED="1", BP_GO_BUILD_LDFLAGS="-s"
    )


def test_ldflags_that_say_how_to_link_c_code_stay_as_they_are() -> None:
    theirs = "-extldflags=-static-pie"

    assert f"-ldflags={theirs}" in flags(
        BP_GO_STATIC="true", CGO_ENABLED="1", BP_GO_BUILD_LDFLAGS=theirs
    )


def test_without_cgo_the_linker_needs_no_word() -> None:
    assert not [flag for flag in flags(BP_GO_STATIC="true") if "ldflags" in flag]
