"""Apps with Gopkg.toml, through the real bin/detect and bin/build, dep 0.5.4, git and go.

The repositories that they need are made here; dep is led to them by git's ``insteadOf``. As root
the builds run without any network.
"""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from gobp.system.machine import machine_architecture
from integration.by_hand import Workbench, search_path
from integration.lab import ROOT

DEP = Path(shutil.which("dep") or "/opt/cnb/bin/dep")
GREET = "github.com/owner/greet"
FORK = "github.com/fork/greet"
MAIN = f'package main\n\nimport "{GREET}"\n\nfunc main() {{ println(greet.Hello()) }}\n'
ALONE = 'package main\n\nfunc main() { println("hello") }\n'
OFFLINE = (shutil.which("unshare") or "unshare", "-n") if os.geteuid() == 0 else ()

pytestmark = pytest.mark.skipif(
    not os.access(DEP, os.X_OK),
    reason=f"dep is neither on PATH nor {DEP}: /work/shared/tools/install.sh or a build of "
    "github.com/golang/dep v0.5.4 gives one",
)


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.com")
    argv = ("git", *identity, "-C", str(folder), *arguments)
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


def commit(repository: Path, says: str, tag: str = "") -> str:
    """Commit a library that says something; return the revision."""
    files = {
        "greet.go": f'package greet\n\nfunc Hello() string {{ return "{says}" }}\n',
        "greet_test.go": "package greet\n",
        "LICENSE": "free\n",
        "notes.txt": "notes\n",
        "unused/unused.go": "package unused\n",
    }
    for name, text in files.items():
        path = repository / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if not (repository / ".git").is_dir():
        git(repository, "init", "-q", "-b", "master")
    git(repository, "add", ".")
    git(repository, "commit", "-q", "-m", says)
    if tag:
        git(repository, "tag", tag)
    return git(repository, "rev-parse", "HEAD")


@pytest.fixture(scope="session")
def revisions(remotes: Path) -> Mapping[str, str]:
    """The repositories' revisions, by what the library says there."""
    greet, fork = remotes / "owner/greet", remotes / "fork/greet"
    return {
        "hello 1.0": commit(greet, "hello 1.0", "v1.0.0"),
        "hello 1.1": commit(greet, "hello 1.1", "v1.1.0"),
        "hello next": commit(greet, "hello next"),
        "hello fork": commit(fork, "hello fork", "v1.9.0"),
    }


@pytest.fixture(scope="session")
def remotes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("remotes")


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Layers with a compile cache, which saves every other build compiling Go's own packages."""
    bench = Workbench(tmp_path_factory.mktemp("compiled"))
    done = bench.build({"main.go": ALONE})
    assert done.status == 0, done.output
    bench.restore()
    return bench.layers


@pytest.fixture
def bench(tmp_path: Path, compiled: Path, remotes: Path, revisions: Mapping[str, str]) -> Workbench:
    """A build with dep on its PATH, led to the repositories made here."""
    shutil.copytree(compiled, tmp_path / "layers")
    config = tmp_path / "gitconfig"
    config.write_text(f'[url "file://{remotes}/"]\n  insteadOf = https://github.com/\n')
    env = {
        "PATH": f"{DEP.parent}:{search_path()}",
        "GIT_CONFIG_GLOBAL": str(config),
        "BP_KEEP_FILES": "vendor:Gopkg.lock",
    }
    return Workbench(tmp_path, env, OFFLINE)


def manifest(constraint: str = 'version = "1.0.0"', *, name: str = GREET, rest: str = "") -> str:
    return f'[[constraint]]\n  name = "{name}"\n  {constraint}\n{rest}'


