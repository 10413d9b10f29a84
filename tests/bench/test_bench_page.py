"""The page has the figures that there are, and says of others how to get them."""

import json
from pathlib import Path

from bench.page import PAGE, with_figures

TEXT = "Words.\n\n<!-- figures: pack -->\nold\n<!-- end -->\n\nMore words.\n"


def measured(folder: Path) -> None:
    lines = [
        {"app": "age", "case": case, "side": side, "round": number, "seconds": seconds + number}
        for case, side, seconds in (
            ("cold", "gobp offline", 12.0),
            ("edit", "gobp offline", 3.0),
            ("cold", "empty", 1.0),
        )
        for number in range(3)
    ]
    (folder / "pack.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_section_is_made_of_medians_and_leasts(tmp_path: Path) -> None:
    measured(tmp_path)

    text = with_figures(TEXT, tmp_path, tmp_path)

    assert text == (
        "Words.\n\n<!-- figures: pack -->\n\n"
        "| age, seconds | cold | no change | edit | dependency |\n"
        "| --- | --- | --- | --- | --- |\n"
        "| gobp offline | 13.0 (12.0) |  | 4.00 (3.00) |  |\n"
        "| empty | 2.00 (1.00) |  |  |  |\n\n"
        "<!-- end -->\n\nMore words.\n"
    )


def test_the_pictures_of_a_section_follow_its_tables(tmp_path: Path) -> None:
    measured(tmp_path)
    for name in ("performance-pack-age.svg", "performance-local-age.svg"):
        (tmp_path / name).touch()

    text = with_figures(TEXT, tmp_path, tmp_path)

    assert "![performance pack age](images/performance-pack-age.svg)\n\n<!-- end -->" in text
    assert "local" not in text


def test_a_section_without_figures_says_how_to_get_them(tmp_path: Path) -> None:
    text = with_figures(TEXT, tmp_path, tmp_path)

    assert "Not measured yet: `python -m bench pack`." in text


def test_the_page_is_written_twice_alike(tmp_path: Path) -> None:
    measured(tmp_path)

    once = with_figures(PAGE.read_text(), tmp_path, tmp_path)

    assert with_figures(once, tmp_path, tmp_path) == once
    assert "| gobp offline | 13.0 (12.0) |" in once
