"""Live reload: what it asks for, whom it has watch, and what it puts into the image."""

import hashlib
import io
import lzma
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from gobp.buildpack.component import DetectContext, Fail, Pass
from gobp.buildpack.go.compile_cache import keep_compile_cache, open_compile_cache
from gobp.buildpack.go.linking import read_linking
from gobp.buildpack.go.recipe import Recipe, build_variables, read_recipe, write_recipe
from gobp.buildpack.live_reload.build import build, check
from gobp.buildpack.live_reload.detect import detect
from gobp.buildpack.live_reload.processes import Reloader, reload_processes, watcher_argv
from gobp.buildpack.reporting.explain import explain
from gobp.cnb import toml
from gobp.cnb.build_plan import Require
from gobp.cnb.launch import Process
from gobp.cnb.phases import Target
from gobp.errors import UserError
from gobp.golang.version import GoVersion
from gobp.system.machine import machine_architecture
from tests.fakes.a_build import ABuild, a_build
from tests.fakes.memory_fetcher import MemoryFetcher
from tests.fakes.memory_tree import MemoryTree

ON = {"BP_LIVE_RELOAD_ENABLED": "true"}
RECIPE = Recipe(
    processes={"web": "app", "app": "app"},
    flags=("-mod=vendor", "-trimpath"),
    targets=(".",),
    workdir="",
    vendor="vendor",
    import_path="",
    env={"CGO_ENABLED": "0"},
)
URI = "https://example.com/watchexec-9.9.9-x86_64.tar.xz"


def facts(**env: str) -> DetectContext:
    app = MemoryTree({"go.mod": "module example.com/app\n\ngo 1.26\n", "main.go": "package main\n"})
    return DetectContext(app, env)


def archive() -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, mode in (("watchexec", 0o755), ("LICENSE", 0o644), ("completions/zsh", 0o644)):
            member = tarfile.TarInfo(f"watchexec-9.9.9-x86_64/{name}")
            member.size, member.mode = len(name), mode
            tar.addfile(member, io.BytesIO(name.encode()))
    return lzma.compress(out.getvalue())


def dependency(content: bytes) -> dict[str, object]:
    entry = {
        "id": "watchexec",
        "version": "9.9.9",
        "os": "linux",
        "arch": "amd64",
        "uri": URI,
        "checksum": f"sha256:{hashlib.sha256(content).hexdigest()}",
    }
    return {"dependencies": [entry]}


def built(
    root: Path, metadata: dict[str, object], served: dict[str, bytes]
) -> tuple[ABuild, tuple[Process, ...]]:
    """Build in folders as go-build leaves them, with a helper that is prebuilt."""
    helper = root / "buildpack/runtime/helpers/amd64/reload"
    helper.parent.mkdir(parents=True, exist_ok=True)
    helper.write_bytes(b"helper")
    (root / "layers/targets").mkdir(parents=True, exist_ok=True)
    write_recipe(RECIPE, root / "layers/targets")
    a = a_build(root, env=ON, metadata=metadata, fetcher=MemoryFetcher(served))
    return a, build(a.context).processes


def types_of(root: Path, layer: str) -> object:
    return toml.loads((root / f"layers/{layer}.toml").read_text(), source=layer)["types"]


def test_go_is_required_in_the_image_where_live_reload_is_on() -> None:
    result = detect(facts(**ON))

    assert isinstance(result, Pass)
    assert result.plan.requires == (Require("go", {"build": True, "launch": True}),)


@pytest.mark.parametrize("value", ["", "false", "0"])
def test_live_reload_is_for_those_who_ask_for_it(value: str) -> None:
    assert isinstance(detect(facts(BP_LIVE_RELOAD_ENABLED=value)), Fail)


def test_a_value_that_is_neither_true_nor_false_is_refused() -> None:
    with pytest.raises(UserError, match="BP_LIVE_RELOAD_ENABLED is 'yes'"):
        detect(facts(BP_LIVE_RELOAD_ENABLED="yes"))


def test_an_image_for_another_architecture_is_refused_before_anything_is_built() -> None:
    other = "arm64" if machine_architecture() == "amd64" else "amd64"

    check(replace(facts(**ON), target=Target("linux", machine_architecture())))
    with pytest.raises(UserError, match=f"live reload cannot be built for linux/{other}"):
        check(replace(facts(**ON), target=Target("linux", other)))


def test_each_process_gets_one_that_reloads_and_the_first_of_these_is_the_default() -> None:
    processes = reload_processes(
        [Process("web", ("/b/app",), default=True), Process("job", ("/b/job",))], ("reload", "-x")
    )

    assert [(p.type, p.command, p.default) for p in processes] == [
        ("reload-web", ("reload", "-x", "/b/app"), True),
        ("reload-job", ("reload", "-x", "/b/job"), False),
    ]


