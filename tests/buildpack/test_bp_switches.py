"""Variables that are on or off."""

import pytest

from gobp.buildpack.switches import is_on, is_test_image
from gobp.errors import UserError


@pytest.mark.parametrize("value", ["1", "t", "T", "TRUE", "true", "True", " true "])
def test_what_go_reads_as_true_is_on(value: str) -> None:
    assert is_on({"BP_X": value}, "BP_X")


@pytest.mark.parametrize("value", ["0", "f", "F", "FALSE", "false", "False"])
def test_what_go_reads_as_false_is_off(value: str) -> None:
    assert not is_on({"BP_X": value}, "BP_X", default=True)


@pytest.mark.parametrize("env", [{}, {"BP_X": ""}, {"BP_X": " "}])
def test_an_empty_variable_means_the_default(env: dict[str, str]) -> None:
    assert is_on(env, "BP_X", default=True)
    assert not is_on(env, "BP_X")


@pytest.mark.parametrize("value", ["yes", "on", "tRuE", "2"])
def test_any_other_value_is_an_error_that_names_the_variable(value: str) -> None:
    with pytest.raises(UserError, match="BP_X is"):
        is_on({"BP_X": value}, "BP_X")


def test_only_the_purpose_test_makes_an_image_of_tests() -> None:
    assert is_test_image({"CNB_EXEC_ENV": "test"})
    assert not is_test_image({"CNB_EXEC_ENV": "production"})
    assert not is_test_image({})