def lock(revision: str, version: str, *, source: str = "") -> str:
    """A lock as dep writes it, of one project."""
    named = f'  source = "{source}"\n' if source else ""
    return (
        f'[[projects]]\n  name = "{GREET}"\n  packages = ["."]\n  pruneopts = ""\n'
        f'  revision = "{revision}"\n{named}  version = "{version}"\n\n'
        '[solve-meta]\n  analyzer-name = "dep"\n  analyzer-version = 1\n'
        f'  input-imports = ["{GREET}"]\n  solver-name = "gps-cdcl"\n  solver-version = 1\n'
    )


def vendored(bench: Workbench) -> set[str]:
    """Return the files of the library in the vendor folder that the build left."""
    folder = bench.app / "vendor" / GREET
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def leaves_no_gopath(bench: Workbench) -> bool:
    return not (bench.layers / ".gopath").exists()


def test_without_a_lock_dep_chooses_the_newest_version_that_fits(bench: Workbench) -> None:
    done = bench.build({"main.go": MAIN, "Gopkg.toml": manifest()})

    assert done.status == 0, done.output
    assert "Using dep 0.5.4 of the build image" in done.output
    assert "Running 'dep ensure'" in done.output
    assert "'gobp modernize' proposes a go.mod from Gopkg.lock" in done.output
    assert bench.program("workspace") == "hello 1.1\n"
    assert 'version = "v1.1.0"' in (bench.app / "Gopkg.lock").read_text()
    assert leaves_no_gopath(bench)


def test_a_lock_decides_and_the_second_build_reuses_what_was_fetched(
    bench: Workbench, revisions: Mapping[str, str], remotes: Path
) -> None:
    files = {
        "main.go": MAIN,
        "Gopkg.toml": manifest(),
        "Gopkg.lock": lock(revisions["hello 1.0"], "v1.0.0"),
    }
    first = bench.build(files)
    assert first.status == 0, first.output
    assert bench.program("workspace") == "hello 1.0\n"
    written = (bench.app / "Gopkg.lock").read_text()
    bench.restore()
    hidden = remotes.with_name("hidden")
    remotes.rename(hidden)
    try:
        second = bench.build({**files, "Gopkg.lock": written})
    finally:
        hidden.rename(remotes)

    assert second.status == 0, second.output
    assert f"Reusing cached layer {bench.layers}/depcachedir" in second.output
    assert "not in step" not in second.output
    assert bench.program("workspace") == "hello 1.0\n"


def test_a_lock_that_is_not_in_step_is_pointed_out(
    bench: Workbench, revisions: Mapping[str, str]
) -> None:
    done = bench.build(
        {
            "main.go": MAIN,
            "Gopkg.toml": manifest('version = "~1.1.0"'),
            "Gopkg.lock": lock(revisions["hello 1.0"], "v1.0.0"),
        }
    )

    assert done.status == 0, done.output
    assert "Warning: Gopkg.lock was not in step with the app" in done.output
    assert bench.program("workspace") == "hello 1.1\n"


def test_a_fork_named_as_source_is_taken(bench: Workbench) -> None:
    done = bench.build(
        {"main.go": MAIN, "Gopkg.toml": manifest(f'version = "^1.0.0"\n  source = "{FORK}"')}
    )

    assert done.status == 0, done.output
    assert bench.program("workspace") == "hello fork\n"


def test_a_branch_is_taken_and_debug_says_more(bench: Workbench) -> None:
    done = bench.build(
        {"main.go": MAIN, "Gopkg.toml": manifest('branch = "master"')}, BP_LOG_LEVEL="DEBUG"
    )

    assert done.status == 0, done.output
    assert "Running 'dep ensure -v'" in done.output
    assert f"Wrote {GREET}@master" in done.output
    assert bench.program("workspace") == "hello next\n"


def test_prune_options_hold(bench: Workbench) -> None:
    prune = "[prune]\n  go-tests = true\n  unused-packages = true\n  non-go = true\n"

    done = bench.build({"main.go": MAIN, "Gopkg.toml": manifest(rest=prune)})

    assert done.status == 0, done.output
    assert vendored(bench) == {"greet.go", "LICENSE"}


