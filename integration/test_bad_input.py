"""What users and machines do wrong, through the real bin/detect and bin/build and the real go.

Every output is held as a whole (tests/golden; GOBP_UPDATE_GOLDEN=1 writes it anew): it is what a
user reads. None is ever a traceback.
"""

import contextlib
import io
import os
import shutil
import signal
import subprocess
import time
import zipfile
from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path

import pytest

from gobp.buildpack.reporting.report_file import NAME as REPORT
from gobp.golang.dirhash import hash1
from gobp.system.machine import machine_architecture
from integration.by_hand import (
    APP,
    MAIN,
    MODULE,
    Done,
    Workbench,
    go_env,
    golden_for,
    known_versions,
    search_path,
)
from tests.fakes.trouble_server import Request, serving

_RESTORED = ("gocache", ".gocache", "vendor", REPORT)
ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root (mount, unshare)")
LIB = "example.com/lib"
NOT_COMPLETE = "the restored files are not complete"
NEEDS_LIB = {
    "go.mod": f"{MODULE}\nrequire {LIB} v1.2.3\n",
    "main.go": f'package main\n\nimport "{LIB}"\n\nfunc main() {{ println(lib.Hello) }}\n',
}
OTHER_SUM = f"{LIB} v1.2.3 h1:{'A' * 43}=\n{LIB} v1.2.3/go.mod h1:{'A' * 43}=\n"


