"""The build report: what it holds, where it is written, and that nothing of it fails a build."""

import itertools
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from gobp.buildpack.layers import Layers
from gobp.buildpack.reporting.report import RecordedCommands, Recorder
from gobp.buildpack.reporting.report_file import NAME, write_report
from gobp.cnb.layer import LayerTypes
from gobp.errors import UserError
from gobp.log import BuildLog
from gobp.system.process import Captured
from tests.fakes.scripted_commands import ScriptedCommands

PAGE = Path(__file__).parents[2] / "docs" / "build-report.md"
FIELDS = ["version", "exitStatus", "durationMs", "commandsMs", "buildpack", "target", "go"]
FIELDS += ["modules", "layers", "programs", "processes", "warnings", "error", "counters"]
FIELDS += ["components", "commands"]


def recorder() -> Recorder:
    """A report whose clock goes one second further each time it is looked at."""
    return Recorder(clock=itertools.count(0.0).__next__)


class TestWhatItHolds:
    def test_every_field_is_there_from_the_start_in_the_order_of_its_page(self) -> None:
        assert list(recorder().document()) == FIELDS
        fields = PAGE.read_text().partition("\n## Counters\n")[0]
        rows = re.findall(r"^\| `(\w+)` \|", fields, re.MULTILINE)
        assert sorted(rows) == sorted(FIELDS)

    def test_components_and_commands_are_timed(self) -> None:
        report = recorder()
        with report.component("go-dist"):
            pass
        with report.component("go-build"), report.command(("go", "build", ".")) as ended:
            ended(0)

        document = report.document()

        assert document["components"] == [
            {"name": "go-dist", "status": "completed", "durationMs": 1000, "commandsMs": 0},
            {"name": "go-build", "status": "completed", "durationMs": 3000, "commandsMs": 1000},
        ]
        assert document["commands"] == [
            {"component": "go-build", "command": "go build .", "exitStatus": 0, "durationMs": 1000}
        ]
        assert document["durationMs"] == 7000
        assert document["commandsMs"] == 1000

    def test_commands_and_what_else_is_counted_add_up(self) -> None:
        report = recorder()
        commands = RecordedCommands(ScriptedCommands({(): Captured(0, "", "")}), report)
        for argv in (("go", "env"), ("git", "log")):
            commands.capture(argv, cwd=Path("/"), env={})
        report.count(filesUnpacked=3, bytesUnpacked=100)
        report.count(filesUnpacked=2)

        counters = report.document()["counters"]

        known = {"commands": 2, "goCommands": 1, "filesUnpacked": 5, "bytesUnpacked": 100}
        assert counters == {**dict.fromkeys(report.counters, 0), **known}

    def test_a_counter_that_its_page_does_not_name_is_a_mistake(self) -> None:
        with pytest.raises(KeyError):
            recorder().count(cakes=1)
        assert all(f"`{name}`" in PAGE.read_text() for name in recorder().counters)

    def test_a_component_that_raises_has_failed(self) -> None:
        report = recorder()
        with pytest.raises(KeyError), report.component("git"), report.command(("git",)):
            raise KeyError

        document: Any = report.document()

        assert document["components"][0]["status"] == "failed"
        assert document["commands"][0]["exitStatus"] is None

    @pytest.mark.parametrize(
        ("error", "status", "code"),
        [
            (UserError("no", remedy="yes.", code="disk-full"), 1, "disk-full"),
            (UserError("no", remedy="yes."), 1, "user"),
            (PermissionError(13, "no", "/x"), 1, "permission-denied"),
            (ZeroDivisionError("secret"), 1, "internal"),
            (SystemExit(143), 143, "stopped"),
        ],
    )
    def test_an_error_has_a_code(self, error: BaseException, status: int, code: str) -> None:
        report = recorder()

        report.failed(error)

        document: Any = report.document()
        assert document["exitStatus"] == status
        assert document["error"]["code"] == code
        assert list(document["error"]) == ["code", "summary", "detail", "remedy"]
        assert "secret" not in str(document)

    def test_commands_are_recorded_and_run_as_they_are(self, tmp_path: Path) -> None:
        report = recorder()
        inner = ScriptedCommands({("go",): Captured(3, "said\n", "")})
        commands = RecordedCommands(inner, report)
        lines: list[str] = []

        status = commands.run(("go", "build"), cwd=tmp_path, env={"A": "b"}, on_line=lines.append)
        captured = commands.capture(("go", "env"), cwd=tmp_path, env={})

        assert (status, lines, captured.status) == (3, ["said"], 3)
        assert inner.environments[0] == {"A": "b"}
        recorded: Any = report.document()["commands"]
        assert [(each["command"], each["exitStatus"]) for each in recorded] == [
            ("go build", 3),
            ("go env", 3),
        ]