def test_packages_of_the_app_are_found_by_its_import_path_and_folder(bench: Workbench) -> None:
    main = 'package main\n\nimport "example.com/team/app/say"\n\nfunc main() { say.Hello() }\n'
    say = f'package say\n\nimport "{GREET}"\n\nfunc Hello() {{ println(greet.Hello()) }}\n'

    done = bench.build(
        {"src/main.go": main, "src/say/say.go": say, "src/Gopkg.toml": manifest()},
        BP_GO_WORKDIR="src",
        BP_GO_BUILD_IMPORT_PATH="example.com/team/app",
        BP_KEEP_FILES="src",
    )

    assert done.status == 0, done.output
    assert bench.program("app") == "hello 1.1\n"
    assert (bench.app / "src/vendor" / GREET / "greet.go").is_file()


def test_an_app_without_dependencies_builds(bench: Workbench) -> None:
    done = bench.build({"main.go": ALONE, "Gopkg.toml": "", "vendor/.gitkeep": ""})

    assert done.status == 0, done.output
    assert bench.program("workspace") == "hello\n"
    assert not (bench.layers / "depcachedir.toml").exists()


def test_a_vendored_app_needs_no_dep(bench: Workbench) -> None:
    greet = 'package greet\n\nfunc Hello() string { return "hello vendored" }\n'

    done = bench.build(
        {"main.go": MAIN, "Gopkg.toml": manifest(), f"vendor/{GREET}/greet.go": greet},
        PATH=search_path(),
    )

    assert done.status == 0, done.output
    assert "Dep Ensure" not in done.output
    assert bench.program("workspace") == "hello vendored\n"


def test_a_module_takes_precedence_over_gopkg_toml(bench: Workbench) -> None:
    done = bench.build(
        {"go.mod": "module example.com/app\n\ngo 1.26\n", "main.go": ALONE, "Gopkg.toml": ""}
    )

    assert done.status == 0, done.output
    assert "Dep Ensure" not in done.output
    assert "gobp modernize" not in done.output


def test_dep_is_fetched_from_a_mapping_checked_and_kept(bench: Workbench) -> None:
    buildpack = bench.root / "buildpack"
    buildpack.mkdir()
    for part in ROOT.iterdir():
        (buildpack / part.name).symlink_to(part)
    (buildpack / "buildpack.toml").unlink()
    digest = hashlib.sha256(DEP.read_bytes()).hexdigest()
    # The dep at hand may be built here, so the buildpack is made to expect that one.
    text, marks, dep = (ROOT / "buildpack.toml").read_text().partition('id = "dep"')
    entries = [line for line in dep.splitlines() if not line.startswith("checksum")]
    checked = "\n".join(entries).replace("purl", f'checksum = "sha256:{digest}"\npurl')
    (buildpack / "buildpack.toml").write_text(text + marks + checked + "\n")
    binding = bench.root / "platform/bindings/mapping"
    binding.mkdir(parents=True)
    (binding / "type").write_text("dependency-mapping")
    (binding / digest).write_text(f"file://{DEP}")
    env = {"CNB_BUILDPACK_DIR": str(buildpack), "PATH": search_path()}
    files = {"main.go": MAIN, "Gopkg.toml": manifest()}

    first = bench.build(files, **env)
    bench.restore()
    second = bench.build(files, **env)

    assert first.status == 0, first.output
    assert "Installing dep 0.5.4" in first.output
    assert f"Downloading file://{DEP}" in first.output
    assert second.status == 0, second.output
    assert f"Reusing cached layer {bench.layers}/dep\n" in second.output
    assert bench.program("workspace") == "hello 1.1\n"


