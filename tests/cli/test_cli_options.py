"""Options of the command line: variables from files and flags, and bad values."""

import subprocess
import sys
from pathlib import Path

import pytest

from gobp.cli.options import on_path, read_env
from gobp.errors import UserError


def test_a_flag_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("# comment\n\nA=1\nB=x=y\n")

    assert read_env(("A=2",), file) == {"A": "2", "B": "x=y"}


def test_a_name_without_a_value_is_taken_from_this_shell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOBP_TEST_TOKEN", "secret")

    assert read_env(("GOBP_TEST_TOKEN", "GOBP_TEST_ABSENT"), None) == {"GOBP_TEST_TOKEN": "secret"}


def test_a_bad_line_of_a_file_is_named_by_its_number(tmp_path: Path) -> None:
    file = tmp_path / "env"
    file.write_text("A=1\nno name=2\n")

    with pytest.raises(UserError, match=f"{file}:2: 'no name' cannot be the name of a variable"):
        read_env((), file)


def test_this_interpreter_comes_first_on_the_path_once() -> None:
    here = str(Path(sys.executable).parent)

    assert on_path({"PATH": "/usr/bin"}) == f"{here}:/usr/bin"
    assert on_path({"PATH": f"{here}:/usr/bin"}) == f"{here}:/usr/bin"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("--target", "windows/amd64"), 1, "use linux/amd64 or linux/arm64."),
        (("--tag", "Bad Name"), 1, "'Bad Name' is not the name of an image"),
        (("--env", "1=2"), 1, "write NAME=VALUE"),
    ],
)
def test_a_bad_option_is_an_error_in_words(
    arguments: tuple[str, ...], status: int, words: str, tmp_path: Path
) -> None:
    (tmp_path / "go.mod").write_text("module example.com/a\n")
    argv = (sys.executable, "-m", "gobp", "build", str(tmp_path), "-o", str(tmp_path / "out"))

    done = subprocess.run((*argv, *arguments), capture_output=True, text=True, check=False)

    assert done.returncode == status
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_folder_without_go_ends_with_the_lifecycles_status(tmp_path: Path) -> None:
    argv = (sys.executable, "-m", "gobp", "build", str(tmp_path), "-o", str(tmp_path / "out"))
    cache = ("--cache-dir", str(tmp_path / "cache"))

    done = subprocess.run((*argv, *cache), capture_output=True, text=True, check=False)

    assert done.returncode == 20
    assert "no go.mod, go.work or *.go file was found" in done.stderr
