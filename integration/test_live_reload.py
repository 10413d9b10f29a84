"""Live reload for real: source edited where the image runs, rebuilt by the Go in the image."""

import os
import signal
import subprocess
import sys
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from integration.by_hand import Workbench, go_env
from integration.docker import APP_PORT, Docker, Server, free_port, output_of, run
from integration.lab import ROOT, Built, Given, Pack

SECONDS = 120  # for a rebuild on a busy machine
STATIC_RUN_IMAGE = "lab-static:bookworm"
ENV = {"BP_LIVE_RELOAD_ENABLED": "true", "BP_GO_STATIC": "true"}
MAIN = """package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	page, err := os.ReadFile("page.txt")
	if err != nil {
		panic(err)
	}
	stop, _ := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	http.HandleFunc("/", func(answer http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(answer, "one %s", page)
	})
	http.HandleFunc("/crash", func(http.ResponseWriter, *http.Request) { os.Exit(3) })
	server := &http.Server{Addr: ":" + os.Getenv("PORT")}
	go server.ListenAndServe()
	<-stop.Done()
	server.Shutdown(context.Background())
	fmt.Println("shut down")
}
"""
APP = {
    "go.mod": "module example.com/app\n\ngo 1.26\n",
    "main.go": MAIN,
    "page.txt": "page",
}
TWO = MAIN.replace('"one %s"', '"two %s"')
BROKEN = MAIN.replace('"one %s"', "undefinedName")


def eventually(wanted: str, answer: Callable[[], str], *, said: Callable[[], str]) -> None:
    """Return once the app answers with ``wanted``; fail with the log when it never does."""
    end = time.monotonic() + SECONDS
    last = ""
    while time.monotonic() < end:
        try:
            last = answer()
        except requests.ConnectionError:
            last = "no answer"
        if last == wanted:
            return
        time.sleep(0.1)
    pytest.fail(f"the app answers {last!r}, not {wanted!r}; it said:\n{said()}")


@dataclass
class Reloading:
    """A reload process of this machine, and the app that it runs."""

    process: "subprocess.Popen[bytes]"
    port: int
    log: Path

    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def answers(self, wanted: str) -> None:
        url = f"http://127.0.0.1:{self.port}/"
        eventually(wanted, lambda: requests.get(url, timeout=5).text, said=self.said)

    def says(self, wanted: str) -> None:
        eventually(
            wanted, lambda: wanted if wanted in self.said() else "nothing of that", said=self.said
        )

    def group(self) -> list[int]:
        """Return the processes of the session that the reload process leads, but for itself."""
        stats = [path.read_text() for path in Path("/proc").glob("[0-9]*/stat") if path.exists()]
        fields = [(int(text.split()[0]), text.rpartition(")")[2].split()) for text in stats]
        leader = self.process.pid
        return [pid for pid, rest in fields if int(rest[3]) == leader and pid != leader]


