"""The samples build with the real go command, as a user of theirs would build them."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[1] / "samples"
SECONDS = 240

pytestmark = pytest.mark.skipif(shutil.which("go") is None, reason="the go command is not on PATH")


def go(*arguments: str, cwd: Path, **env: str) -> str:
    """Run the go command with ``env`` on top of this process's; its output when it fails."""
    done = subprocess.run(
        ["go", *arguments],
        cwd=cwd,
        env={**os.environ, "GOTOOLCHAIN": "local", "GOFLAGS": "-buildvcs=false", **env},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def require_modules(sample: Path) -> None:
    """Skip when the module proxy does not answer and the modules are not cached."""
    try:
        subprocess.run(
            ["go", "mod", "download"], cwd=sample, check=True, capture_output=True, timeout=SECONDS
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as trouble:
        output = trouble.stderr.decode() if trouble.stderr else str(trouble)
        pytest.skip(f"the modules of {sample.name} cannot be had here: {output}")


def test_every_sample_says_in_its_readme_how_it_is_built() -> None:
    samples = sorted(path for path in SAMPLES.iterdir() if path.is_dir())

    assert [path.name for path in samples] == ["commands", "gopath", "vendored", "web"]
    for sample in samples:
        text = (sample / "README.md").read_text()
        assert f"pack build {sample.name} --path samples/{sample.name} --buildpack ./" in text


@pytest.mark.parametrize(
    ("name", "executables"),
    [("web", ["web"]), ("commands", ["migrate", "web", "worker"])],
)
@pytest.mark.slow
def test_a_sample_with_modules_builds_from_its_sums(
    name: str, executables: list[str], tmp_path: Path
) -> None:
    sample = SAMPLES / name
    require_modules(sample)

    go("build", "-mod=readonly", "-o", f"{tmp_path}/", "./...", cwd=sample)
    go("vet", "-mod=readonly", "./...", cwd=sample)

    assert sorted(path.name for path in tmp_path.iterdir()) == executables


@pytest.mark.parametrize("name", ["web", "commands"])
def test_a_samples_own_tests_pass(name: str) -> None:
    sample = SAMPLES / name
    require_modules(sample)

    assert "\nok " in "\n" + go("test", "-mod=readonly", "./...", cwd=sample)


@pytest.mark.slow
def test_the_vendored_sample_builds_offline_with_an_empty_module_cache(tmp_path: Path) -> None:
    go(
        "build",
        "-mod=vendor",
        "-o",
        f"{tmp_path}/",
        ".",
        cwd=SAMPLES / "vendored",
        GOPROXY="off",
        GOMODCACHE=str(tmp_path / "modules"),
    )

    assert (tmp_path / "vendored").is_file()


@pytest.mark.slow
def test_the_gopath_sample_builds_offline_at_its_import_path(tmp_path: Path) -> None:
    package = tmp_path / "src/example.com/legacy"
    shutil.copytree(SAMPLES / "gopath", package)

    go(
        "build",
        "-o",
        f"{tmp_path}/",
        ".",
        cwd=package,
        GO111MODULE="off",
        GOPATH=str(tmp_path),
        GOPROXY="off",
    )

    assert (tmp_path / "legacy").is_file()


def test_the_gopath_sample_has_no_module_file_that_would_hide_a_mistake() -> None:
    assert not [*SAMPLES.joinpath("gopath").rglob("go.mod")]


def test_the_commands_sample_names_only_commands_it_has() -> None:
    sample = SAMPLES / "commands"
    commands = {path.name for path in (sample / "cmd").iterdir()}

    lines = (sample / "Procfile").read_text().splitlines()

    assert {line.split(": ", 1)[1].split()[0] for line in lines} <= commands


def test_samples_are_for_the_current_go_and_need_at_most_two_modules() -> None:
    for path in sorted(SAMPLES.glob("*/go.mod")):
        module = json.loads(go("mod", "edit", "-json", str(path), cwd=SAMPLES))

        assert module["Go"].startswith("1.26")
        assert 1 <= len(module["Require"]) <= 2
