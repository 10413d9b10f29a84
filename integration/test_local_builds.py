"""gobp build with real go: a build that is left out, and builds that were broken off."""

import shutil
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration.lab import ROOT

SECONDS = 300
MAIN = 'package main\n\nfunc main() {{ println("{word}") }}\n'
NOTHING = "NOTHING HAS CHANGED"


@dataclass
class Local:
    """An app, and where it is built to; ``cache`` keeps what builds reuse."""

    root: Path
    cache: Path

    @property
    def app(self) -> Path:
        return self.root / "app"

    def write(self, word: str) -> None:
        self.app.mkdir(exist_ok=True)
        (self.app / "go.mod").write_text("module example.com/said\n\ngo 1.26\n")
        (self.app / "main.go").write_text(MAIN.format(word=word))

    def argv(self, *options: str) -> list[str]:
        return [
            *(f"{ROOT}/.venv/bin/python", "-m", "gobp", "build", str(self.app)),
            *("-t", "example.com/said", "-o", str(self.root / "image")),
            *("--cache-dir", str(self.cache), "--no-module-proxy"),
            *("--env", "BP_RUNTIME_CERT_BINDING_DISABLED=true", *options),
        ]

    def build(self, *options: str) -> tuple[str, str]:
        """Build; return the image's digest and what was written."""
        done = subprocess.run(
            self.argv(*options),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        (line,) = [line for line in done.stdout.splitlines() if "digest  sha256:" in line]
        return line.split()[1], done.stdout

    def kill_after(self, seconds: float) -> None:
        """Start a build and end it, with all that it started, as a crash of the machine would."""
        with subprocess.Popen(
            self.argv(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            time.sleep(seconds)
            subprocess.run(["/bin/kill", "-KILL", f"-{process.pid}"], check=False)
            assert process.wait(SECONDS) in {0, -signal.SIGKILL}


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def local(tmp_path: Path, cache: Path) -> Local:
    if shutil.which("go") is None:
        pytest.skip("go is not installed here")
    return Local(tmp_path, cache)


def test_an_edit_is_built_and_what_it_undoes_gives_the_first_image_again(local: Local) -> None:
    local.write("one")
    first, _ = local.build()
    same, said = local.build()
    local.write("two")
    edited, edit_said = local.build()
    local.write("one")
    reverted, revert_said = local.build()

    assert same == first == reverted != edited
    assert NOTHING in said
    assert NOTHING not in edit_said + revert_said


def test_a_fork_with_a_volume_makes_the_image_of_the_program_without(
    local: Local, tmp_path: Path
) -> None:
    local.write("parity")
    buildpack = tmp_path / "buildpack"
    for name in ("gobp", "bin"):
        shutil.copytree(ROOT / name, buildpack / name)
    for name in ("buildpack.toml", "LICENSE"):
        shutil.copy(ROOT / name, buildpack / name)
    forked, _ = local.build()
    shutil.rmtree(local.root / "image")

    started, said = local.build("--buildpack", str(buildpack))

    assert started == forked
    assert NOTHING not in said


def test_a_build_that_is_killed_anywhere_leaves_a_right_next_one(local: Local) -> None:
    local.write("before")
    local.build()
    local.write("after")
    for seconds in (0.05, 0.15, 0.25, 0.35, 0.5, 0.7, 0.9):
        local.kill_after(seconds)
    built, _ = local.build()
    shutil.rmtree(local.root / "image")

    clean, _ = Local(local.root, local.root / "clean").build()

    assert built == clean


@pytest.mark.parametrize("gone", ["image", "cache", "half of the cache"])
def test_what_is_gone_is_made_again(gone: str, local: Local) -> None:
    local = Local(local.root, local.root / "own")
    local.write("gone")
    first, _ = local.build()
    if gone == "image":
        shutil.rmtree(local.root / "image")
    elif gone == "cache":
        shutil.rmtree(local.cache)
    else:
        shutil.rmtree(local.cache / "volume")
        for index in local.cache.glob("*/app/index.json"):
            index.unlink()
        for record in local.cache.glob("*/last.json"):
            record.write_text("{")

    again, said = local.build()

    assert again == first
    assert NOTHING not in said


def test_clear_cache_builds_anew(local: Local) -> None:
    local = Local(local.root, local.root / "own")
    local.write("clear")
    first, _ = local.build()
    (local.cache / "volume" / "kept").touch()

    again, said = local.build("--clear-cache")

    assert again == first
    assert NOTHING not in said
    assert not (local.cache / "volume" / "kept").exists()
