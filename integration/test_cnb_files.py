"""The real lifecycle reads what gobp.cnb writes, and gobp.cnb reads what the lifecycle writes."""

import json
import os
import random
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gobp.cnb import labels, toml
from gobp.cnb.api_version import at_least
from gobp.cnb.build import BuildToml
from gobp.cnb.build_metadata import BuildMetadata, GroupMember, ImageProcess
from gobp.cnb.build_plan import BuildPlan, Require
from gobp.cnb.buildpack import GroupElement, escape_id
from gobp.cnb.buildpack_plan import BuildpackPlan, Entry
from gobp.cnb.env import (
    INHERITED_VARIABLES,
    LayerEnvironment,
    Modification,
    Operation,
    apply_platform_env,
    layer_directories,
)
from gobp.cnb.launch import Label, Launch, Process, Slice
from gobp.cnb.layer import LayerContent, LayerTypes
from gobp.cnb.lifecycle_metadata import LifecycleMetadata
from gobp.cnb.platform_files import Analyzed, GroupToml, OrderToml, Plan, PlanEntry, Report
from gobp.cnb.resolution import Candidate, Resolution, resolve
from gobp.cnb.store import Store
from integration.conftest import lab_or_skip
from integration.lab import SCRIPTS, LabUnavailable
from tests.cnb.shell_buildpack import ShellBuildpack
from tests.strategies_cnb import random_group

USER = 1000  # the script's CNB_USER_ID and CNB_GROUP_ID
CREATOR = SCRIPTS / "real-lifecycle-nodocker.sh"
LIFECYCLE_VERSION = "0.21.0"
PLATFORM_API = "0.15"
SECONDS = 60

