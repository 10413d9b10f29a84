"""The bundled interpreter as it is shipped: here, in roots that have nothing else, in qemu."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from release.recipe import AMD64, ARM64, LIBRARY, Architecture, interpreter_argv
from release.runtime import ROOT, RUNTIME, build, host_architecture
from release.tree import tree_hash

OPTIONS = ("-I", "-S", "-B", "-X", "utf8")
PRELOADED = "/usr/lib/x86_64-linux-gnu/libdl.so.2"
QEMU = "qemu-aarch64-static"
IMPORTS = """
import sys; sys.path.append(sys.argv[1])
import asyncio, bz2, hashlib, json, logging, lzma, ssl, subprocess, tarfile, tomllib, zipfile
import certifi, charset_normalizer, idna, pytoml, requests, urllib3
context = ssl.create_default_context(cafile=certifi.where())
import zstandard
assert zstandard.decompress(zstandard.compress(b'go', 1)) == b'go'
print(len(context.get_ca_certs()) > 50, hashlib.sha256(b"").hexdigest()[:8])
"""
DAEMON_THREAD = """
import threading, time
def spin():
    while True:
        time.sleep(0.0001)
for _ in range(8):
    threading.Thread(target=spin, daemon=True).start()
time.sleep(0.05)
"""
MAIN = """
import json, os, subprocess, sys

def main(phase, arguments):
    import pytoml, requests, ssl
    ssl.create_default_context()
    line = "echo ${OPENSSL_CONF-unset} ${LD_PRELOAD-unset}"
    child = subprocess.run(["/bin/sh", "-c", line], env=dict(os.environ), capture_output=True)
    python = subprocess.run([sys.executable, "-c", "print(6 * 7)"], capture_output=True)
    maps = open("/proc/self/maps").read().split() if os.path.exists("/proc/self/maps") else []
    shown = {
        "phase": phase,
        "arguments": arguments,
        "prefix": sys.prefix,
        "child": child.stdout.decode().split(),
        "python": python.stdout.decode(),
        "libraries": sorted({word for word in maps if ".so" in word}),
    }
    json.dump(shown, sys.stdout)
    return 42
"""

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts and chroot need root")


@pytest.fixture(scope="module")
def host() -> Architecture:
    build(RUNTIME)
    return host_architecture()


@pytest.fixture
def buildpack(tmp_path: Path) -> Path:
    """Return a buildpack folder with gobp's own bin/ and a main that shows where it runs."""
    root = tmp_path / "buildpack"
    (root / "gobp" / "buildpack").mkdir(parents=True)
    shutil.copytree(ROOT / "bin", root / "bin")
    shutil.copy(ROOT / "gobp" / "errors.py", root / "gobp")
    (root / "gobp" / "buildpack" / "__main__.py").write_text(MAIN)
    return root


def run(
    argv: list[str], env: Mapping[str, str], cwd: Path | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        argv, env=dict(env), cwd=cwd, capture_output=True, text=True, check=False, timeout=120
    )