@contextmanager
def reloading(argv: Sequence[str], bench: Workbench | None, tmp: Path) -> Iterator[Reloading]:
    """Start a process as the launcher would: in the app, with the Go layer on the PATH.

    Without a bench it is started as it is.
    """
    port = free_port()
    log = tmp / "said.txt"
    path = f"{bench.layers}/go-sdk/bin" if bench else os.environ["PATH"]
    env = {"PATH": path, "PORT": str(port), "TMPDIR": str(tmp)}
    with log.open("wb") as out:
        process = subprocess.Popen(
            argv,
            cwd=bench.app if bench else ROOT,
            env=env,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    started = Reloading(process, port, log)
    try:
        yield started
    finally:
        left = [*started.group(), process.pid]
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        process.wait()


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    """An app built by hand with live reload."""
    made = Workbench(tmp_path_factory.mktemp("reload"), env={"GOPROXY": go_env("GOPROXY"), **ENV})
    done = made.build(APP)
    assert done.status == 0, done.output
    return made


def default_command(bench: Workbench) -> list[str]:
    processes = tomllib.loads((bench.layers / "launch.toml").read_text())["processes"]
    found: list[str] = next(each["command"] for each in processes if each.get("default"))
    return found


def as_built(bench: Workbench) -> None:
    """Make the app's source that of the image, and as old as it is there."""
    for name, text in APP.items():
        (bench.app / name).write_text(text)
    for path in (bench.app, *bench.app.iterdir()):
        os.utime(path, (1, 1))


@pytest.fixture
def app(bench: Workbench, tmp_path: Path) -> Iterator[Reloading]:
    """The default process of the image, on the source that the image was built from."""
    as_built(bench)
    with reloading(default_command(bench), bench, tmp_path) as running:
        running.answers("one page")
        yield running


def test_the_program_of_the_image_starts_at_once(app: Reloading) -> None:
    assert "building" not in app.said()


def test_an_edit_is_answered_by_a_rebuilt_program(app: Reloading, bench: Workbench) -> None:
    before = app.group()

    (bench.app / "main.go").write_text(TWO)

    app.answers("two page")
    assert app.process.poll() is None
    assert before
    assert set(app.group()).isdisjoint(before)
    assert "reload: main.go changed; building" in app.said()


def test_a_file_that_the_program_reads_restarts_it(app: Reloading, bench: Workbench) -> None:
    (bench.app / "page.txt").write_text("other page")

    app.answers("one other page")


def test_what_does_not_compile_leaves_the_program_alone(app: Reloading, bench: Workbench) -> None:
    before = app.group()

    (bench.app / "main.go").write_text(BROKEN)

    app.says("the build failed; app goes on as it is")
    assert "undefined: undefinedName" in app.said()
    assert app.group() == before
    app.answers("one page")
    (bench.app / "main.go").write_text(TWO)
    app.answers("two page")


def test_a_program_that_ends_is_started_again_by_the_next_edit(
    app: Reloading, bench: Workbench
) -> None:
    with pytest.raises(requests.ConnectionError):
        requests.get(f"http://127.0.0.1:{app.port}/crash", timeout=5)
    app.says("app ended with status 3; waiting for a change")

    (bench.app / "main.go").write_text(TWO)

    app.answers("two page")


def test_sigterm_ends_both_with_the_status_of_the_program(app: Reloading) -> None:
    app.process.send_signal(signal.SIGTERM)

    assert app.process.wait(timeout=20) == 0
    assert "shut down" in app.said()
    assert not app.group()
    assert not list(app.log.parent.glob("reload-*"))


def test_a_source_that_is_newer_than_the_image_is_built_first(
    bench: Workbench, tmp_path: Path
) -> None:
    as_built(bench)
    (bench.app / "main.go").write_text(TWO)

    with reloading(default_command(bench), bench, tmp_path) as running:
        running.answers("two page")

        assert "the source is newer than app; building" in running.said()


def test_under_another_watcher_it_rebuilds_and_becomes_the_program(
    bench: Workbench, tmp_path: Path
) -> None:
    helper, *options = default_command(bench)
    as_built(bench)
    answers = []
    for text in (MAIN, TWO, BROKEN):  # as watchexec does: stop, and start again
        if text != MAIN:
            (bench.app / "main.go").write_text(text)
        with reloading([helper, "-once", *options], bench, tmp_path) as running:
            wanted = "one page" if text == MAIN else "two page"
            running.answers(wanted)
            answers.append(running.said())
            assert not running.group()
            running.process.send_signal(signal.SIGTERM)
            assert running.process.wait(timeout=20) == 0

    assert "building" not in answers[0]
    assert "the build failed; starting the program of before" in answers[2]


def test_an_image_of_gobp_build_reloads_with_gobp_run(tmp_path: Path) -> None:
    source = tmp_path / "app"
    source.mkdir()
    for name, text in APP.items():
        (source / name).write_text(text)
    gobp = [sys.executable, "-m", "gobp"]
    cache = ["--cache-dir", str(tmp_path / "cache")]
    settings = [part for name in ENV for part in ("--env", f"{name}={ENV[name]}")]
    image = tmp_path / "web.oci"
    output_of([*gobp, "build", str(source), "-o", str(image), *settings, *cache], seconds=600)

    with reloading([*gobp, "run", str(image), *cache], None, tmp_path) as running:
        running.answers("one page")
        (unpacked,) = tmp_path.glob("cache/run/*/workspace/main.go")
        unpacked.write_text(TWO)

        running.answers("two page")


@pytest.fixture(scope="module")
def image(
    pack: Pack, docker: Docker, packaged: Given, tmp_path_factory: pytest.TempPathFactory
) -> Built:
    """The app on a run image with neither libc nor shell."""
    if run(["docker", "image", "inspect", STATIC_RUN_IMAGE]).returncode != 0:
        pytest.skip(f"docker has no {STATIC_RUN_IMAGE}")
    source = tmp_path_factory.mktemp("source")
    for name, text in APP.items():
        (source / name).write_text(text)
    return pack.build(
        "reload", source, packaged, env=ENV, options=["--run-image", STATIC_RUN_IMAGE]
    )


def told(server: Server, wanted: str) -> str:
    return "told" if wanted in server.log() else "nothing of that"


def answers(server: Server, wanted: str) -> None:
    eventually(wanted, lambda: server.get("/").text, said=server.log)


def test_a_container_without_a_shell_rebuilds_what_is_copied_into_it(
    docker: Docker, image: Built, tmp_path: Path
) -> None:
    edited = tmp_path / "main.go"
    with docker.serve(image.image) as server:
        answers(server, "one page")

        for text, wanted in ((TWO, "two page"), (BROKEN, "two page"), (MAIN, "one page")):
            edited.write_text(text)
            output_of(["docker", "cp", str(edited), f"{server.container}:/workspace/main.go"])
            if text == BROKEN:
                eventually("told", lambda: told(server, "app goes on as it is"), said=server.log)
            answers(server, wanted)

        assert server.is_running()
        assert docker.config(image.image)["User"] == "1000:1000"
        assert server.stop() == 0
        assert "shut down" in server.log()


def test_a_mounted_source_is_rebuilt_by_another_user_on_a_read_only_container(
    image: Built, tmp_path: Path
) -> None:
    tmp_path.chmod(0o755)
    source = tmp_path / "mounted"
    source.mkdir()
    for name, text in {**APP, "main.go": TWO}.items():
        (source / name).write_text(text)
    port = free_port()
    argv = ["docker", "run", "--detach", "--publish", f"127.0.0.1:{port}:{APP_PORT}"]
    argv += ["--user", "2000:2000", "--read-only", "--tmpfs", "/tmp:exec"]
    argv += ["--volume", f"{source}:/workspace", "--env", f"PORT={APP_PORT}", image.image]
    container = output_of(argv).strip()
    try:
        server = Server(container, f"http://127.0.0.1:{port}")
        answers(server, "two page")
        (source / "page.txt").write_text("edited page")

        answers(server, "two edited page")
    finally:
        run(["docker", "rm", "--force", container])
