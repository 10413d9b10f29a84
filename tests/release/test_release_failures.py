"""The page of failures is that of the catalogue."""

import re

from gobp.golang.failures.catalogue import FAILURES, ROOT_CAUSES
from release import failures


def test_the_page_is_that_of_the_catalogue() -> None:
    assert failures.PAGE.read_text() == failures.page(), "run python -m release.failures"


def test_the_page_has_a_row_for_every_failure() -> None:
    rows = re.findall(r"^\| `([a-z-]+)` \|", failures.page(), re.MULTILINE)

    assert {each.code for each in (*ROOT_CAUSES, *FAILURES)} <= set(rows)


def test_no_row_of_the_page_breaks_its_table() -> None:
    rows = [line for line in failures.page().splitlines() if line.startswith("| `")]

    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {3, 4}
    assert not [row for row in rows if re.search(r"\{\w+\}", row)]
