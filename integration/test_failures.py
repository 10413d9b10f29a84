"""The classic failures of go, provoked for real: what bin/build answers, and what it reports."""

import json
import os
import shutil
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gobp.buildpack.reporting.report_file import NAME
from gobp.golang.failures.catalogue import FAILURES, ROOT_CAUSES
from integration.by_hand import APP, MODULE, Workbench, go_root
from integration.creator import Creator, missing, put_files
from integration.failure_cases import CASES, NO_TOOLS, SERVER, SUMS, module
from integration.lab import ROOT
from integration.test_bad_input import LIB, put_lib, put_module, small_disk
from tests.fakes.trouble_server import Request, serving

ROOT_ONLY = pytest.mark.skipif(os.geteuid() != 0, reason="needs root (mount)")


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
    shutil.copytree(compiled.layers, tmp_path / "layers")
    return Workbench(tmp_path, {"GOPROXY": f"file://{tmp_path}/proxy"})


def publish(proxy: Path) -> str:
    """Publish the modules that cases require; return the lines of go.sum."""
    x = "package x\n\nconst X = 1\n"
    modules = {
        "example.com/a": {"go.mod": module("example.com/a"), "b/b.go": x},
        "example.com/a/b": {"go.mod": module("example.com/a/b"), "b.go": x},
        "example.com/deep": {
            "go.mod": f"{module('example.com/deep')}require {LIB} v1.2.3\n",
            "d.go": f'package deep\n\nimport _ "{LIB}"\n',
        },
        "example.com/fork": {"go.mod": module("example.com/original"), "f.go": x},
        "example.com/hidden": {"go.mod": module("example.com/hidden"), "internal/i/i.go": x},
        "example.com/newer": {"go.mod": module("example.com/newer", "1.99"), "n.go": x},
    }
    sums = [put_module(proxy, path, "v1.0.0", files) for path, files in modules.items()]
    return "".join([put_lib(proxy)["go.sum"], *sums])


def no_tools(folder: Path) -> str:
    """Make a PATH that has what gobp needs, and neither git nor a C compiler."""
    folder.mkdir()
    for name in ("env", "sh", "uname", "dirname"):
        (folder / name).symlink_to(str(shutil.which(name)))
    (folder / "python3").symlink_to(ROOT / ".venv/bin/python3")
    (folder / "go").symlink_to(f"{go_root()}/bin/go")
    return str(folder)


def report_of(path: Path) -> Mapping[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text())
    return document


@pytest.mark.parametrize("name", CASES)
def test_a_failure_is_answered_with_its_cause_and_what_to_do(bench: Workbench, name: str) -> None:
    case = CASES[name]

    def answer(request: Request, _: int) -> None:
        request.whole(b"said the server\n", case.status)

    with serving(answer) as server:
        words = {SUMS: publish(bench.root / "proxy"), SERVER: server.url}
        words[NO_TOOLS] = no_tools(bench.root / "bin")

        def filled(text: str) -> str:
            for word, value in words.items():
                text = text.replace(word, value)
            return text

        files = {path: filled(text) for path, text in case.files.items()}
        done = bench.build(files, **{key: filled(value) for key, value in case.env.items()})

    said = done.output.partition("\nERROR: ")[2]
    assert done.status == 1, done.output
    assert "Traceback" not in done.output
    assert case.says in said, done.output
    assert "\nTo fix it: " in said
    report = report_of(bench.layers / NAME)
    assert report["error"]["code"] == case.code, done.output
    assert report["error"]["summary"] in said
    assert report["components"][-1]["status"] == "failed"


def test_the_cases_cover_most_of_the_catalogue() -> None:
    codes = {failure.code for failure in (*ROOT_CAUSES, *FAILURES)}

    assert len(codes & {case.code for case in CASES.values()}) >= 40


@ROOT_ONLY
def test_a_disk_that_is_full_is_the_cause_of_what_else_go_says(bench: Workbench) -> None:
    shutil.rmtree(bench.layers)

    with small_disk(bench.layers, "4m"):
        done = bench.build(APP, BP_BUILD_REPORT=str(bench.root / "out/report.json"))

    assert done.status == 1
    assert report_of(bench.root / "out/report.json")["error"]["code"] == "disk-full"


