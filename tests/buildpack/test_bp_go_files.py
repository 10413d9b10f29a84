"""What Go's files say of it: the judge is the real ``go env``."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from gobp.buildpack.go.go_files import settings_of_go
from gobp.buildpack.go.installed import installed_go
from gobp.system.process import Captured
from tests.fakes.scripted_commands import ScriptedCommands

NAMES = ("GOVERSION", "GOROOT", "GOPROXY")


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    """An environment without settings of a user, with the real go."""
    if shutil.which("go") is None:
        pytest.skip("go is not on PATH")
    return {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "GOTOOLCHAIN": "local"}


def by_go(env: dict[str, str]) -> tuple[str, ...]:
    argv = ["go", "env", *NAMES]
    done = subprocess.run(argv, cwd="/", env=env, capture_output=True, text=True, check=True)
    return tuple(done.stdout.splitlines())


@pytest.mark.parametrize("proxy", ["", "https://proxy.example.com,direct"])
def test_files_say_what_go_says(env: dict[str, str], proxy: str) -> None:
    env["GOPROXY"] = proxy

    assert settings_of_go(env) == by_go(env)


def test_a_link_to_go_leads_to_its_root(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "go").symlink_to(shutil.which("go") or "")
    env["PATH"] = str(tmp_path)

    assert settings_of_go(env) == by_go(env)


def test_no_process_is_needed_for_a_go_of_a_usual_kind(env: dict[str, str]) -> None:
    commands = ScriptedCommands({})

    found = installed_go(commands, env)

    assert found is not None
    assert f"go{found.version}" == by_go(env)[0]
    assert commands.ran == []


@pytest.mark.parametrize("place", [".config/go/env", "mine"])
@pytest.mark.parametrize("proxy", ["", "https://proxy.example.com"])
@pytest.mark.parametrize(
    "text",
    [
        "GOPROXY=off\n",
        "# GOPROXY=x\nGOFLAGS=-x\nGOPROXY=a|b,c\n",
        "GOPROXY=a\nGOPROXY=b\n",
        " GOPROXY=a\n",
        "GOPROXY= a \n",
        "",
    ],
)
def test_settings_of_the_user_count_as_they_do_for_go(
    env: dict[str, str], tmp_path: Path, place: str, proxy: str, text: str
) -> None:
    written(tmp_path / place, text)
    env["GOPROXY"] = proxy
    if place == "mine":
        env["GOENV"] = str(tmp_path / place)

    assert settings_of_go(env) == by_go(env)


def written(path: Path, text: str, *, mode: int = 0o644) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)


@pytest.mark.parametrize("case", ["GOROOT of the user", "GOROOT", "a script", "no root"])
def test_what_is_not_usual_is_left_to_go(env: dict[str, str], tmp_path: Path, case: str) -> None:
    match case:
        case "GOROOT of the user":
            written(tmp_path / ".config/go/env", f"GOROOT={by_go(env)[1]}\n")
        case "GOROOT":
            env["GOROOT"] = by_go(env)[1]
        case "a script":
            written(tmp_path / "bin/go", "#!/bin/sh\n", mode=0o755)
            env["PATH"] = str(tmp_path / "bin")
        case _:
            (tmp_path / "bin").mkdir()
            shutil.copy(shutil.which("go") or "", tmp_path / "bin/go")
            env["PATH"] = str(tmp_path / "bin")
    commands = ScriptedCommands({("go", "env"): Captured(0, "go1.26.8\n/go\noff\n", "")})

    found = installed_go(commands, env)

    assert settings_of_go(env) is None
    assert found is not None
    assert (found.goroot, found.goproxy) == ("/go", "off")
    assert len(commands.ran) == 1


def test_settings_of_the_user_count_for_nothing_where_they_are_off(
    env: dict[str, str], tmp_path: Path
) -> None:
    written(tmp_path / ".config/go/env", "GOPROXY=off\n")
    env["GOENV"] = "off"

    assert settings_of_go(env) == by_go(env)
