"""Single lifecycle phases at old Platform APIs, as kpack's pods run them.

kpack runs detector and builder on their own, as a plain user, at Platform API 0.7 to 0.9. The
toolchain is this machine's, so that no test waits for a download.
"""

import os
import re
import shutil
import subprocess
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from integration.docker import output_of
from integration.lab import ROOT, Given

UID = 1000
PHASE_SECONDS = 300
PLATFORM_APIS = ["0.7", "0.8", "0.9"]
WEB = ROOT / "samples/web"

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0, reason="only root can run phases as another user (setpriv)"
)


@dataclass(frozen=True, slots=True)
class Phases:
    """A build's directories, and the phases that work on them at one Platform API."""

    root: Path
    lifecycle: Path
    platform_api: str

    @property
    def layers(self) -> Path:
        """The layers directory, into which phases write their files."""
        return self.root / "layers"

    @property
    def app(self) -> Path:
        """The app directory."""
        return self.root / "app"

    def run(self, phase: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run one phase as user 1000, with an environment of a container's kind."""
        go = shutil.which("go") or "/usr/local/go/bin/go"
        env = {
            "PATH": f"{Path(go).parent}:/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.root / "home"),
            "CNB_PLATFORM_API": self.platform_api,
            "CNB_STACK_ID": "io.lab.bookworm",
        }
        directories = ["app", "layers", "platform", "buildpacks"]
        return subprocess.run(
            [
                *("setpriv", f"--reuid={UID}", f"--regid={UID}", "--clear-groups"),
                self.lifecycle / phase,
                *(part for name in directories for part in (f"-{name}", str(self.root / name))),
                *("-log-level", "debug", "-no-color", *arguments),
            ],
            env=env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=PHASE_SECONDS,
            check=False,
        )

    def detect(self) -> subprocess.CompletedProcess[str]:
        """Run the detector on the one buildpack."""
        return self.run("detector", "-order", str(self.root / "order.toml"))

    def succeed(self) -> str:
        """Run detector and builder, which must pass; return what they wrote."""
        said = ""
        for done in (self.detect(), self.run("builder")):
            said += done.stdout
            assert done.returncode == 0, said
        return said

    def read(self, name: str) -> dict[str, Any]:
        """Read a TOML file of the layers directory."""
        return tomllib.loads((self.layers / name).read_text())


@pytest.fixture
def root() -> Iterator[Path]:
    """A directory that user 1000 can reach, unlike pytest's own."""
    with tempfile.TemporaryDirectory(prefix="gobp-phases-") as name:
        path = Path(name)
        path.chmod(0o755)
        yield path


@pytest.fixture
def phases(root: Path, tools: Path) -> Phases:
    """Directories for the gobp of the clone fixture at Platform API 0.9."""
    return Phases(root, tools / "lifecycle", "0.9")


def prepare(phases: Phases, buildpack: Path, app: Path, *, api: str = "") -> Phases:
    """Lay out buildpack, order, app and platform directory; ``api`` overrides buildpack.toml's."""
    described = tomllib.loads((buildpack / "buildpack.toml").read_text())["buildpack"]
    ident, version = described["id"], described["version"]
    target = phases.root / "buildpacks" / ident.replace("/", "_") / version
    shutil.copytree(buildpack, target, symlinks=True, ignore=shutil.ignore_patterns(".git"))
    if api:
        description = target / "buildpack.toml"
        changed, times = re.subn(r'(?m)^api = ".*"$', f'api = "{api}"', description.read_text())
        assert times == 1
        description.write_text(changed)
    (phases.root / "order.toml").write_text(
        f'[[order]]\n[[order.group]]\nid = "{ident}"\nversion = "{version}"\n'
    )
    shutil.copytree(app, phases.app)
    (phases.root / "platform/env").mkdir(parents=True)
    for name in ("layers", "home"):
        (phases.root / name).mkdir()
    give_to_user([phases.app, phases.layers, phases.root / "home"])
    return phases


def give_to_user(paths: Sequence[Path]) -> None:
    """Make user 1000 the owner of these trees; the buildpack stays root's, and read-only."""
    output_of(["chown", "-R", f"{UID}:{UID}", *map(str, paths)])


def prepare_gobp(phases: Phases, clone: Path, *, api: str = "") -> Phases:
    """Lay out gobp and ``samples/web``, with this machine's module proxy."""
    prepare(phases, clone, WEB, api=api)
    proxy = output_of(["go", "env", "GOPROXY"]).strip()
    (phases.root / "platform/env/GOPROXY").write_text(proxy)
    return phases


def web_process(phases: Phases) -> dict[str, Any]:
    """Return the process ``web`` of metadata.toml, which must be the only one."""
    processes: list[dict[str, Any]] = phases.read("config/metadata.toml")["processes"]
    assert [process["type"] for process in processes] == ["web"]
    return processes[0]


def test_the_harness_runs_both_phases_of_a_buildpack(
    phases: Phases, shell_buildpack: Given, tmp_path: Path
) -> None:
    (tmp_path / "go.mod").write_text("module example.com/hello\n")
    buildpack = shell_buildpack.directory / shell_buildpack.argument

    prepare(phases, buildpack, tmp_path).succeed()

    assert [each["id"] for each in phases.read("group.toml")["group"]] == ["example/shell"]
    assert [each["type"] for each in phases.read("config/metadata.toml")["processes"]]


@pytest.mark.parametrize("platform_api", PLATFORM_APIS)
def test_detect_writes_group_and_plan(
    root: Path, tools: Path, clone: Path, platform_api: str
) -> None:
    phases = prepare_gobp(Phases(root, tools / "lifecycle", platform_api), clone)

    done = phases.detect()

    assert done.returncode == 0, done.stdout
    (group,) = phases.read("group.toml")["group"]
    assert (group["id"], group["api"]) == ("gobp/go", "0.10")
    entries = phases.read("plan.toml")["entries"]
    provided = {provider["id"] for entry in entries for provider in entry["providers"]}
    assert provided == {"gobp/go"}
    assert "go" in {require["name"] for entry in entries for require in entry["requires"]}


@pytest.mark.parametrize("platform_api", PLATFORM_APIS)
def test_build_writes_a_process_that_exists(
    root: Path, tools: Path, clone: Path, platform_api: str
) -> None:
    phases = prepare_gobp(Phases(root, tools / "lifecycle", platform_api), clone)

    phases.succeed()

    metadata = phases.read("config/metadata.toml")
    assert metadata["buildpack-default-process-type"] == "web"
    assert [each["id"] for each in metadata["buildpacks"]] == ["gobp/go"]
    (written,) = phases.read("gobp_go/launch.toml")["processes"]
    assert isinstance(written["command"], list)
    assert "direct" not in written
    process = web_process(phases)
    # Before Platform API 0.10 the lifecycle writes every command as one string.
    assert process["direct"] is True
    executable = Path(process["command"])
    assert executable.is_relative_to(phases.layers / "gobp_go")
    assert os.access(executable, os.X_OK)
    assert not (phases.app / "go.mod").exists()


def test_a_buildpack_of_api_0_7_gets_positional_arguments_and_string_commands(
    phases: Phases, clone: Path
) -> None:
    prepare_gobp(phases, clone, api="0.7").succeed()

    (group,) = phases.read("group.toml")["group"]
    assert group["api"] == "0.7"
    (written,) = phases.read("gobp_go/launch.toml")["processes"]
    assert isinstance(written["command"], str)
    assert written["direct"] is True
    process = web_process(phases)
    assert process["command"] == written["command"]
    assert process["direct"] is True
    assert os.access(process["command"], os.X_OK)


def test_a_secret_binding_as_kubernetes_mounts_it_is_read_through_its_links(
    phases: Phases, clone: Path
) -> None:
    prepare_gobp(phases, clone)
    binding = phases.root / "platform/bindings/processes"
    data = binding / "..2025_11_21"
    data.mkdir(parents=True)
    (data / "type").write_text("Procfile\n")
    (data / "Procfile").write_text("extra: web\n")
    (binding / "..data").symlink_to(data.name)
    for name in ("type", "Procfile"):
        (binding / name).symlink_to(f"..data/{name}")

    phases.succeed()

    processes = phases.read("config/metadata.toml")["processes"]
    assert {process["type"] for process in processes} == {"web", "extra"}


def test_detect_fails_with_status_20_and_a_reason_on_an_app_without_go(
    phases: Phases, clone: Path, tmp_path: Path
) -> None:
    (tmp_path / "index.html").write_text("<p>no Go here</p>\n")

    done = prepare(phases, clone, tmp_path).detect()

    assert done.returncode == 20, done.stdout
    assert "Traceback" not in done.stdout
