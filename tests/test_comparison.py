"""docs/comparison.md claims nothing that no test proves."""

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "comparison.md"
ROWS = [
    [cell.strip() for cell in line.strip("|").split("|")]
    for line in PAGE.read_text().splitlines()
    if re.match(r"\| \d+ \|", line)
]
PROOF = re.compile(r"\[(test_\w+)\]\((\.\./[\w/]+\.py)\)")
MARKS = {"●", "◐", "○"}


def test_every_row_of_the_study_is_there_once() -> None:
    assert [int(row[0]) for row in ROWS] == [*range(1, 61)]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_mark_is_one_and_names_a_test_that_exists(row: list[str]) -> None:
    assert set(row[2:8]) <= MARKS
    proofs = PROOF.findall(row[8])
    assert proofs
    for name, path in proofs:
        source = (PAGE.parent / path).read_text()
        assert re.search(rf"^ *def {name}\(", source, re.MULTILINE), name


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_where_another_has_more_the_reason_is_written(row: list[str]) -> None:
    if "●" in row[2:7] and row[7] != "●":
        assert "reason: " in row[8]
