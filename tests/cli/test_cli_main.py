"""How the process of the command line ends."""

import subprocess
import sys
from pathlib import Path

import pytest

GOBP = [sys.executable, "-m", "gobp"]


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GOBP, *arguments], cwd=cwd, capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("command", ["build", "inspect"])
def test_all_output_is_written_before_the_end(command: str, tmp_path: Path) -> None:
    done = run(command, "--help", cwd=tmp_path)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.rstrip().endswith("Show this message and exit.")


def test_a_wrong_option_is_an_exit_status_of_two(tmp_path: Path) -> None:
    done = run("build", "--colour", cwd=tmp_path)

    assert done.returncode == 2
    assert "No such option '--colour'" in done.stderr


def test_a_build_that_fails_says_why_and_has_a_status(tmp_path: Path) -> None:
    done = run("build", ".", "--target", "plan9/amd64", cwd=tmp_path)

    assert done.returncode == 1
    assert "ERROR: --target is 'plan9/amd64'" in done.stderr


def test_a_closed_output_is_no_failure(tmp_path: Path) -> None:
    with_closed = ["sh", "-c", 'exec "$@" >&-', "sh", *GOBP, "build", "--help"]
    done = subprocess.run(with_closed, cwd=tmp_path, capture_output=True, check=False, timeout=60)

    assert (done.returncode, done.stderr) == (0, b"")


def test_output_that_nobody_reads_is_no_traceback(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*GOBP, "build", "--help"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()
    assert process.returncode != 0
