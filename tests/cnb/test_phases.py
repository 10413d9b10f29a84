import pytest

from gobp.cnb.inputs import given
from gobp.cnb.phases import BuildInputs, Target
from gobp.errors import UserError

_ENV = {
    "CNB_PLATFORM_DIR": "/platform",
    "CNB_BUILD_PLAN_PATH": "/tmp/plan.toml",
    "CNB_LAYERS_DIR": "/layers/gobp_go",
    "CNB_BP_PLAN_PATH": "/tmp/bp-plan.toml",
    "CNB_BUILDPACK_DIR": "/cnb/buildpacks/gobp_go/1.0.0",
    "CNB_TARGET_OS": "linux",
    "CNB_TARGET_ARCH": "arm64",
    "CNB_TARGET_ARCH_VARIANT": "v8",
    "CNB_TARGET_DISTRO_NAME": "debian",
    "CNB_TARGET_DISTRO_VERSION": "12",
}
_TARGET = Target("linux", "arm64", "v8", "debian", "12")
_OLD_ENV = {"CNB_BUILDPACK_DIR": "/cnb/bp"}


def test_variables_win_over_arguments() -> None:
    build = BuildInputs.from_environment(_ENV, ["/other", "/other", "/other"])

    assert build == BuildInputs(
        "/layers/gobp_go", "/platform", "/tmp/bp-plan.toml", _ENV["CNB_BUILDPACK_DIR"], _TARGET
    )


def test_arguments_do_where_an_old_lifecycle_sets_no_variables() -> None:
    build = BuildInputs.from_environment(_OLD_ENV, ["/l", "/p", "/plan"], architecture="amd64")

    assert build == BuildInputs("/l", "/p", "/plan", "/cnb/bp", Target("linux", "amd64"))


@pytest.mark.parametrize(
    ("arguments", "missing"), [([], "CNB_LAYERS_DIR"), (["/l", "/p", ""], "CNB_BP_PLAN_PATH")]
)
def test_what_neither_gives_is_named(arguments: list[str], missing: str) -> None:
    with pytest.raises(UserError, match=f"{missing} is not set"):
        BuildInputs.from_environment(_OLD_ENV, arguments)


def test_what_detect_is_given_wins_in_the_same_order() -> None:
    assert given("CNB_BUILD_PLAN_PATH", _ENV, ["/p", "/other"], 1) == "/tmp/plan.toml"
    assert given("CNB_BUILD_PLAN_PATH", _OLD_ENV, ["/p", "/plan"], 1) == "/plan"


def test_the_buildpack_folder_must_be_given() -> None:
    with pytest.raises(UserError, match="CNB_BUILDPACK_DIR is not set"):
        BuildInputs.from_environment({}, ["/l", "/p", "/plan"])


def test_a_target_survives_its_variables() -> None:
    assert Target.from_environment(_TARGET.to_environment()) == _TARGET


def test_only_known_parts_of_a_target_are_set() -> None:
    assert Target("linux", "amd64").to_environment() == {
        "CNB_TARGET_OS": "linux",
        "CNB_TARGET_ARCH": "amd64",
    }
