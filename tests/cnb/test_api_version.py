import pytest

from gobp.cnb.api_version import at_least, parse
from gobp.errors import UserError


@pytest.mark.parametrize(
    ("api", "minimum", "answer"),
    [("0.10", "0.9", True), ("0.9", "0.9", True), ("0.9", "0.10", False), ("1", "0.12", True)],
)
def test_versions_are_compared_as_numbers(api: str, minimum: str, answer: bool) -> None:  # noqa: FBT001 # a row of the table
    assert at_least(api, minimum) is answer


@pytest.mark.parametrize("text", ["", "v0.9", "0.9.1", "0.", "\u0660.\u0661", "0.9\n"])
def test_anything_else_is_no_version(text: str) -> None:
    with pytest.raises(UserError, match=r"API version in buildpack\.toml"):
        parse(text, source="buildpack.toml")
