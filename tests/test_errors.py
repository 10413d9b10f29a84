"""gobp.errors: what a user reads."""

from gobp.errors import UserError


def test_an_error_reads_summary_detail_remedy_in_this_order() -> None:
    error = UserError("go.mod:3: unknown word", detail="one\n\ntwo", remedy="remove it.")

    assert str(error) == "go.mod:3: unknown word\n  one\n\n  two\nTo fix it: remove it."


def test_an_error_without_detail_has_two_lines() -> None:
    assert str(UserError("it is wrong", remedy="mend it.")) == "it is wrong\nTo fix it: mend it."


def test_the_parts_of_an_error_can_be_read_one_by_one() -> None:
    error = UserError("summary", detail="detail", remedy="remedy")

    assert (error.summary, error.detail, error.remedy) == ("summary", "detail", "remedy")
    assert error.args == ("summary",)