def zip_of(files: Mapping[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in files.items():
            zipped.writestr(name, content)
    return buffer.getvalue()


def put_module(proxy: Path, path: str, version: str, files: Mapping[str, str]) -> str:
    """Publish a module in a proxy that is a folder; return its lines of go.sum."""
    folder = proxy / path / "@v"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "list").write_text(f"{version}\n")
    (folder / f"{version}.info").write_text(f'{{"Version": "{version}"}}')
    (folder / f"{version}.mod").write_text(files["go.mod"])
    named = {f"{path}@{version}/{name}": text for name, text in files.items()}
    (folder / f"{version}.zip").write_bytes(zip_of(named))
    whole = hash1((name, sha256(text.encode()).hexdigest()) for name, text in named.items())
    mod = hash1([("go.mod", sha256(files["go.mod"].encode()).hexdigest())])
    return f"{path} {version} {whole}\n{path} {version}/go.mod {mod}\n"


def put_lib(proxy: Path) -> dict[str, str]:
    """Publish the library that an app needs; return the app, with its go.sum."""
    files = {
        "go.mod": f"module {LIB}\n\ngo 1.26\n",
        "lib.go": 'package lib\n\nconst Hello = "hello from lib"\n',
    }
    return {**NEEDS_LIB, "go.sum": put_module(proxy, LIB, "v1.2.3", files)}


@pytest.fixture(scope="session")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """A finished build, whose compile cache saves the others compiling Go's own packages."""
    bench = Workbench(tmp_path_factory.mktemp("compiled"), {"GOPROXY": "off"})
    done = bench.build(APP)
    assert done.status == 0, done.output
    bench.restore()
    return bench


@pytest.fixture
def bench(tmp_path: Path, compiled: Workbench) -> Workbench:
    """A build of its own, with the compile cache of the finished one restored."""
    (tmp_path / "proxy").mkdir()
    shutil.copytree(compiled.layers, tmp_path / "layers")
    return Workbench(tmp_path, {"GOPROXY": f"file://{tmp_path}/proxy"})


def refused(bench: Workbench, case: str, done: Done) -> str:
    """Hold a failed build's whole output against its file; return it."""
    assert done.status == 1, done.output
    assert "Traceback" not in done.output
    golden_for(bench).check(f"bad_input_{case}", done.output)
    return done.output


CASES: Mapping[str, tuple[Mapping[str, str | bytes], Mapping[str, str]]] = {
    "invalid_go_mod": (
        {"go.mod": f"{MODULE}\nrequire (\n\texample.com/lib\n)\n", "main.go": MAIN},
        {},
    ),
    "no_main_package": ({"go.mod": MODULE, "lib.go": "package lib\n"}, {}),
    "only_tools": ({"go.mod": MODULE, "tools/gen/main.go": MAIN}, {}),
    "unknown_go_version": (APP, {"BP_GO_VERSION": "1.99"}),
    "go_version_that_is_none": (APP, {"BP_GO_VERSION": "newest please"}),
    "malformed_procfile": ({**APP, "Procfile": "web: app\nworker app --queue\n"}, {}),
    "procfile_not_utf8": ({**APP, "Procfile": b"web: caf\xe9\n"}, {}),
    "bad_labels": (APP, {"BP_IMAGE_LABELS": "team=web title='An App"}),
    "target_not_there": ({**APP, "cmd/job/main.go": MAIN}, {"BP_GO_TARGETS": "cmd/web:cmd/job"}),
    "target_without_go": ({**APP, "static/a.css": ""}, {"BP_GO_TARGETS": "static"}),
    "target_is_a_library": ({**APP, "lib/lib.go": "package lib\n"}, {"BP_GO_TARGETS": ".:lib"}),
    "two_targets_of_one_name": (
        {"go.mod": MODULE, "cmd/web/main.go": MAIN, "other/web/main.go": MAIN},
        {"BP_GO_TARGETS": "cmd/web:other/web"},
    ),
    "workdir_not_there": ({**APP, "server/main.go": MAIN}, {"BP_GO_WORKDIR": "srever"}),
    "bad_flags": (APP, {"BP_GO_BUILD_FLAGS": "-tags='a b"}),
    "flags_with_output": (APP, {"BP_GO_BUILD_FLAGS": "-o /usr/bin/app"}),
    "unknown_flag": (APP, {"BP_GO_BUILD_FLAGS": "-trimpaths"}),
    "bad_keep_files": (APP, {"BP_KEEP_FILES": "static:[a"}),
    "bad_mirror": (
        APP,
        {"BP_GO_VERSION": "1.21", "BP_DEPENDENCY_MIRROR": "http://mirror.example.com"},
    ),
    "compile_error": ({**APP, "main.go": "package main\n\nfunc main() { printn() }\n"}, {}),
    "go_sum_missing": (NEEDS_LIB, {}),
    "go_sum_of_another_module": ({**NEEDS_LIB, "go.sum": OTHER_SUM}, {}),
    "vendor_folder_not_in_step": (
        {
            **APP,
            "vendor/modules.txt": "# example.com/other v1.0.0\n## explicit\nexample.com/other\n",
        },
        {},
    ),
    "workspace_with_a_folder_gone": ({"go.work": "go 1.26\n\nuse ./gone\n", "main.go": MAIN}, {}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_wrong_with_an_app_or_its_settings_is_said(bench: Workbench, case: str) -> None:
    listing = bench.root / "proxy/golang.org/toolchain/@v/list"
    listing.parent.mkdir(parents=True)
    listing.write_text(f"v0.0.1-go1.21.13.linux-{machine_architecture()}\n")
    put_lib(bench.root / "proxy")
    files, env = CASES[case]

    said = refused(bench, case, bench.build(files, **env))

    assert "\nERROR: " in said
    assert "\nTo fix it: " in said


ODD: Mapping[str, tuple[Mapping[str, str | bytes], Mapping[str, str]]] = {
    "a label that is not UTF-8": (APP, {"BP_IMAGE_LABELS": "a=caf\udce9"}),
    "a variable that is not UTF-8": (APP, {"BPE_X": "caf\udce9"}),
    "flags that are not UTF-8": (APP, {"BP_GO_BUILD_FLAGS": "-tags=caf\udce9"}),
    "a target that is not UTF-8": (APP, {"BP_GO_TARGETS": "caf\udce9"}),
    "a go.mod that is not UTF-8": ({**APP, "go.mod": b"module caf\xe9\n"}, {}),
    "a proxy that is none": (APP, {"BP_GO_VERSION": "1.21", "GOPROXY": "http://[x,nonsense"}),
    "a proxy that is empty": (APP, {"BP_GO_VERSION": "1.21", "GOPROXY": ","}),
    "a file name that is not UTF-8": ({**APP, "caf\udce9.txt": ""}, {}),
    "a program behind a link": ({**APP, "cmd/a/b": ""}, {"BP_GO_TARGETS": "cmd/a/b"}),
    "a folder as go.mod": ({"go.mod/x": "", "main.go": MAIN}, {}),
    "a go.mod that is empty": ({**APP, "go.mod": ""}, {}),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_input_is_built_or_refused_but_never_a_traceback(bench: Workbench, case: str) -> None:
    files, env = ODD[case]
    if case.startswith("a proxy"):
        env = {**env, "BP_DEPENDENCY_MIRROR": f"file://{bench.root}/nowhere"}

    done = bench.build(files, **env)

    assert "Traceback" not in done.output
    assert done.status == 0 or "\nERROR: " in done.output, done.output


# --- Downloads of Go. The hash of a known version is pinned, so its download is what is broken.
def other_version() -> str:
    """Return a version that the buildpack knows and this machine does not have."""
    return next(v for v in known_versions() if f"go{v}" != go_env("GOVERSION"))


def without_archive(bench: Workbench) -> dict[str, str]:
    """Return variables by which only the module proxy can have Go, and a version to ask for."""
    return {
        "BP_GO_VERSION": other_version(),
        "BP_DEPENDENCY_MIRROR": f"file://{bench.root}/no-archives",
    }


def left_in(bench: Workbench) -> list[str]:
    """Return what lies in the layers folder beside the report and the restored caches."""
    names = sorted(path.name for path in bench.layers.iterdir())
    return [name for name in names if not name.startswith(_RESTORED)]


def toolchain_zip(bench: Workbench, content: bytes) -> None:
    folder = bench.root / "proxy/golang.org/toolchain/@v"
    folder.mkdir(parents=True)
    name = f"v0.0.1-go{other_version()}.linux-{machine_architecture()}.zip"
    (folder / name).write_bytes(content)


def in_toolchain(files: Mapping[str, bytes]) -> bytes:
    prefix = f"golang.org/toolchain@v0.0.1-go{other_version()}.linux-{machine_architecture()}/"
    return zip_of({prefix + name: content for name, content in files.items()})


def checked_download(bench: Workbench, case: str) -> None:
    done = bench.build(APP, **without_archive(bench))
    shown = {other_version(): "<version>"}
    text = done.output
    for line in text.splitlines():
        if line.strip().startswith(("expected h1:", "found    h1:")):
            shown[line.strip().rpartition(" ")[2]] = "<hash>"
    assert done.status == 1
    assert "Traceback" not in text
    golden_for(bench).at(shown).check(f"bad_input_{case}", text)
    assert left_in(bench) == []


def test_a_download_with_other_content_is_refused(bench: Workbench) -> None:
    toolchain_zip(bench, in_toolchain({"bin/go": b"#!/bin/sh\necho evil\n"}))

    checked_download(bench, "corrupted_download")


def test_a_download_that_is_no_zip_is_refused(bench: Workbench) -> None:
    toolchain_zip(bench, b"<html>sign in to the hotel network</html>")

    checked_download(bench, "download_is_no_zip")


def test_a_download_that_leads_out_of_its_folder_is_refused(bench: Workbench) -> None:
    toolchain_zip(bench, in_toolchain({"../../../../../evil": b"x"}))

    checked_download(bench, "download_leads_out")
    assert not [*bench.root.rglob("evil")]


def test_a_download_that_is_always_cut_is_given_up_and_leaves_nothing(bench: Workbench) -> None:
    def cut(request: Request, _: int) -> None:
        request.cut(bytes(3_000_000), 1_500_000)

    with serving(cut) as server:
        env = {**without_archive(bench), "GOPROXY": server.url, "NO_PROXY": "127.0.0.1"}
        done = bench.build(APP, **env)

    assert done.status == 1
    assert "trying again (3 of 3)" in done.output
    assert (
        f"Go {other_version()} for linux/{machine_architecture()} cannot be downloaded"
        in done.output
    )
    assert len(server.requests) == 3
    assert not (bench.layers / ".go-staging").exists()


# --- Disks
@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    """Make a folder a disk of its own for as long as the block runs."""
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@ROOT_ONLY
def test_a_disk_that_is_full_while_go_is_extracted_is_said(bench: Workbench) -> None:
    toolchain_zip(bench, in_toolchain({"pkg/tool/compile": bytes(30_000_000)}))
    shutil.rmtree(bench.layers)

    with small_disk(bench.layers, "8m"):
        done = bench.build(APP, **without_archive(bench))
        left = left_in(bench)

    assert left == []
    assert done.status == 1
    golden_for(bench).at({other_version(): "<version>"}).check("bad_input_disk_full", done.output)


@ROOT_ONLY
def test_a_disk_that_is_full_while_go_compiles_is_said(bench: Workbench) -> None:
    shutil.rmtree(bench.layers)

    with small_disk(bench.layers, "4m"):
        done = bench.build(APP)

    assert done.status == 1
    assert "Traceback" not in done.output
    assert "\nERROR: the disk of the build is full" in done.output


@ROOT_ONLY
def test_layers_that_cannot_be_written_are_said(bench: Workbench) -> None:
    bench.put(APP)
    assert bench.run("detect").status == 0
    readable = subprocess.run(["setpriv", "--help"], capture_output=True, check=False)
    if readable.returncode != 0:
        pytest.skip("setpriv is not here")
    with small_disk(bench.layers, "4m"):
        subprocess.run(["mount", "-o", "remount,ro", str(bench.layers)], check=True)
        done = bench.run("build")

    assert done.status == 1
    assert "Traceback" not in done.output
    assert "\nERROR: permission denied" in done.output


# --- Caches that came back in part, and builds that were killed
def one_of(folder: Path, pattern: str) -> Path:
    return min(path for path in folder.rglob(pattern) if path.is_file())


@pytest.mark.parametrize("damage", ["no file", "half a file", "other bytes"])
def test_a_compile_cache_restored_half_is_not_used(bench: Workbench, damage: str) -> None:
    archive = bench.layers / "gocache/base.tar.zst"
    content = archive.read_bytes()
    archive.unlink()
    if damage == "half a file":
        archive.write_bytes(content[: len(content) // 2])
    elif damage == "other bytes":
        archive.write_bytes(content[:-1000] + bytes(1000))

    done = bench.build(APP)

    assert done.status == 0, done.output
    because = "base.tar.zst is not a whole archive" if damage == "other bytes" else NOT_COMPLETE
    assert f"Not reusing the compile cache: {because}" in done.output
    assert bench.program() == "hello\n"


def test_modules_restored_half_are_not_used(bench: Workbench) -> None:
    app = put_lib(bench.root / "proxy")
    first = bench.build(app)
    assert first.status == 0, first.output
    bench.restore()
    one_of(bench.layers / "mod-cache", "*.mod").unlink()

    again = bench.build(app)

    assert again.status == 0, again.output
    assert f"Not reusing the cached modules: {NOT_COMPLETE}" in again.output
    assert bench.program() == "hello from lib\n"


def test_modules_that_were_restored_are_enough_without_a_proxy(bench: Workbench) -> None:
    app = put_lib(bench.root / "proxy")
    assert bench.build(app).status == 0
    bench.restore()

    again = bench.build(app, GOPROXY="off")

    assert again.status == 0, again.output
    assert "Reusing cached layer" in again.output
    assert bench.program() == "hello from lib\n"


@pytest.mark.parametrize("stage", ["go mod vendor", "go list", "go build"])
def test_a_build_that_was_killed_leaves_nothing_that_spoils_the_next(
    bench: Workbench, stage: str
) -> None:
    app = put_lib(bench.root / "proxy")
    bench.put(app)
    killer = bench.root / "killer"
    killer.mkdir()
    words = stage.split()
    test = " && ".join(f'[ "${n}" = {word} ]' for n, word in enumerate(words[1:], start=1))
    (killer / "go").write_text(
        f'#!/bin/sh\nif {test}; then\n  "{go_env("GOROOT")}/bin/go" "$@" & sleep 0.3\n'
        "  kill -9 0\nfi\n"
        f'exec "{go_env("GOROOT")}/bin/go" "$@"\n'
    )
    (killer / "go").chmod(0o755)
    path = f"{killer}:{search_path()}"
    with bench.start("build", {"PATH": path, "BP_GO_TARGETS": "./..."}) as process:
        process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL

    done = bench.build(app, PATH=search_path())

    assert done.status == 0, done.output
    assert bench.program() == "hello from lib\n"
    assert {path.name for path in bench.layers.glob(".*")} <= {".gocache", ".modules"}


def test_a_build_killed_while_go_is_fetched_leaves_nothing_that_spoils_the_next(
    bench: Workbench,
) -> None:
    def stall(request: Request, _: int) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "10000000")
        request.end_headers()
        request.wfile.write(bytes(2_000_000))
        time.sleep(3)

    bench.put(APP)
    with serving(stall) as server:
        env = {**without_archive(bench), "GOPROXY": server.url, "NO_PROXY": "127.0.0.1"}
        process = bench.start("build", env)
        name = f"go{other_version()}.linux-{machine_architecture()}.part"
        staging = bench.layers / ".go-staging" / name
        for _ in range(200):
            if staging.exists():
                break
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    assert staging.exists()
    toolchain_zip(bench, in_toolchain({"bin/go": b"still wrong"}))

    checked_download(bench, "corrupted_download")


# --- Networks
@ROOT_ONLY
def test_a_vendored_app_builds_without_any_network(bench: Workbench) -> None:
    bench.prefix = ("unshare", "-n")
    vendored = {
        **NEEDS_LIB,
        "vendor/modules.txt": f"# {LIB} v1.2.3\n## explicit; go 1.26\n{LIB}\n",
        f"vendor/{LIB}/lib.go": 'package lib\n\nconst Hello = "vendored"\n',
    }

    done = bench.build(vendored, GOPROXY="https://proxy.example.com")

    assert done.status == 0, done.output
    assert bench.program() == "vendored\n"
    golden_for(bench).check("offline_vendored", done.output)


@ROOT_ONLY
def test_an_app_that_needs_modules_fails_at_once_without_a_network(bench: Workbench) -> None:
    bench.prefix = ("unshare", "-n")
    app = put_lib(bench.root / "elsewhere")
    start = time.monotonic()

    done = bench.build(app, GOPROXY="http://192.0.2.1")

    assert time.monotonic() - start < 15
    said = refused(bench, "no_network", done)
    for word in (f"{LIB}@v1.2.3", "http://192.0.2.1", "GOPROXY", "go mod vendor"):
        assert word in said.partition("ERROR")[2]


def test_an_app_that_needs_modules_fails_at_once_when_its_proxy_is_not_there(
    bench: Workbench,
) -> None:
    app = put_lib(bench.root / "elsewhere")
    start = time.monotonic()

    done = bench.build(app, GOPROXY="http://127.0.0.1:1")

    assert time.monotonic() - start < 15
    refused(bench, "proxy_not_there", done)


def test_the_password_of_a_proxy_is_in_no_output(bench: Workbench) -> None:
    env = {**without_archive(bench), "GOPROXY": "https://me:hunter2@127.0.0.1:1"}

    for_modules = bench.build(put_lib(bench.root / "elsewhere"), GOPROXY=env["GOPROXY"])
    for_go = bench.build(APP, **env)

    for done in (for_modules, for_go):
        assert done.status == 1
        assert "https://127.0.0.1:1" in done.output
        assert "hunter2" not in done.output
