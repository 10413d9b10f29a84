"""dep and dep ensure, decided from facts and built with commands that answer as a test says."""

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from gobp.buildpack.builders import BUILDERS
from gobp.buildpack.component import DetectContext, Fail, Pass
from gobp.buildpack.dep.build import build as build_dep
from gobp.buildpack.dep.detect import detect as detect_dep
from gobp.buildpack.dep_ensure.build import build as ensure
from gobp.buildpack.dep_ensure.detect import detect
from gobp.buildpack.group import Group, resolve_group
from gobp.cnb.build_plan import BuildPlan, Require
from gobp.errors import UserError
from gobp.system.process import Captured
from tests.fakes.a_build import a_build
from tests.fakes.memory_fetcher import MemoryFetcher
from tests.fakes.memory_tree import MemoryTree
from tests.fakes.scripted_commands import ScriptedCommands

APP = {"main.go": "package main\n", "Gopkg.toml": ""}
PROGRAM = b"dep itself"
URI = "https://example.com/dep-linux-amd64"
METADATA = {
    "dependencies": [
        {
            "id": "dep",
            "version": "0.5.4",
            "arch": "amd64",
            "uri": URI,
            "checksum": f"sha256:{sha256(PROGRAM).hexdigest()}",
        }
    ]
}
VERSION = Captured(0, "dep:\n version     : v0.5.4\n build date  : \n", "")


def decision(files: Mapping[str, str], **env: str) -> Pass | Fail:
    return detect(DetectContext(MemoryTree(files), env))


def test_dep_is_there_for_whoever_asks() -> None:
    assert detect_dep(DetectContext(MemoryTree({}), {})) == Pass(BuildPlan(provides=("dep",)))


@pytest.mark.parametrize(
    ("files", "env"),
    [
        (APP, {}),
        ({**APP, "vendor/.gitkeep": ""}, {}),
        ({"a/Gopkg.toml": "", "a/main.go": ""}, {"BP_GO_WORKDIR": "a"}),
        ({**APP, "go.work": ""}, {"GOWORK": "off"}),
    ],
    ids=["a manifest", "an empty vendor folder", "a folder to build", "no workspace"],
)
def test_an_app_with_a_manifest_and_no_vendored_packages_asks_for_dep(
    files: Mapping[str, str], env: Mapping[str, str]
) -> None:
    wanted = Pass(BuildPlan(requires=(Require("dep", {"build": True}),)))

    assert decision(files, **env) == wanted


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"main.go": "", "Gopkg.lock": ""}, "there is no Gopkg.toml"),
        ({**APP, "go.mod": ""}, "go.mod or go.work takes precedence over Gopkg.toml"),
        ({**APP, "vendor/example.com/a/a.go": ""}, "the app is vendored"),
    ],
)
def test_other_apps_are_left_alone_with_the_reason(files: Mapping[str, str], reason: str) -> None:
    assert decision(files) == Fail(reason)


def test_the_two_take_part_together_or_not_at_all() -> None:
    together = resolve_group(DetectContext(MemoryTree(APP), {}))
    apart = resolve_group(DetectContext(MemoryTree({"main.go": ""}), {}))
    without = resolve_group(DetectContext(MemoryTree(APP), {"BP_GO_SKIP": "dep"}))

    assert isinstance(together, Group)
    assert isinstance(apart, Group)
    assert isinstance(without, Group)
    assert {"dep", "dep-ensure"} <= {member.component for member in together.members}
    assert apart.left_out["dep"] == "nothing requires dep"
    assert without.left_out["dep-ensure"] == "nothing provides dep"


def test_the_dep_of_the_build_image_is_used_as_it_is(tmp_path: Path) -> None:
    commands = ScriptedCommands({("dep", "version"): VERSION})
    made = a_build(tmp_path, metadata=METADATA, commands=commands)

    build_dep(made.context)

    assert "Using dep 0.5.4 of the build image" in made.said.getvalue()
    assert not (tmp_path / "layers").exists()


def test_dep_is_fetched_once_and_kept(tmp_path: Path) -> None:
    fetcher = MemoryFetcher({URI: PROGRAM})

    build_dep(a_build(tmp_path, metadata=METADATA, fetcher=fetcher).context)
    again = a_build(tmp_path, metadata=METADATA, fetcher=fetcher)
    build_dep(again.context)

    program = tmp_path / "layers/dep/bin/dep"
    assert program.read_bytes() == PROGRAM
    assert program.stat().st_mode & 0o777 == 0o755
    assert fetcher.asked == [URI]
    assert "Reusing cached layer" in again.said.getvalue()


