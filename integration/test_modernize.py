"""gobp modernize with the real go: revisions and forks in repositories made here, tags by a proxy.

What is asked of repositories goes by git's ``insteadOf``, as root without any network.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from integration.by_hand import go_env
from integration.test_dep import FORK, GREET, MAIN, OFFLINE, commit, lock, manifest

SECONDS = 240
MODULE = "example.com/team/app"
# What the library says at what is locked, its tag, and what go.mod then requires.
LOCKED = {
    "a tag": ("hello 1.0", "v1.0.0", "v1.0.0\n"),
    "a revision": ("hello between", "", "v1.0.1-0."),
    "a tag of version 2": ("hello 2.0", "v2.0.0", "v2.0.0+incompatible\n"),
}


@pytest.fixture(scope="module")
def remotes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("modernize-remotes")


@pytest.fixture(scope="module")
def revisions(remotes: Path) -> Mapping[str, str]:
    greet = remotes / "owner/greet"
    return {
        "hello 1.0": commit(greet, "hello 1.0", "v1.0.0"),
        "hello between": commit(greet, "hello between"),
        "hello 2.0": commit(greet, "hello 2.0", "v2.0.0"),
        "hello fork": commit(remotes / "fork/greet", "hello fork"),
    }


@pytest.fixture
def env(tmp_path: Path, remotes: Path, revisions: Mapping[str, str]) -> Mapping[str, str]:
    """An environment in which go gets modules from the repositories made here."""
    assert revisions
    config = tmp_path / "gitconfig"
    config.write_text(f'[url "file://{remotes}/"]\n  insteadOf = https://github.com/\n')
    return {
        **os.environ,
        "GOPROXY": "direct",
        "GOSUMDB": "off",
        "GOFLAGS": "-modcacherw",
        "GOMODCACHE": str(tmp_path / "modules"),
        "GIT_CONFIG_GLOBAL": str(config),
    }


def put(app: Path, files: Mapping[str, str]) -> Path:
    for name, text in files.items():
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_text(text)
    return app


def modernize(
    app: Path, env: Mapping[str, str], *arguments: str, offline: bool = True
) -> "subprocess.CompletedProcess[str]":
    argv = (sys.executable, "-m", "gobp", "modernize", str(app), *arguments)
    return subprocess.run(
        [*(OFFLINE if offline else ()), *argv],
        env=env,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def says(app: Path, env: Mapping[str, str]) -> str:
    """Build the app as the module that it has become, and run it."""
    argv = [*OFFLINE, "go", "run", "."]
    done = subprocess.run(argv, cwd=app, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stderr.strip()


def locked(tool: str, revision: str, version: str, source: str = "") -> Mapping[str, str]:
    """Return the files of an app whose dependency a tool has locked."""
    if tool == "dep":
        return {"Gopkg.toml": manifest(), "Gopkg.lock": lock(revision, version, source=source)}
    if tool == "glide":
        repo = f"  repo: https://{source}.git\n" if source else ""
        row = f"- name: {GREET}\n  version: {version or revision}\n{repo}"
        return {"glide.yaml": f"package: {MODULE}\n", "glide.lock": f"imports:\n{row}"}
    dep = {"ImportPath": GREET, "Comment": version, "Rev": revision}
    return {"Godeps/Godeps.json": json.dumps({"ImportPath": MODULE, "Deps": [dep]})}


@pytest.mark.parametrize("tool", ["dep", "glide", "godep"])
@pytest.mark.parametrize("case", LOCKED)
def test_what_a_tool_has_locked_is_what_the_module_requires(
    tool: str, case: str, env: Mapping[str, str], revisions: Mapping[str, str], tmp_path: Path
) -> None:
    says_there, version, required = LOCKED[case]
    files = {"main.go": MAIN, **locked(tool, revisions[says_there], version)}
    app = put(tmp_path / "app", files)

    printed = modernize(app, env, "--module", MODULE)
    written = modernize(app, env, "--module", MODULE, "--write")

    assert printed.returncode == written.returncode == 0, printed.stderr + written.stderr
    go_mod, go_sum = ((app / name).read_text() for name in ("go.mod", "go.sum"))
    assert printed.stdout == f"-- go.mod --\n{go_mod}-- go.sum --\n{go_sum}"
    assert go_mod.startswith(f"module {MODULE}\n")
    assert f"require {GREET} {required}" in go_mod
    assert says(app, env) == says_there


@pytest.mark.parametrize("tool", ["dep", "glide"])
def test_a_fork_replaces_what_the_app_imports(
    tool: str, env: Mapping[str, str], revisions: Mapping[str, str], tmp_path: Path
) -> None:
    files = {"main.go": MAIN, **locked(tool, revisions["hello fork"], "", FORK)}
    app = put(tmp_path / "app", files)

    done = modernize(app, env, "--module", MODULE, "--write")

    assert done.returncode == 0, done.stderr
    assert f"replace {GREET} => {FORK} v0.0.0-" in (app / "go.mod").read_text()
    assert says(app, env) == "hello fork"


def test_a_revision_that_is_gone_is_said_with_what_go_takes_instead(
    env: Mapping[str, str], tmp_path: Path
) -> None:
    gone = "0123456789012345678901234567890123456789"
    files = {"main.go": MAIN, **locked("dep", gone, "v1.7.0")}
    app = put(tmp_path / "app", files)

    done = modernize(app, env, "--module", MODULE)

    assert done.returncode == 0, done.stderr
    assert f"{GREET} is locked at v1.7.0, which go cannot find (" in done.stderr
    assert "go takes v2.0.0+incompatible instead" in done.stderr
    assert not (app / "go.mod").exists()


def test_a_repository_that_is_gone_fails_with_the_reason(
    env: Mapping[str, str], tmp_path: Path
) -> None:
    files = {
        "main.go": MAIN.replace("owner", "nobody"),
        "Gopkg.lock": lock("0123456789", "v1.0.0").replace("owner", "nobody"),
    }

    done = modernize(put(tmp_path / "app", files), env, "--module", MODULE, "--write")

    assert done.returncode == 1
    assert "ERROR: " in done.stderr
    assert "github.com/nobody/greet" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert not (tmp_path / "app/go.mod").exists()


def test_versions_come_through_the_module_proxy(tmp_path: Path) -> None:
    rows = "".join(
        f'[[projects]]\n  name = "{path}"\n  revision = "{revision}"\n  version = "{version}"\n'
        for path, version, revision in (
            ("github.com/pkg/errors", "v0.9.1", "614d223910a179a466c1767a985424175c39b465"),
            ("github.com/gofrs/uuid", "v3.2.0", "370558f003bfe29580cd0f698d8640daccdcc45c"),
            ("github.com/BurntSushi/toml", "v0.3.1", "3012a1dbe2e4bd1391d42b32f0577cb7bbc7f005"),
        )
    )
    main = (
        'package main\n\nimport (\n\t"github.com/gofrs/uuid"\n\t"github.com/pkg/errors"\n)\n\n'
        "func main() { println(errors.New(uuid.Nil.String()).Error()) }\n"
    )
    env = {**os.environ, "GOPROXY": go_env("GOPROXY").partition(",")[0]}
    reached = subprocess.run(
        ["go", "list", "-m", "github.com/pkg/errors@v0.9.1"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if reached.returncode != 0:
        pytest.skip(f"the module proxy does not give github.com/pkg/errors: {reached.stderr}")
    app = put(tmp_path / "app", {"main.go": main, "Gopkg.lock": rows})

    done = modernize(app, env, "--module", MODULE, "--write", offline=False)

    assert done.returncode == 0, done.stderr
    go_mod = (app / "go.mod").read_text()
    assert "\tgithub.com/gofrs/uuid v3.2.0+incompatible\n" in go_mod
    assert "\tgithub.com/pkg/errors v0.9.1\n" in go_mod
    assert "left out, as no package imports them: github.com/BurntSushi/toml" in done.stderr
    assert says(app, env) == "00000000-0000-0000-0000-000000000000"