WEB = Process("web", ("/usr/bin/env", "-u", "UNSET"), ("GIVEN=as args",), default=True)
LINE = 'printf "%s\\n" "$GREETING $HOME"'
MIGRATE = Process("migrate", (LINE,), direct=False, working_directory="/tmp")
LAUNCH = Launch(
    (WEB, MIGRATE),
    (Label("title", 'The "best"\n<server> & é'),),
    (Slice(("static/*", "templates")),),
)
ENVIRONMENT = LayerEnvironment(
    every=(
        Modification("GREETING", Operation.DEFAULT, "hello"),
        Modification("LIST", Operation.APPEND, "a"),
        Modification("LIST", Operation.DELIMITER, ","),
    ),
    build=(
        Modification("LIST", Operation.APPEND, "b\n"),
        Modification("PATH", Operation.PREPEND, "/build:"),
        Modification("PLAIN", Operation.APPEND, "+"),
        Modification("PLAIN", Operation.SET, "plain"),
        Modification("USERS", Operation.OVERRIDE, "buildpack"),
    ),
    launch=(
        Modification("LIST", Operation.DELIMITER, ";"),
        Modification("LIST", Operation.PREPEND, "c"),
    ),
    processes={"web": (Modification("LIST", Operation.OVERRIDE, "of web"),)},
)
METADATA = {"go": "1.25.1", "flags": ["-x", "<&>"], "nested": {"b": 1, "a": True}}
STORE = Store({"seen": 'a "quoted" value'})


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The real lifecycle and a folder that the user it drops to may enter."""

    folder: Path
    tools: Path

    @property
    def layers(self) -> Path:
        return self.folder / "work/layers"

    def prepare(self, buildpacks: Sequence[ShellBuildpack], optional: Sequence[str] = ()) -> None:
        """Write the buildpacks and an order of one group."""
        shutil.rmtree(self.folder / "buildpacks", ignore_errors=True)
        for buildpack in buildpacks:
            buildpack.write(self.folder / "buildpacks")
        group = tuple(GroupElement(each.id, "1.0.0", each.id in optional) for each in buildpacks)
        (self.folder / "order.toml").write_text(toml.dumps(OrderToml((group,)).to_toml()))

    def create(self, user_env: Mapping[str, str]) -> None:
        """Run all phases; the user's variables are those of ``<platform>/env``."""
        app, platform = self.folder / "app", self.folder / "work/platform/env"
        for directory in (app / "static", platform):
            directory.mkdir(parents=True, exist_ok=True)
        (app / "static/a.css").write_text("a")
        for name, value in user_env.items():
            (platform / name).write_text(value)
        lifecycle = self.tools / "lifecycle"
        self._run(
            [
                *("sh", str(CREATOR), str(self.folder / "work"), str(app)),
                *(str(self.folder / "buildpacks"), str(self.folder / "order.toml"), PLATFORM_API),
            ],
            {"LC": f"{lifecycle}/lifecycle", "LAUNCHER": f"{lifecycle}/launcher", **os.environ},
        )

    def detect(self) -> tuple[str, ...] | None:
        """Run detector alone, at kpack's Platform API; return who takes part, None for nobody."""
        for directory in ("app", "platform", "layers"):
            (self.folder / directory).mkdir(exist_ok=True)
        shutil.chown(self.folder, USER, USER)
        arguments = "-app app -platform platform -buildpacks buildpacks -order order.toml"
        arguments += " -layers layers -group group.toml -plan plan.toml"
        done = subprocess.run(
            [self.tools / "lifecycle/detector", *arguments.split()],
            cwd=self.folder,
            env={"CNB_PLATFORM_API": "0.9", "PATH": "/usr/bin:/bin"},
            user=USER,
            group=USER,
            extra_groups=[],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        if done.returncode == 20:  # no group passed detection
            return None
        assert done.returncode == 0, done.stdout + done.stderr
        group = GroupToml.from_toml(self.read("group.toml"), source="group.toml")
        return tuple(member.id for member in group.members)

    def launch(self, process_type: str) -> str:
        """Run a process of the image on this machine, by the real launcher; return its output."""
        link = self.folder / process_type
        link.unlink(missing_ok=True)
        link.symlink_to(self.tools / "lifecycle/launcher")
        env = {"PATH": "/usr/bin:/bin", "HOME": "/tmp", "CNB_PLATFORM_API": PLATFORM_API}
        env |= {"CNB_LAYERS_DIR": str(self.layers), "CNB_APP_DIR": str(self.folder / "app")}
        return self._run([str(link)], env)

    def read(self, path: str) -> toml.Table:
        return toml.loads((self.folder / path).read_text(), source=path)

    def given(self, buildpack: ShellBuildpack, name: str) -> str:
        return (self.layers / escape_id(buildpack.id) / "given" / name).read_text()

    def image_labels(self) -> dict[str, str]:
        image = self.folder / "work/layout/example.com/app/v1"
        index = json.loads((image / "index.json").read_text())
        manifest = self._blob(image, index["manifests"][0])
        found = self._blob(image, manifest["config"])["config"]["Labels"]
        assert isinstance(found, dict)
        return found

    @staticmethod
    def _blob(image: Path, descriptor: Mapping[str, str]) -> Any:
        path = image / "blobs" / descriptor["digest"].replace(":", "/")
        return json.loads(path.read_text())

    @staticmethod
    def _run(argv: Sequence[str], env: Mapping[str, str]) -> str:
        done = subprocess.run(
            argv, env=env, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def lifecycle(tools: Path) -> Iterator[Lifecycle]:
    """The lifecycle in a folder of its own; pytest's own folders are closed to other users."""
    with lab_or_skip():
        if not CREATOR.exists():
            raise LabUnavailable(f"there is no {CREATOR}")
        if os.getuid() != 0:
            raise LabUnavailable("the lifecycle's creator starts as root")
    with tempfile.TemporaryDirectory(prefix="gobp-cnb-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        yield Lifecycle(folder, tools)


Build = tuple[Lifecycle, ShellBuildpack]


def writer(api: str) -> ShellBuildpack:
    """A buildpack that writes every file of the Buildpack API that gobp.cnb can write."""
    content = LayerContent(LayerTypes(launch=True, build=True, cache=True), METADATA)
    files = {
        "launch.toml": toml.dumps(LAUNCH.to_toml(api)),
        "build.toml": toml.dumps(BuildToml(("passed-on",)).to_toml()),
        "store.toml": toml.dumps(STORE.to_toml()),
        "go.toml": toml.dumps(content.to_toml()),
        "go/bin/tool": "",
        "go/lib/library": "",
        **{f"go/{path}": text for path, text in ENVIRONMENT.to_files().items()},
    }
    plan = BuildPlan(("met", "passed-on"), (Require("met", {"nested": {"list": [1, "a"]}}),))
    return ShellBuildpack("gobp/writer", api, plan, files)


READER = ShellBuildpack(
    "gobp/reader",
    "0.10",
    BuildPlan(("passed-on",), (Require("passed-on", {"v": "1"}), Require("met"))),
    {"launch.toml": ""},
)


@pytest.fixture(params=["0.10", "0.8", "0.7"])
def built(lifecycle: Lifecycle, request: pytest.FixtureRequest) -> Build:
    """A build of writer, at several Buildpack APIs, and then reader."""
    buildpack = writer(request.param)
    lifecycle.prepare([buildpack, READER])
    lifecycle.create({"USERS": "user's\n", "CPATH": "/user/include"})
    return lifecycle, buildpack


def _env_of(text: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in text.split("\0") if pair)
    return {name: value for name, _, value in pairs}


def test_the_lifecycle_understands_all_files(built: Build) -> None:
    lifecycle, buildpack = built
    expected = _expected_metadata(buildpack.api)

    metadata = (lifecycle.layers / "config/metadata.toml").read_text()
    found = lifecycle.image_labels()

    assert metadata == expected.to_text(PLATFORM_API)
    assert found["title"] == LAUNCH.labels[0].value
    assert found[labels.BUILD_METADATA] == expected.to_label(
        launcher_version=LIFECYCLE_VERSION, platform_api=PLATFORM_API
    )


def _expected_metadata(api: str) -> BuildMetadata:
    """Return what the lifecycle makes of LAUNCH, as the Buildpack API version can say it."""
    migrate, web = MIGRATE, Process("web", WEB.command, WEB.args)
    if at_least(api, "0.9"):
        migrate = Process("migrate", ("bash", "-c", LINE), working_directory="/tmp")
    else:
        web = Process("web", WEB.command[:1], WEB.command[1:] + WEB.args)
    if api == "0.7":
        migrate = Process("migrate", (LINE,), direct=False)
    home = "https://example.com/?a&b"
    return BuildMetadata(
        (
            GroupMember("gobp/writer", "1.0.0", api, home),
            GroupMember(READER.id, "1.0.0", READER.api, home),
        ),
        LAUNCH.labels,
        (ImageProcess(web, "gobp/writer"), ImageProcess(migrate, "gobp/writer")),
        LAUNCH.slices,
        "web",
    )


def test_the_lifecycles_own_files_are_read(built: Build) -> None:
    lifecycle, buildpack = built
    metadata = BuildMetadata.from_toml(
        lifecycle.read("work/layers/config/metadata.toml"), source="metadata.toml"
    )
    group = GroupToml.from_toml(lifecycle.read("work/layers/group.toml"), source="group.toml")
    label = lifecycle.image_labels()[labels.LIFECYCLE_METADATA]
    stored = LifecycleMetadata.from_json(json.loads(label), source="label")
    report = lifecycle.read("work/layers/report.toml")

    assert metadata == BuildMetadata(
        **{
            name: getattr(_expected_metadata(buildpack.api), name)
            for name in ("buildpacks", "labels", "slices", "default_process")
        },
        processes=metadata.processes,
    )
    assert group.members == metadata.buildpacks
    assert stored.buildpack(buildpack.id).layers["go"].metadata == METADATA
    assert stored.buildpack(buildpack.id).store == STORE
    assert labels.to_json(stored.to_json()) == label
    image = toml.get_table(report, "image", source="report.toml")
    size = int(str(image["manifest-size"]))
    written = Report(toml.get_strs(image, "tags", source="report.toml"), manifest_size=size)
    assert toml.loads(toml.dumps(written.to_toml()), source="report") == report


def test_the_plan_is_resolved_and_handed_on(built: Build) -> None:
    lifecycle, buildpack = built
    outcome = resolve([Candidate(each.id, False, each.plan) for each in (buildpack, READER)])  # noqa: FBT003 # required

    plan = Plan.from_toml(lifecycle.read("work/layers/plan.toml"), source="plan.toml")

    assert isinstance(outcome, Resolution)
    expected = Plan(
        tuple(
            PlanEntry(tuple(GroupMember(each, "1.0.0") for each in need.providers), need.requires)
            for need in outcome.dependencies
        )
    )
    assert sorted(plan.entries, key=lambda entry: entry.requires[0].name) == list(expected.entries)
    assert _given_plan(lifecycle, buildpack) == set(map(repr, outcome.entries[buildpack.id]))
    left = expected.without({"met"}).for_buildpack(READER.id)
    assert _given_plan(lifecycle, READER) == set(map(repr, left.entries))
    assert left.entries == (Entry("passed-on", {"v": "1"}),)


def _given_plan(lifecycle: Lifecycle, buildpack: ShellBuildpack) -> set[str]:
    document = toml.loads(lifecycle.given(buildpack, "plan"), source="plan")
    return set(map(repr, BuildpackPlan.from_toml(document, source="plan").entries))


def test_the_next_buildpack_sees_the_layers_environment(built: Build) -> None:
    lifecycle, buildpack = built
    before = _env_of(lifecycle.given(buildpack, "variables"))
    layer = str(lifecycle.layers / "gobp_writer/go")

    after = _env_of(lifecycle.given(READER, "variables"))

    # The user's variables go over the layer's each time, so here they are taken off first.
    start = {name: before[name] for name in INHERITED_VARIABLES if name in before}
    start.pop("CPATH", None)
    changed = layer_directories(layer, ["bin", "lib"], start, launch=False)
    expected = apply_platform_env(
        ENVIRONMENT.at_build(changed), {"USERS": "user's\n", "CPATH": "/user/include"}
    )
    shell_and_spec = ("CNB_", "PWD", "OLDPWD", "SHLVL", "_")
    assert {k: v for k, v in after.items() if not k.startswith(shell_and_spec)} == expected


def test_a_process_sees_the_layers_environment(built: Build) -> None:
    lifecycle, _ = built
    layer = str(lifecycle.layers / "gobp_writer/go")
    start = {"PATH": "/usr/bin:/bin", "HOME": "/tmp"}

    output = lifecycle.launch("web")

    changed = layer_directories(layer, ["bin", "lib"], start, launch=True)
    expected = ENVIRONMENT.at_launch(changed, "web") | {"GIVEN": "as args"}
    assert dict(line.split("=", 1) for line in output.splitlines()) == expected


def test_a_line_of_shell_does_the_same_at_every_api(
    built: Build,
) -> None:
    lifecycle, _ = built

    assert lifecycle.launch("migrate") == "hello /tmp\n"


def test_a_second_build_is_given_what_the_first_one_left(lifecycle: Lifecycle) -> None:
    buildpack = writer("0.10")
    lifecycle.prepare([buildpack, READER])
    lifecycle.create({})
    label = lifecycle.image_labels()[labels.LIFECYCLE_METADATA]

    lifecycle.create({})

    analyzed = Analyzed.from_toml(lifecycle.read("work/layers/analyzed.toml"), source="analyzed")
    stored = LifecycleMetadata.from_json(json.loads(label), source="label")
    restored = toml.loads(lifecycle.given(buildpack, "store.toml"), source="store.toml")
    assert analyzed.metadata == stored
    assert analyzed.target is not None
    assert (analyzed.target.os, analyzed.target.distro_name) == ("linux", "debian")
    assert Store.from_toml(restored, source="store.toml") == STORE
    assert (lifecycle.layers / "gobp_writer/go").is_dir()


@pytest.mark.parametrize("seed", range(40))
def test_any_group_is_resolved_as_by_the_lifecycle(lifecycle: Lifecycle, seed: int) -> None:
    candidates = random_group(random.Random(seed))
    optional = [each.id for each in candidates if each.optional]
    lifecycle.prepare(
        [ShellBuildpack(each.id, "0.10", each.plan, {}) for each in candidates], optional
    )

    outcome = resolve(candidates)

    ids = outcome.ids if isinstance(outcome, Resolution) else None
    assert lifecycle.detect() == ids
    if isinstance(outcome, Resolution):
        plan = Plan.from_toml(lifecycle.read("plan.toml"), source="plan.toml")
        found = {
            (
                entry.requires[0].name,
                tuple(each.id for each in entry.providers),
                len(entry.requires),
            )
            for entry in plan.entries
        }
        assert found == {
            (need.name, need.providers, len(need.requires)) for need in outcome.dependencies
        }
