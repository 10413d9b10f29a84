import os
from pathlib import Path

import pytest

from gobp.buildservice.builds.build import State
from gobp.buildservice.recipes.recipe import RecipeError
from gobp.buildservice.recipes.toolchains import Toolchains, wanted_go
from gobp.buildservice.settings.schema import Settings, Sources
from gobp.buildservice.sources.go_modules import open_modules
from tests.buildservice.recipes.kitchen import this_go

DEFAULT = "1.24.3"


def toolchains(tmp_path: Path, proxies: str = "off") -> Toolchains:
    settings = Settings(sources=Sources(proxies=proxies, sums="off"))
    return Toolchains(open_modules(settings, os.environ, tmp_path), 60)


def go_mod(tmp_path: Path, text: str) -> Path:
    (tmp_path / "go.mod").write_text(f"module example.com/a\n\n{text}\n")
    return tmp_path


def test_the_go_of_this_machine_needs_no_download(tmp_path: Path) -> None:
    assert toolchains(tmp_path).get(this_go().version) == this_go()


def test_a_go_that_no_proxy_has_is_the_orders_fault_and_no_secret_of_the_proxy_is_told(
    tmp_path: Path,
) -> None:
    empty = tmp_path / "user-secret"
    empty.mkdir()

    with pytest.raises(RecipeError) as caught:
        toolchains(tmp_path, f"file://{empty}").get("1.98.7")

    assert caught.value.state is State.FAILED
    assert caught.value.text.startswith("there is no Go 1.98.7 to build with")
    assert "secret" not in caught.value.text


def test_a_proxy_that_does_not_answer_is_no_fault_of_the_order(tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=r"Go 1\.98\.7 could not be downloaded") as caught:
        toolchains(tmp_path, "http://127.0.0.1:1").get("1.98.7")

    assert caught.value.state is State.ERROR
    assert "127.0.0.1:1/" not in caught.value.text


def test_an_order_says_which_go_it_wants_whatever_go_mod_asks_for(tmp_path: Path) -> None:
    assert wanted_go("1.22.1", DEFAULT, go_mod(tmp_path, "go 1.30")) == "1.22.1"
    assert wanted_go("go1.22.1", DEFAULT, tmp_path) == "1.22.1"


@pytest.mark.parametrize(
    ("lines", "wanted"),
    [
        ("", DEFAULT),
        ("go 1.16", DEFAULT),
        ("go 1.24", DEFAULT),
        ("go 1.24.3", DEFAULT),
        ("go 1.24.4", "1.24.4"),
        ("go 1.25", "1.25"),
        ("go 1.23.0\n\ntoolchain go1.25.1", "1.25.1"),
        ("go 1.23.0\n\ntoolchain go1.25.1-corp", "1.25.1"),
        ("go 1.23.0\n\ntoolchain default", DEFAULT),
        ("go nonsense", DEFAULT),
    ],
)
def test_go_mod_gets_a_go_that_is_new_enough(tmp_path: Path, lines: str, wanted: str) -> None:
    assert wanted_go("", DEFAULT, go_mod(tmp_path, lines)) == wanted


def test_a_go_mod_that_is_a_link_or_no_text_is_not_looked_at(tmp_path: Path) -> None:
    (tmp_path / "other").write_text("module a\n\ngo 1.30\n")
    (tmp_path / "linked").mkdir()
    (tmp_path / "linked" / "go.mod").symlink_to("../other")
    (tmp_path / "go.mod").write_bytes(b"\xff\xfe")

    assert wanted_go("", DEFAULT, tmp_path / "linked") == DEFAULT
    assert wanted_go("", DEFAULT, tmp_path) == DEFAULT


def test_without_go_mod_the_services_go_is_taken(tmp_path: Path) -> None:
    assert wanted_go("", DEFAULT, tmp_path) == DEFAULT