def in_root(root: Path, mounts: Mapping[Path, str], argv: list[str]) -> str:
    """Run a command as uid 1000 in a root with these folders, read-only, and /tmp; no network.

    Returns what it prints; fails where its exit status is not 0.
    """
    (root / "tmp").mkdir(parents=True)
    (root / "tmp").chmod(0o1777)
    script = []
    for source, name in mounts.items():
        target = root / name
        target.mkdir(parents=True)
        script += [f"mount --bind {source} {target}", f"mount -o remount,ro,bind {target}"]
    script.append(f'exec chroot --userspec=1000:1000 --groups= {root} "$@"')
    command = ["unshare", "--mount", "--net", "sh", "-e", "-c", "\n".join(script), "sh", *argv]
    done = run(command, {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"})
    assert done.returncode == 0, done.stderr
    return done.stdout


def only(folder: Path, **programs: str) -> dict[str, str]:
    """Return an environment whose PATH has uname and these scripts, and nothing else."""
    folder.mkdir()
    (folder / "uname").symlink_to(shutil.which("uname") or "/bin/uname")
    for name, script in programs.items():
        (folder / name).write_text(script)
        (folder / name).chmod(0o755)
    return {"PATH": str(folder)}


def test_two_builds_give_the_same_tree(host: Architecture, tmp_path: Path) -> None:
    build(tmp_path / "runtime")

    (tmp_path / "runtime" / "stamp").unlink()
    # The helpers are made beside it, by the machine's go.
    of_helpers = shutil.ignore_patterns("stamp", "helpers", "go")
    first = shutil.copytree(RUNTIME, tmp_path / "copy", ignore=of_helpers)
    assert tree_hash(tmp_path / "runtime") == tree_hash(first)


def test_a_tree_of_the_same_lock_is_not_made_again(
    host: Architecture, capsys: pytest.CaptureFixture[str]
) -> None:
    build(RUNTIME)

    assert capsys.readouterr().out == "runtime/ is up to date\n"


def test_no_source_is_shipped_and_both_architectures_have_the_same_byte_code(
    host: Architecture,
) -> None:
    libraries = [RUNTIME / arch.name / LIBRARY for arch in (AMD64, ARM64)]

    code = [
        {p.relative_to(root): p.read_bytes() for p in root.rglob("*.pyc")} for root in libraries
    ]

    assert not list(RUNTIME.rglob("*.py"))
    assert code[0] == code[1] != {}


@needs_root
def test_it_runs_in_a_root_that_has_nothing_else(host: Architecture, tmp_path: Path) -> None:
    argv = interpreter_argv(f"/rt/{host.name}", host)

    out = in_root(
        tmp_path / "root", {RUNTIME: "rt"}, [*argv, *OPTIONS, "-c", IMPORTS, "/rt/packages"]
    )

    assert out == "True e3b0c442\n"


@needs_root
def test_daemon_threads_that_live_to_the_end_do_not_abort_it(
    host: Architecture, tmp_path: Path
) -> None:
    argv = interpreter_argv(f"/rt/{host.name}", host)

    out = in_root(tmp_path / "root", {RUNTIME: "rt"}, [*argv, *OPTIONS, "-c", DAEMON_THREAD])

    assert out == ""


@needs_root
def test_it_runs_where_there_is_only_busybox_and_musl(
    host: Architecture, buildpack: Path, tmp_path: Path
) -> None:
    busybox = shutil.which("busybox")
    musl = next(Path("/lib").glob("ld-musl-*.so.1"), None)
    if busybox is None or musl is None:
        pytest.skip("busybox or musl is not installed")
    root = tmp_path / "root"
    (root / "bin").mkdir(parents=True)
    (root / "lib").mkdir()
    shutil.copy(musl, root / "lib")
    shutil.copy(busybox, root / "bin" / "busybox")
    for name in ("sh", "uname", "env"):
        (root / "bin" / name).symlink_to("busybox")
    mounts = {buildpack: "bp", RUNTIME: "rt"}
    (buildpack / "runtime").symlink_to("/rt")
    script = "/bp/bin/detect one; echo status $?"
    preloaded = f"LD_PRELOAD=/lib/{musl.name}"

    out = in_root(root, mounts, ["/bin/env", "PATH=/bin", preloaded, "/bin/sh", "-c", script])

    shown, status = out.rsplit("status", 1)
    assert status == " 42\n"
    assert json.loads(shown)["python"] == "42\n"


def test_a_stray_library_archive_in_a_parent_folder_is_not_taken(
    host: Architecture, tmp_path: Path
) -> None:
    tree = shutil.copytree(RUNTIME / host.name, tmp_path / "bp" / "runtime")
    for parent in (tmp_path, tmp_path / "bp"):
        (parent / "lib").mkdir()
        (parent / "lib" / "python313.zip").write_bytes(b"not a zip")
    argv = [*interpreter_argv(str(tree), host), *OPTIONS, "-c", "import sys; print(sys.prefix)"]

    done = run(argv, {})

    assert (done.stdout, done.stderr) == (f"{tree}\n", "")


def test_detect_and_build_run_gobp_with_the_phase_and_arguments(
    host: Architecture, buildpack: Path
) -> None:
    (buildpack / "runtime").symlink_to(RUNTIME)

    for phase in ("detect", "build"):
        done = run([str(buildpack / "bin" / phase), "a b", "c"], {"PATH": "/usr/bin:/bin"})

        assert (done.returncode, done.stderr) == (42, "")
        shown = json.loads(done.stdout)
        assert (shown["phase"], shown["arguments"]) == (phase, ["a b", "c"])
        assert shown["python"] == "42\n"


def test_detect_finds_its_folder_by_variable_and_by_relative_name(
    host: Architecture, buildpack: Path, tmp_path: Path
) -> None:
    (buildpack / "runtime").symlink_to(RUNTIME)
    path = {"PATH": "/usr/bin:/bin"}
    copied = str(shutil.copy(buildpack / "bin" / "detect", tmp_path / "elsewhere"))

    by_variable = run([copied], path | {"CNB_BUILDPACK_DIR": str(buildpack)}, cwd=tmp_path)
    relative = run(["./detect"], path, cwd=buildpack / "bin")
    by_sh = run(["sh", "detect"], path, cwd=buildpack / "bin")

    assert [done.returncode for done in (by_variable, relative, by_sh)] == [42, 42, 42]
    assert json.loads(relative.stdout)["python"] == "42\n"


def test_settings_of_the_image_reach_its_programs_but_not_the_bundled_python(
    host: Architecture, buildpack: Path, tmp_path: Path
) -> None:
    (buildpack / "runtime").symlink_to(RUNTIME)
    no_ciphers = "openssl_conf = a\n[a]\nproviders = p\n[p]\nbase = b\n[b]\nactivate = 1\n"
    (tmp_path / "openssl.cnf").write_text(no_ciphers)
    env = {
        "PATH": "/usr/bin:/bin",
        "OPENSSL_CONF": str(tmp_path / "openssl.cnf"),
        "LD_PRELOAD": PRELOADED if Path(PRELOADED).exists() else "/lib/libdl.so.2",
        "LD_LIBRARY_PATH": "/usr/lib/x86_64-linux-gnu",
    }

    done = run([str(buildpack / "bin" / "build")], env)

    shown = json.loads(done.stdout)
    assert shown["child"] == [env["OPENSSL_CONF"], "unset"]
    own = str(RUNTIME.resolve())
    assert [path for path in shown["libraries"] if not os.path.realpath(path).startswith(own)] == []


def test_without_a_runtime_and_python_detect_says_so_in_one_line(
    buildpack: Path, tmp_path: Path
) -> None:
    done = run([str(buildpack / "bin" / "detect")], only(tmp_path / "path"))

    assert (done.returncode, done.stdout) == (1, "")
    assert len(done.stderr.splitlines()) == 1
    assert "run 'make runtime'" in done.stderr


def test_a_python_that_does_not_suit_counts_as_none(buildpack: Path, tmp_path: Path) -> None:
    too_old = "#!/bin/sh\necho 'ModuleNotFoundError: tomllib' >&2\nexit 1\n"

    done = run([str(buildpack / "bin" / "detect")], only(tmp_path / "path", python3=too_old))

    assert done.returncode == 1
    assert len(done.stderr.splitlines()) == 1


def test_without_a_runtime_the_images_python_is_used(buildpack: Path, tmp_path: Path) -> None:
    path = only(tmp_path / "path")["PATH"]
    env = {"PATH": f"{Path(sys.executable).parent}:{path}"}

    done = run([str(buildpack / "bin" / "detect")], env)

    assert done.returncode == 42, done.stderr
    assert json.loads(done.stdout)["prefix"] == sys.prefix


def test_a_python_without_zstandard_is_enough_for_detect_but_not_for_build(
    buildpack: Path, tmp_path: Path
) -> None:
    without = f'#!/bin/sh\ncase "$*" in *zstandard*) exit 1 ;; esac\nexec {sys.executable} "$@"\n'
    env = only(tmp_path / "path", python3=without)

    done = {phase: run([str(buildpack / "bin" / phase)], env) for phase in ("detect", "build")}

    assert done["detect"].returncode == 42, done["detect"].stderr
    assert done["build"].returncode == 1
    assert "with pytoml, requests and zstandard" in done["build"].stderr


@pytest.mark.skipif(shutil.which(QEMU) is None, reason=f"{QEMU} is not installed")
def test_the_arm64_tree_runs(host: Architecture) -> None:
    argv = [QEMU, *interpreter_argv(str(RUNTIME / ARM64.name), ARM64), *OPTIONS]

    done = run([*argv, "-c", IMPORTS, str(RUNTIME / "packages")], {"PATH": os.environ["PATH"]})

    assert done.stdout == "True e3b0c442\n", done.stderr
