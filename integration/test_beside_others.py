"""gobp in a group with other buildpacks, and on build images that lack what others rely on."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from gobp.platform.elf import elf_needs
from integration.by_hand import go_env
from integration.conftest import lab_or_skip
from integration.creator import Creator, missing
from integration.docker import output_of
from integration.go_apps import HELLO, MODULE, make_app, using
from integration.lab import SCRIPTS, TOOLS, ensure_tools

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

APP = {"go.mod": MODULE, "main.go": HELLO}
VENDORED = {
    "go.mod": f"{MODULE}\nrequire example.com/lib v1.0.0\n",
    "main.go": HELLO,
    "deps.go": using("example.com/lib"),
    "vendor/modules.txt": "# example.com/lib v1.0.0\n## explicit; go 1.26\nexample.com/lib\n",
    "vendor/example.com/lib/lib.go": "package lib\n",
}
PLAN = """[[requires]]
name = "go"
[requires.metadata]
build = true
launch = true
"""


def shell_buildpack(root: Path, name: str, build: str, plan: str = "") -> Path:
    """Make a buildpack of two shell scripts; its detect writes the plan."""
    folder = root / name
    (folder / "bin").mkdir(parents=True)
    (folder / "buildpack.toml").write_text(
        f'api = "0.10"\n[buildpack]\nid = "example/{name}"\nversion = "1.0.0"\n'
        '[[targets]]\nos = "linux"\n'
    )
    scripts = {"detect": f"cat > \"$CNB_BUILD_PLAN_PATH\" <<'END'\n{plan}END\n", "build": build}
    for phase, script in scripts.items():
        (folder / "bin" / phase).write_text(f"#!/bin/sh\nset -e\n{script}")
        (folder / "bin" / phase).chmod(0o755)
    return folder


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return tmp_path / "app"


@pytest.fixture(scope="module")
def peers() -> Path:
    """The real Paketo buildpacks; go-dist brings this machine's Go."""
    with lab_or_skip():
        ensure_tools()
    folder = TOOLS / "peers/paketo"
    if not (folder / "go-dist/bin/run").is_file():
        pytest.skip(f"there are no Paketo buildpacks in {folder}")
    if "file:///deps/go.tgz" not in (folder / "go-dist/buildpack.toml").read_text():
        output_of(["sh", str(SCRIPTS.parent / "bench/paketo_go_dist_offline.sh"), str(TOOLS)])
    return folder


def environment(**env: str) -> Mapping[str, str]:
    return {"GOPROXY": go_env("GOPROXY"), "GOFLAGS": "-buildvcs=false", **env}


def test_a_buildpack_after_gobp_has_go_in_build_and_image(
    dist: Path, tmp_path: Path, app: Path
) -> None:
    after = shell_buildpack(tmp_path, "after", 'echo "after gobp: $(go version)"\n', PLAN)
    creator = Creator(tmp_path / "work", [dist / "buildpack", after], environment())

    created = creator.create(make_app(app, {**APP, ".go-version": ""}))

    assert "after gobp: go version go1." in created.log
    assert created.output() == "hello\n"
    assert (created.files() / "layers/gobp_go/go-sdk/bin/go").exists()


def test_git_logs_in_for_a_buildpack_after_gobp(dist: Path, tmp_path: Path, app: Path) -> None:
    ask = "printf 'url=https://example.com\\n\\n' | git credential fill\n"
    after = shell_buildpack(tmp_path, "after", ask)
    creator = Creator(tmp_path / "work", [dist / "buildpack", after], environment())
    credentials = "username=token\npassword=of-the-binding\n"
    bound = {
        "type": "git-credentials",
        "context": "https://example.com",
        "credentials": credentials,
    }

    created = creator.create(make_app(app, APP), bindings={"git": bound})

    assert "password=of-the-binding" in created.log  # what the other buildpack prints
    stored = [path for path in (created.files() / "layers").rglob("*") if path.is_file()]
    assert not [path for path in stored if b"of-the-binding" in path.read_bytes()]


def test_go_from_a_buildpack_before_gobp_is_used(
    dist: Path, peers: Path, tmp_path: Path, app: Path
) -> None:
    without_go = "/usr/local/bin:/usr/bin:/bin"
    buildpacks = [peers / "go-dist", dist / "buildpack"]
    creator = Creator(tmp_path / "work", buildpacks, environment(), path=without_go)
    version = go_env("GOVERSION").removeprefix("go")
    files = {**APP, "go.mod": MODULE.replace("1.26", version.rpartition(".")[0])}

    created = creator.create(make_app(app, files))

    assert "Paketo Buildpack for Go Distribution" in created.log
    assert f"Using Go {version} of the build image (/layers/paketo-buildpacks_go-dist/go)" in (
        created.log
    )
    assert created.output() == "hello\n"


def test_paketos_go_build_after_gobp_builds_with_its_go(
    dist: Path, peers: Path, tmp_path: Path, app: Path
) -> None:
    buildpacks = [dist / "buildpack", peers / "go-build"]
    creator = Creator(tmp_path / "work", buildpacks, environment(BP_GO_SKIP="source-removal"))

    created = creator.create(make_app(app, APP))

    assert "Paketo Buildpack for Go Build" in created.log
    assert created.processes()["app"]["buildpack-id"] == "paketo-buildpacks/go-build"
    assert created.output("app") == "hello\n"
    assert created.output("web") == "hello\n"


def test_variables_count_where_the_buildpack_clears_its_environment(
    dist: Path, tmp_path: Path, app: Path
) -> None:
    cleared = tmp_path / "cleared"
    shutil.copytree(dist / "buildpack", cleared, symlinks=True)
    described = cleared / "buildpack.toml"
    text = described.read_text()
    described.write_text(text.replace("[buildpack]\n", "[buildpack]\nclear-env = true\n", 1))
    creator = Creator(tmp_path / "work", [cleared], environment(BP_GO_TARGETS="second"))
    files = {"go.mod": MODULE, "first/main.go": HELLO, "second/main.go": HELLO}

    created = creator.create(make_app(app, files))

    assert set(created.processes()) == {"web", "second"}


def test_a_build_image_with_go_alone_is_enough(dist: Path, tmp_path: Path, app: Path) -> None:
    """No Python, no git, no network, no root, and a buildpack that cannot be written."""
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "uname", "env"):
        (programs / name).symlink_to(str(shutil.which(name)))
    go = Path(str(shutil.which("go"))).resolve().parent
    for folder in [programs, *programs.parents][:4]:
        folder.chmod(folder.stat().st_mode | 0o755)
    creator = Creator(
        tmp_path / "work",
        [dist / "buildpack"],
        prefix=("/usr/bin/unshare", "-n"),
        path=f"{go}:{programs}",
        read_only=True,
    )
    make_app(app, VENDORED)

    first, again = creator.create(app), creator.create(app)

    assert "Keeping the programs of the previous image" in again.log
    assert first.digest == again.digest
    assert again.output() == "hello\n"
    assert elf_needs(again.files() / "layers/gobp_go/targets/bin/app") is not None