def test_another_program_in_the_place_of_dep_is_not_run(bench: Workbench, tmp_path: Path) -> None:
    (tmp_path / "mirror/golang/dep/releases/download/v0.5.4").mkdir(parents=True)
    name = f"dep-linux-{machine_architecture()}"
    (tmp_path / "mirror/golang/dep/releases/download/v0.5.4" / name).write_text("#!/bin/sh\n")

    done = bench.build(
        {"main.go": MAIN, "Gopkg.toml": manifest()},
        PATH=search_path(),
        BP_DEPENDENCY_MIRROR_GITHUB_COM=f"file://{tmp_path}/mirror",
    )

    assert done.status == 1
    assert "is corrupted: its checksum is wrong" in done.output
    assert not (bench.layers / "dep.toml").exists()


FAILURES: Mapping[str, tuple[Mapping[str, str], Mapping[str, str], str]] = {
    "no version fits": (
        {"main.go": MAIN, "Gopkg.toml": manifest('version = "3.0.0"')},
        {},
        f"no version of {GREET} fits what Gopkg.toml",
    ),
    "the revision is gone": (
        {
            "main.go": MAIN,
            "Gopkg.toml": manifest(),
            "Gopkg.lock": lock("0123456789012345678901234567890123456789", "v1.0.0"),
        },
        {},
        f"the repository of {GREET} has no revision 0123456789012345678901234567890123456789",
    ),
    "the manifest is no TOML": (
        {"main.go": MAIN, "Gopkg.toml": "[[constraint\n"},
        {},
        "Gopkg.toml cannot be read: ",
    ),
    "the lock is no TOML": (
        {"main.go": MAIN, "Gopkg.toml": manifest(), "Gopkg.lock": "[[projects\n"},
        {},
        "Gopkg.lock cannot be read: ",
    ),
    "there is no such repository": (
        {"main.go": MAIN.replace("owner", "nobody"), "Gopkg.toml": ""},
        {},
        "there is no repository at https://github.com/nobody/greet",
    ),
    "there is no git": (
        {"main.go": MAIN, "Gopkg.toml": manifest()},
        {"PATH": "no-git"},
        "the build image has no git",
    ),
    "there is no dep": (
        {"main.go": MAIN, "Gopkg.toml": manifest()},
        {"PATH": search_path(), "BP_DEPENDENCY_MIRROR": "file:///nowhere"},
        "dep 0.5.4 cannot be downloaded",
    ),
    "the network is off": (
        {"main.go": MAIN, "Gopkg.toml": manifest()},
        {"GIT_CONFIG_GLOBAL": "/dev/null"},
        "the repository https://github.com/owner/greet cannot be reached: ",
    ),
    "a vanity host cannot be asked": (
        {"main.go": MAIN.replace(GREET, "go.example.com/greet"), "Gopkg.toml": ""},
        {},
        "the host of go.example.com/greet cannot be asked where its repository is",
    ),
}


@pytest.mark.parametrize("case", FAILURES)
def test_a_failure_of_dep_is_told_with_its_cause_and_a_remedy(
    case: str, bench: Workbench, tmp_path: Path
) -> None:
    files, env, summary = FAILURES[case]
    if "network" in case and not OFFLINE:
        pytest.skip("turning the network off takes root (unshare -n)")
    if env.get("PATH") == "no-git":
        env = {"PATH": path_without_git(tmp_path)}

    done = bench.build(files, **env)

    assert done.status == 1, done.output
    assert "Traceback" not in done.output
    assert f"ERROR: {summary}" in done.output
    assert "To fix it: " in done.output
    assert leaves_no_gopath(bench)
    assert sorted(path.name for path in bench.app.iterdir()) == sorted(files)


def path_without_git(root: Path) -> str:
    """Return a PATH with all that a build needs but git."""
    folder = root / "few"
    folder.mkdir()
    for name in ("sh", "bash", "dirname", "readlink", "uname", "env", "cat", "id"):
        found = shutil.which(name)
        if found:
            (folder / name).symlink_to(found)
    (folder / "dep").symlink_to(DEP)
    go = Path(shutil.which("go") or "/usr/local/go/bin/go")
    return f"{folder}:{ROOT}/.venv/bin:{go.parent}"