def test_the_helper_watches_by_itself_or_is_what_watchexec_restarts() -> None:
    alone = Reloader(helper="/h", app="/workspace", recipe="/r", cache="/c")
    options = ("-app", "/workspace", "-recipe", "/r", "-cache", "/c")

    assert watcher_argv(alone) == ("/h", *options)
    assert watcher_argv(replace(alone, watchexec="/w")) == (
        *("/w", "--restart", "--watch", "/workspace", "--shell", "none", "--"),
        *("/h", "-once", *options),
    )


def test_the_recipe_comes_back_as_it_was_written(tmp_path: Path) -> None:
    write_recipe(RECIPE, tmp_path)

    assert read_recipe(tmp_path) == RECIPE


def test_the_recipe_holds_what_shapes_the_build_and_no_credentials() -> None:
    env = {
        "CGO_ENABLED": "0",
        "CGO_CFLAGS": "-O2",
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
        "GOPROXY": "https://me:secret@example.com",
        "GOCACHE": "/layers/gocache",
        "HOME": "/root",
    }

    assert build_variables(env) == {
        "CGO_ENABLED": "0",
        "CGO_CFLAGS": "-O2",
        "GOFLAGS": "-modcacherw -buildvcs=false",
        "GOTOOLCHAIN": "local",
    }


def test_without_watchexec_the_helper_is_all_that_goes_into_the_image(tmp_path: Path) -> None:
    a, processes = built(tmp_path, {}, {})

    layers = tmp_path / "layers"
    assert (layers / "live-reload/reload").read_bytes() == b"helper"
    assert types_of(tmp_path, "live-reload") == {"build": False, "cache": False, "launch": True}
    assert [p.type for p in processes] == ["reload-web", "reload-app"]
    assert processes[0].command[0] == str(layers / "live-reload/reload")
    assert processes[0].command[-1] == str(layers / "targets/bin/app")
    assert "Watching by itself: buildpack.toml names no watchexec" in a.said.getvalue()


def test_watchexec_watches_where_it_can_be_had(tmp_path: Path) -> None:
    content = archive()

    _, processes = built(tmp_path, dependency(content), {URI: content})

    program = tmp_path / "layers/watchexec/bin/watchexec"
    assert processes[0].command[0] == str(program)
    assert program.read_bytes() == b"watchexec"
    assert program.stat().st_mode & 0o111
    left = {path.name for path in (tmp_path / "layers/watchexec").rglob("*") if path.is_file()}
    assert left == {"watchexec", "LICENSE"}
    assert types_of(tmp_path, "watchexec") == {"build": False, "cache": True, "launch": True}


def test_watchexec_is_fetched_once(tmp_path: Path) -> None:
    content = archive()
    built(tmp_path, dependency(content), {URI: content})

    a, processes = built(tmp_path, dependency(content), {})

    assert "Reusing cached layer" in a.said.getvalue()
    assert processes[0].command[1] == "--restart"


def test_where_watchexec_cannot_be_had_the_log_says_why(tmp_path: Path) -> None:
    a, processes = built(tmp_path, dependency(archive()), {})

    assert "-once" not in processes[0].command
    assert f"watchexec is not to be had: cannot get {URI}" in a.said.getvalue()
    assert not (tmp_path / "layers/watchexec").exists()


def test_a_watchexec_that_is_another_one_ends_the_build(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="corrupted"):
        built(tmp_path, dependency(archive()), {URI: b"another"})


def test_the_image_rebuilds_without_a_c_compiler_unless_its_user_says_otherwise() -> None:
    target = Target("linux", "amd64")

    assert read_linking({}, target).cgo == ""
    assert read_linking(ON, target).cgo == "0"
    assert read_linking({**ON, "CGO_ENABLED": "1"}, target).cgo == "1"


@pytest.mark.parametrize("env", [{}, ON])
def test_the_compile_cache_goes_into_an_image_that_rebuilds(
    tmp_path: Path, env: dict[str, str]
) -> None:
    context = a_build(tmp_path, env=env).context
    open_compile_cache(context)

    keep_compile_cache(context)

    assert types_of(tmp_path, "gocache") == {"build": False, "cache": True, "launch": env == ON}


def test_explain_shows_the_processes_and_that_go_goes_into_the_image() -> None:
    explained = explain(facts(**ON), (), "*", GoVersion.parse("1.26.8"))

    assert [(p.type, p.default) for p in explained.processes] == [
        ("app", False),
        ("reload-app", False),
        ("reload-web", True),
        ("web", False),
    ]
    assert explained.go_from != "the Go on the PATH"
