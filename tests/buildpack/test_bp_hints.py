"""Settings that are meant for a Go build and that this one does not read."""

import pytest

from gobp.buildpack.reporting.hints import hints
from gobp.buildpack.reporting.variables import VARIABLES


@pytest.mark.parametrize(
    ("name", "ours"),
    [
        ("GOOGLE_GO_VERSION", "BP_GO_VERSION"),
        ("GOOGLE_BUILDABLE", "BP_GO_TARGETS"),
        ("GOOGLE_GOLDFLAGS", "BP_GO_BUILD_LDFLAGS"),
        ("GOOGLE_ENTRYPOINT", "BP_PROCFILE_DEFAULT_PROCESS"),
        ("GOOGLE_LABEL_TEAM", "BP_IMAGE_LABELS"),
        ("GO_INSTALL_PACKAGE_SPEC", "BP_GO_TARGETS"),
    ],
)
def test_a_name_of_another_buildpack_is_answered_with_ours(name: str, ours: str) -> None:
    assert [*hints({name: "secret"})] == [f"{name} is not read here; use {ours}"]


def test_what_needs_no_counterpart_says_why() -> None:
    (hint,) = hints({"GOOGLE_CLEAR_SOURCE": "true"})

    assert hint.endswith("the source never stays in the image")


@pytest.mark.parametrize(
    ("name", "meant"),
    [("BP_GO_TARGET", "BP_GO_TARGETS"), ("BP_GO_BUILD_LD_FLAGS", "BP_GO_BUILD_LDFLAGS")],
)
def test_a_misspelt_name_is_answered_with_the_one_that_is_meant(name: str, meant: str) -> None:
    (hint,) = hints({name: "x"})

    assert hint == f"{name} is not a variable of this buildpack; did you mean {meant}?"


def test_a_name_like_no_other_is_only_said_to_be_unknown() -> None:
    assert [*hints({"BP_GO_COFFEE_MACHINE": "on"})] == [
        "BP_GO_COFFEE_MACHINE is not a variable of this buildpack"
    ]


def test_variables_of_this_and_of_other_buildpacks_pass_without_a_word() -> None:
    known = {each.name.removesuffix("*"): "x" for each in VARIABLES}

    assert [*hints({**known, "BP_NODE_VERSION": "22", "PORT": "80", "GOMAXPROCS": "2"})] == []


def test_the_file_that_paketo_gave_up_is_answered_with_variables() -> None:
    (hint,) = hints({}, ("buildpack.yml", "main.go"))

    assert hint.startswith("buildpack.yml is not read here; set variables (BP_GO_VERSION")
