"""docs/comparison.md and docs/modproxy-pains.md claim nothing that no test proves."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "comparison.md"
PAINS = PAGE.with_name("modproxy-pains.md")


def rows(page: Path) -> list[list[str]]:
    """Return the cells of each row with a number."""
    lines = (line for line in page.read_text().splitlines() if re.match(r"\| \d+ \|", line))
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip("|"))] for line in lines]


ROWS = rows(PAGE)
PROOF = re.compile(r"\[(test_\w+)\]\((\.\./[\w/]+\.py)\)")
MARKS = {"●", "◐", "○"}


def test_every_row_of_the_study_is_there_once() -> None:
    assert [int(row[0]) for row in ROWS] == [*range(1, 61)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_mark_is_one_and_names_a_test_that_exists(row: list[str]) -> None:
    assert set(row[2:8]) <= MARKS
    assert_proven(row[8])


@pytest.mark.parametrize("row", rows(PAINS), ids=lambda row: row[0])
def test_every_pain_has_an_answer_that_a_test_proves(row: list[str]) -> None:
    assert len(row) == 4
    assert_proven(row[3])


def test_every_pain_of_the_study_is_there_once() -> None:
    assert [int(row[0]) for row in rows(PAINS)] == [*range(1, 21)]


def assert_proven(cell: str) -> None:
    proofs = PROOF.findall(cell)
    assert proofs
    for name, path in proofs:
        source = (PAGE.parent / path).read_text()
        assert re.search(rf"^ *def {name}\(", source, re.MULTILINE), name


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_where_another_has_more_the_reason_is_written(row: list[str]) -> None:
    if "●" in row[2:7] and row[7] != "●":
        assert "reason: " in row[8]