class TestWhereItIsWritten:
    @pytest.fixture
    def layers(self, tmp_path: Path) -> Layers:
        (tmp_path / "layers").mkdir()
        return Layers(tmp_path / "layers")

    def write(
        self, tmp_path: Path, layers: Layers | None, env: Mapping[str, str], secrets: str = ""
    ) -> BuildLog:
        report = recorder()
        report.layers = layers
        report.failed(UserError("it is hunter2x", remedy="change hunter2x."))
        (tmp_path / "app").mkdir(exist_ok=True)
        log = BuildLog()
        log.mask([secrets])
        write_report(report, env, tmp_path / "app", log)
        return log

    def test_beside_the_layers(self, tmp_path: Path, layers: Layers) -> None:
        self.write(tmp_path, layers, {})

        assert json.loads((layers.root / NAME).read_text())["version"] == 1

    @pytest.mark.parametrize("asked", ["out/mine.json", "out/", "out"])
    def test_where_the_user_asks(self, tmp_path: Path, layers: Layers, asked: str) -> None:
        (tmp_path / "out").mkdir()

        self.write(tmp_path, layers, {"BP_BUILD_REPORT": f"{tmp_path}/{asked}"})

        (file,) = (tmp_path / "out").iterdir()
        assert file.name == ("mine.json" if "mine" in asked else NAME)
        assert file.read_text() == (layers.root / NAME).read_text()

    def test_also_when_no_folder_for_layers_is_known(self, tmp_path: Path) -> None:
        self.write(tmp_path, None, {"BP_BUILD_REPORT": str(tmp_path / "new/report.json")})

        assert json.loads((tmp_path / "new/report.json").read_text())["exitStatus"] == 1

    @pytest.mark.parametrize(
        "inside", ["app/r.json", "app", "layers/targets/r.json", "app/../app/x"]
    )
    def test_not_in_what_becomes_the_image(
        self, tmp_path: Path, layers: Layers, inside: str
    ) -> None:
        log = self.write(tmp_path, layers, {"BP_BUILD_REPORT": f"{tmp_path}/{inside}"})

        (warning,) = log.warnings
        assert "becomes part of the image" in warning
        assert not [*(tmp_path / "app").iterdir()]
        assert [path.name for path in layers.root.iterdir()] == [NAME]

    def test_where_it_cannot_be_written_the_log_says_so(
        self, tmp_path: Path, layers: Layers
    ) -> None:
        (tmp_path / "file").write_text("")

        log = self.write(tmp_path, layers, {"BP_BUILD_REPORT": f"{tmp_path}/file/report.json"})

        (warning,) = log.warnings
        assert warning.startswith(f"the build report {tmp_path}/file/report.json cannot be written")

    def test_without_the_secrets_that_the_log_knows(self, tmp_path: Path, layers: Layers) -> None:
        self.write(tmp_path, layers, {}, secrets="hunter2x")

        text = (layers.root / NAME).read_text()
        assert "hunter2x" not in text
        assert "it is ***" in text

    def test_with_what_became_of_the_layers_and_the_programs(
        self, tmp_path: Path, layers: Layers
    ) -> None:
        targets = layers.layer("targets")
        (targets.reset() / "bin").mkdir()
        (targets.path / "bin/app").write_bytes(b"12345")
        layers.contribute(targets, LayerTypes(launch=True))
        layers.layer("gocache").stale_because({})

        self.write(tmp_path, layers, {})

        document = json.loads((layers.root / NAME).read_text())
        assert document["programs"] == [{"name": "app", "bytes": 5}]
        assert [(each["name"], each["reused"], each["because"]) for each in document["layers"]] == [
            ("gocache", False, ["nothing was restored"]),
            ("targets", False, []),
        ]


def test_a_layer_that_is_as_it_was_written_counts_as_reused(tmp_path: Path) -> None:
    first = Layers(tmp_path)
    layer = first.layer("go")
    (layer.reset() / "file").write_text("x")
    first.contribute(layer, LayerTypes(cache=True), metadata={"go": "1.26.8"})
    second = Layers(tmp_path)
    second.layer("go").stale_because({"go": "1.26.8"})
    second.layer("go")  # looked at again by another component
    third = Layers(tmp_path)
    third.layer("go").stale_because({"go": "1.27"})

    assert [each.reused for each in second.outcomes()] == [True]
    assert third.outcomes()[0].because == ("go changed from 1.26.8 to 1.27",)