@pytest.mark.parametrize(
    ("metadata", "summary"),
    [
        (METADATA, "dep 0.5.4 cannot be downloaded"),
        ({}, "there is no dep for linux/amd64"),
    ],
)
def test_dep_that_cannot_be_had_is_said_with_the_ways_out(
    metadata: Mapping[str, object], summary: str, tmp_path: Path
) -> None:
    with pytest.raises(UserError) as raised:
        build_dep(a_build(tmp_path, metadata=metadata).context)

    assert raised.value.summary.startswith(summary)
    assert "use a build image with dep" in raised.value.remedy


def test_what_dep_makes_comes_back_into_the_app(tmp_path: Path) -> None:
    made = a_build(
        tmp_path,
        files={**APP, "Gopkg.lock": "old\n", "vendor/.gitkeep": ""},
        env={"BP_GO_BUILD_IMPORT_PATH": "example.com/team/app"},
        commands=ScriptedCommands({("dep", "ensure"): Captured(0, "", "")}, effect=fill),
    )

    ensure(made.context)

    app = made.context.app_dir
    assert (app / "vendor/example.com/a/a.go").read_text() == "package a\n"
    assert not (app / "vendor/.gitkeep").exists()
    assert (app / "Gopkg.lock").read_text() == "new\n"
    assert "Gopkg.lock was not in step" in made.said.getvalue()
    assert (tmp_path / "layers/depcachedir.toml").exists()
    assert not (tmp_path / "layers/.gopath").exists()


def test_with_a_volume_dep_keeps_there_what_it_fetches(tmp_path: Path) -> None:
    (tmp_path / "volume").mkdir()
    env = {
        "BP_GO_BUILD_IMPORT_PATH": "example.com/team/app",
        "BP_GO_CACHE_VOLUME": str(tmp_path / "volume"),
    }
    commands = ScriptedCommands({("dep", "ensure"): Captured(0, "", "")})

    ensure(a_build(tmp_path, files=APP, env=env, commands=commands).context)

    assert commands.environments[0]["DEPCACHEDIR"] == str(tmp_path / "volume/depcachedir")
    assert not (tmp_path / "layers/depcachedir.toml").exists()


def test_a_build_that_keeps_everything_keeps_dep_and_its_repositories(tmp_path: Path) -> None:
    for name in ("dep", "depcachedir"):
        (tmp_path / "layers" / name).mkdir(parents=True)
        (tmp_path / f"layers/{name}.toml").write_text('[metadata]\ncontent = "1"\n')
    context = a_build(tmp_path).context

    for component in ("dep", "dep-ensure"):
        keep = BUILDERS[component].keep
        assert keep is not None
        keep(context)

    kept = {name: (tmp_path / f"layers/{name}.toml").read_text() for name in ("dep", "depcachedir")}
    assert all("cache = true" in text and 'content = "1"' in text for text in kept.values())
    assert ["build = true" in text for text in kept.values()] == [True, False]


def fill(_: tuple[str, ...], env: Mapping[str, str]) -> None:
    """Do as dep does where it runs."""
    project = Path(env["GOPATH"], "src/example.com/team/app")
    package = project / "vendor/example.com/a"
    package.mkdir(parents=True)
    (package / "a.go").write_text("package a\n")
    (project / "vendor/.gitkeep").unlink()
    (project / "Gopkg.lock").write_text("new\n")
    Path(env["DEPCACHEDIR"], "sources").write_text("cached\n")


def test_a_failed_dep_leaves_the_app_and_no_gopath(tmp_path: Path) -> None:
    trouble = "\t(1) git is not installed: \n"
    commands = ScriptedCommands({("dep", "ensure"): Captured(1, trouble, "")})
    made = a_build(tmp_path, files=APP, commands=commands)

    with pytest.raises(UserError, match="the build image has no git"):
        ensure(made.context)

    assert not (tmp_path / "layers/.gopath").exists()
    assert sorted(path.name for path in made.context.app_dir.iterdir()) == sorted(APP)
    assert "Failed after" in made.said.getvalue()
