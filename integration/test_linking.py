"""How programs are linked: read from the programs, and started on images with and without libc."""

import shutil
from pathlib import Path

import pytest

from gobp.platform.elf import elf_needs
from integration.by_hand import MAIN, MODULE, Workbench
from integration.docker import Docker, output_of, run
from integration.lab import ROOT, TOOLS, Given, Pack

CGO = """package main

// static int answer(void) { return 42; }
import "C"

func main() { println(int(C.answer())) }
"""
APP = {"go.mod": MODULE, "main.go": MAIN}
AARCH64 = 183
STATIC_IMAGE = "lab-static:bookworm"


def interpreter_of(path: Path) -> str:
    """The dynamic loader that a program names, "" for a static one."""
    needs = elf_needs(path)
    return needs.interpreter if needs else ""


def machine_of(path: Path) -> int:
    """The field e_machine of an ELF header."""
    return int.from_bytes(path.read_bytes()[18:20], "little")


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


def program(bench: Workbench) -> Path:
    return bench.layers / "targets/bin/app"


def test_a_program_is_position_independent_by_default(bench: Workbench) -> None:
    done = bench.build(APP)

    assert done.status == 0, done.output
    assert "ld-linux" in interpreter_of(program(bench))
    assert bench.program() == "hello\n"


@pytest.mark.parametrize(
    "env",
    [
        {"BP_GO_STATIC": "true"},
        {"CNB_STACK_ID": "io.buildpacks.stacks.noble.static"},
        {"CNB_TARGET_DISTRO_NAME": "alpine"},
    ],
    ids=str,
)
def test_a_run_image_without_libc_gets_a_static_program(
    bench: Workbench, env: dict[str, str]
) -> None:
    done = bench.build(APP, **env)

    assert done.status == 0, done.output
    assert "Linking statically: " in done.output
    assert interpreter_of(program(bench)) == ""
    assert bench.program() == "hello\n"


@pytest.mark.skipif(shutil.which("gcc") is None, reason="gcc, which cgo needs, is not installed")
@pytest.mark.parametrize(("static", "interpreter"), [("false", "ld-linux"), ("true", "")])
def test_c_code_is_linked_as_the_run_image_needs_it(
    bench: Workbench, static: str, interpreter: str
) -> None:
    done = bench.build({"go.mod": MODULE, "main.go": CGO}, BP_GO_STATIC=static, CGO_ENABLED="1")

    assert done.status == 0, done.output
    found = interpreter_of(program(bench))
    assert interpreter in found
    assert bool(found) == bool(interpreter)
    assert bench.program() == "42\n"


def test_c_code_without_a_compiler_is_said(bench: Workbench, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("sh", "uname", "git"):
        (programs / name).symlink_to(str(shutil.which(name)))
    go = Path(str(shutil.which("go"))).resolve().parent
    path = f"{ROOT}/.venv/bin:{go}:{programs}"

    done = bench.build({"go.mod": MODULE, "main.go": CGO}, PATH=path)

    assert done.status == 1
    assert "no C compiler" in done.output


def test_a_build_for_another_architecture_needs_no_emulation(bench: Workbench) -> None:
    done = bench.build(APP, CNB_TARGET_ARCH="arm64")

    assert done.status == 0, done.output
    assert machine_of(program(bench)) == AARCH64


def test_an_image_without_libc_starts_a_static_program(
    pack: Pack, docker: Docker, packaged: Given, tmp_path: Path
) -> None:
    app = tmp_path / "app"
    app.mkdir()
    for name, text in APP.items():
        (app / name).write_text(text)

    built = pack.build(
        "static",
        app,
        packaged,
        env={"BP_GO_STATIC": "true"},
        options=["--run-image", STATIC_IMAGE],
    )

    assert docker.output(built.image) == "hello\n"


def test_an_image_moves_to_another_base_without_a_build(
    pack: Pack, docker: Docker, packaged: Given, tmp_path: Path
) -> None:
    built = pack.build("rebased", ROOT / "samples/commands", packaged)
    base = docker.name("newer-run")
    context = tmp_path / "base"
    context.mkdir()
    steps = ("FROM lab-run:bookworm", "USER root", "RUN echo new > /newer", "USER 1000")
    (context / "Dockerfile").write_text("\n".join(steps))
    output_of(["docker", "build", "-q", "-t", base, str(context)])
    docker.adopt(base)

    done = run(
        [
            *(str(TOOLS / "bin/pack"), "rebase", built.image, "--run-image", base),
            *("--pull-policy", "never", "--force"),
        ]
    )

    assert done.returncode == 0, done.stdout + done.stderr
    docker.adopt(built.image)
    assert docker.shell(built.image, "cat /newer").strip() == "new"
    assert docker.output(built.image, entrypoint="plan") == "would make /tmp/jobs.json\n"
