"""What a phase's entry point says and returns; no failure of a user's or machine's tracebacks."""

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gobp.buildpack.__main__ import main
from gobp.cnb import toml


@pytest.fixture
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty app as the working directory, with the platform's variables for detect."""
    folder = tmp_path / "app"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for name in [name for name in os.environ if name.startswith(("BP_", "CNB_", "GO"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CNB_PLATFORM_DIR", str(tmp_path / "platform"))
    monkeypatch.setenv("CNB_BUILD_PLAN_PATH", str(tmp_path / "plan.toml"))
    monkeypatch.setenv("CNB_BUILDPACK_DIR", str(Path(__file__).parents[2]))
    return folder


def test_a_go_app_is_detected_and_the_plan_provides_and_requires_go(
    app: Path, tmp_path: Path
) -> None:
    (app / "main.go").write_text("package main\n")

    assert main("detect", []) == 0

    plan = toml.loads((tmp_path / "plan.toml").read_text(), source="plan.toml")
    assert plan == {
        "provides": [{"name": "go"}],
        "requires": [{"name": "go", "metadata": {"build": True}}],
    }


def test_another_app_is_not_detected_and_one_line_says_why(
    app: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (app / "package.json").write_text("{}")

    assert main("detect", []) == 100

    assert capsys.readouterr().out == "no go.mod, go.work or *.go file was found\n"
    assert not (tmp_path / "plan.toml").exists()


def test_a_go_app_that_cannot_be_read_is_detected_so_that_the_build_can_say_why(app: Path) -> None:
    (app / "go.mod").write_text("modul a\n")
    (app / "Procfile").write_text("web\n")

    assert main("detect", []) == 0


def test_a_broken_binding_does_not_make_every_app_a_go_app(app: Path, tmp_path: Path) -> None:
    (app / "package.json").write_text("{}")
    (tmp_path / "platform/bindings/broken").mkdir(parents=True)

    assert main("detect", []) == 100


def test_arguments_stand_in_for_variables(
    app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CNB_BUILD_PLAN_PATH")
    monkeypatch.delenv("CNB_PLATFORM_DIR")
    (app / "go.mod").write_text("module a\n")

    assert main("detect", [str(tmp_path), str(tmp_path / "given.toml")]) == 0
    assert (tmp_path / "given.toml").exists()


def test_a_phase_that_gets_no_paths_says_so(
    app: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CNB_BUILD_PLAN_PATH")
    (app / "main.go").write_text("package main\n")

    assert main("detect", []) == 1
    assert capsys.readouterr().err.startswith("\nERROR: ")


def test_an_unknown_phase_is_refused(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main("explode", []) == 1

    assert capsys.readouterr().err == (
        "\nERROR: 'explode' is no phase of a buildpack\nTo fix it: run detect or build.\n"
    )


def failing_with(number: int) -> Callable[[], str]:
    def fail() -> str:
        raise OSError(number, os.strerror(number), "/layers/go")

    return fail


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENOSPC, "ERROR: the disk is full (/layers/go)\nTo fix it: free space"),
        (errno.EDQUOT, "ERROR: the disk is full (/layers/go)"),
        (errno.EACCES, "ERROR: permission denied (/layers/go)"),
        (errno.EROFS, "ERROR: permission denied (/layers/go)"),
    ],
)
def test_failures_of_the_machine_are_put_into_words(
    number: int,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(os, "getcwd", failing_with(number))

    assert main("detect", []) == 1
    assert says in capsys.readouterr().err


def test_a_failure_that_is_gobps_own_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "getcwd", failing_with(errno.EBADF))

    with pytest.raises(OSError, match="Bad file descriptor"):
        main("detect", [])
