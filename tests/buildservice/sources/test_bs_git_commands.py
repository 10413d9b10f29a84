import os
import re
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from gobp.buildservice.sources.git import (
    Deadline,
    Git,
    GitFailedError,
    OutOfTimeError,
    check_git,
)
from gobp.errors import UserError

pytestmark = pytest.mark.slow  # real tools and servers

ENV = {"PATH": os.environ["PATH"]}


def git(seconds: float = 30, most: int = 1 << 30, *, alias: str = "", **env: str) -> Git:
    config = (("alias.x", f"!{alias}"),) if alias else ()
    return Git({**ENV, **env}, Deadline(seconds), most, config)


def variables(text: bytes) -> Mapping[str, str]:
    return dict(line.split("=", 1) for line in text.decode().splitlines() if "=" in line)


def test_what_git_says_is_returned(tmp_path: Path) -> None:
    assert git().text("version", cwd=tmp_path).startswith("git version")


def test_a_failure_has_gits_words(tmp_path: Path) -> None:
    with pytest.raises(GitFailedError, match="not a git repository") as raised:
        git().run("log", cwd=tmp_path)

    assert raised.value.command == "log"


def test_a_command_that_takes_too_long_is_ended_with_its_helpers(tmp_path: Path) -> None:
    pids = tmp_path / "pids"
    begun = time.monotonic()

    with pytest.raises(OutOfTimeError):
        git(1, alias=f"echo $$ > {pids}; sleep 1000").run("x", cwd=tmp_path)

    assert time.monotonic() - begun < 20
    asked = subprocess.run(["ps", "-o", "pid=", "-g", pids.read_text().strip()], check=False)
    assert asked.returncode != 0


def test_a_command_that_closes_its_outputs_is_ended_in_time_too(tmp_path: Path) -> None:
    with pytest.raises(OutOfTimeError):
        git(0.5, alias="exec >&- 2>&-; sleep 1000").run("x", cwd=tmp_path)


def test_a_deadline_is_for_all_commands_together(tmp_path: Path) -> None:
    git_ = git(0.5)
    git_.run("version", cwd=tmp_path)
    time.sleep(0.5)

    with pytest.raises(OutOfTimeError):
        git_.run("version", cwd=tmp_path)


def test_endless_output_is_cut_and_its_command_ended(tmp_path: Path) -> None:
    with pytest.raises(GitFailedError) as raised:
        git(alias="yes").run("x", cwd=tmp_path)

    assert raised.value.too_large


def test_endless_errors_keep_their_end_only(tmp_path: Path) -> None:
    with pytest.raises(GitFailedError, match="the end") as raised:
        git(alias="yes | head -c 10000000 >&2; echo the end >&2; exit 3").run("x", cwd=tmp_path)

    assert len(raised.value.text) < 20_000


def test_a_file_gets_no_larger_than_it_may(tmp_path: Path) -> None:
    with pytest.raises(GitFailedError) as raised:
        git(most=1_000_000, alias="head -c 2000000 /dev/zero > large").run("x", cwd=tmp_path)

    assert raised.value.too_large
    assert (tmp_path / "large").stat().st_size <= 1_000_000


def test_git_sees_what_is_passed_on_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv("GIT_DIR", "/elsewhere")

    seen = variables(git(alias="env", TMPDIR="/var/tmp").run("x", cwd=tmp_path))

    assert "AWS_SECRET_ACCESS_KEY" not in seen
    assert "GIT_DIR" not in seen
    assert seen["TMPDIR"] == "/var/tmp"
    assert seen["HOME"] == "/nonexistent"


def test_git_looks_for_no_repository_around_its_folder(tmp_path: Path) -> None:
    git().run("init", "-q", cwd=tmp_path)
    inner = tmp_path / "inner"
    inner.mkdir()

    with pytest.raises(GitFailedError, match="not a git repository"):
        git().run("status", cwd=inner)


def test_a_url_with_a_password_is_refused_by_git_itself(tmp_path: Path) -> None:
    with pytest.raises(GitFailedError, match=re.escape("https://u:<redacted>@git.invalid/")):
        git().run("fetch", "https://u:secret@git.invalid/r", cwd=initialised(tmp_path))


def initialised(folder: Path) -> Path:
    git().run("init", "-q", cwd=folder)
    return folder


def test_this_machines_git_is_new_enough() -> None:
    check_git(ENV)


@pytest.mark.parametrize("says", ["git version 2.36.9", "git version 1.99.0", "nonsense"])
def test_an_old_git_is_refused(tmp_path: Path, says: str) -> None:
    fake = tmp_path / "git"
    fake.write_text(f"#!/bin/sh\necho '{says}'\n")
    fake.chmod(0o755)

    with pytest.raises(UserError, match=rf"needs git 2\.37 or newer; this machine has {says}"):
        check_git({"PATH": str(tmp_path)})


def test_a_missing_git_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="this machine has no git"):
        check_git({"PATH": str(tmp_path)})