class TestReport:
    def test_of_a_build_that_succeeds(self, bench: Workbench) -> None:
        (bench.root / "out").mkdir()

        done = bench.build(APP, BP_BUILD_REPORT=str(bench.root / "out"))

        assert done.status == 0, done.output
        report = report_of(bench.root / "out" / NAME)
        assert report == report_of(bench.layers / NAME)
        assert report["error"] is None
        assert report["exitStatus"] == 0
        assert report["go"]["source"] == "go.mod"
        assert report["modules"] == {"mode": "module", "vendor": "absent"}
        assert report["programs"] == [
            {"name": "app", "bytes": (bench.layers / "targets/bin/app").stat().st_size}
        ]
        assert {"gocache": True}.items() <= {
            each["name"]: each["reused"] for each in report["layers"]
        }.items()
        assert "go build" in " ".join(each["command"] for each in report["commands"])
        assert 0 < report["commandsMs"] <= report["durationMs"]

    @pytest.mark.parametrize(
        "env",
        [
            {"BP_GO_TARGETS": "nowhere"},
            {"BP_GO_SKIP": "go-build"},
            {"BP_KEEP_FILES": "static:[a"},
        ],
        ids=str,
    )
    def test_of_a_setting_that_is_refused_before_anything_runs(
        self, bench: Workbench, env: dict[str, str]
    ) -> None:
        done = bench.build(APP, BP_BUILD_REPORT=str(bench.root / "r.json"), **env)

        report = report_of(bench.root / "r.json")
        assert done.status == 1
        assert report["error"]["code"] == "user"
        assert next(iter(env)) in str(report["error"])
        assert report["components"] == []

    def test_of_a_build_that_is_given_no_folders(self, bench: Workbench) -> None:
        bench.put(APP)
        env = {"CNB_LAYERS_DIR": "", "BP_BUILD_REPORT": str(bench.root / "r.json")}

        with bench.start("build", env) as process:
            process.communicate(timeout=60)

        assert process.returncode == 1
        assert report_of(bench.root / "r.json")["error"]["code"] == "user"

    def test_of_a_build_that_is_stopped(self, bench: Workbench) -> None:
        shutil.rmtree(bench.layers)  # without a cache, compiling takes its time
        bench.put(APP)
        with bench.start("build", {}) as process:
            for _ in range(600):
                if [*(bench.layers / ".gocache").rglob("*-d")]:
                    break
                time.sleep(0.05)
            os.kill(process.pid, signal.SIGTERM)
            output, _ = process.communicate(timeout=60)

        report = report_of(bench.layers / NAME)
        assert process.returncode == 128 + signal.SIGTERM, output
        assert "ERROR: the build was stopped" in output
        assert "Traceback" not in output
        assert report["exitStatus"] == process.returncode
        assert report["error"]["code"] == "stopped"
        assert report["components"][-1] | {"durationMs": 0, "commandsMs": 0} == {
            "name": "go-build",
            "status": "failed",
            "durationMs": 0,
            "commandsMs": 0,
        }

    def test_that_cannot_be_written_is_a_warning(self, bench: Workbench) -> None:
        done = bench.build(APP, BP_BUILD_REPORT="/proc/nothing/report.json")

        assert done.status == 0, done.output
        assert "Warning: the build report /proc/nothing/report.json cannot be written" in (
            done.output
        )

    def test_that_would_become_part_of_the_image_is_not_written(self, bench: Workbench) -> None:
        done = bench.build(APP, BP_BUILD_REPORT="report.json", BP_KEEP_FILES="*")

        assert done.status == 0, done.output
        assert "becomes part of the image" in done.output
        assert not (bench.app / "report.json").exists()

    def test_holds_no_secret_of_an_address(self, bench: Workbench) -> None:
        secret = "hunter2hunter2"
        done = bench.build(
            {"go.mod": f"{MODULE}require {LIB} v1.2.3\n", "main.go": "package main\n"},
            GOPROXY=f"http://user:{secret}@127.0.0.1:1",
            BP_LOG_LEVEL="debug",
        )

        assert "Variables of the build" in done.output
        assert secret not in done.output
        assert secret not in (bench.layers / NAME).read_text()


@pytest.mark.skipif(missing() != "", reason=missing())
def test_the_lifecycle_leaves_the_report_out_of_the_image(tmp_path: Path, dist: Path) -> None:
    app = tmp_path / "source"
    app.mkdir()
    put_files(app, APP)
    creator = Creator(tmp_path / "work", [dist / "buildpack"], {"GOPROXY": "off"})

    first = creator.create(app)
    durations = [report_of(path)["durationMs"] for path in first.layers.glob(f"*/{NAME}")]
    again = creator.create(app)
    durations += [report_of(path)["durationMs"] for path in again.layers.glob(f"*/{NAME}")]

    assert len(set(durations)) == 2
    assert again.digest == first.digest
    assert NAME not in {path.name for path in again.files().rglob("*")}
