"""One contract for every component's detect, then what each decides, then the group."""

from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

import pytest

from gobp.buildpack.builders import BUILDERS
from gobp.buildpack.component import DetectContext, DetectResult, Fail, Pass
from gobp.buildpack.detectors import DETECTORS, Detector
from gobp.buildpack.environment_variables.detect import detect as environment_variables
from gobp.buildpack.go_build.detect import detect as go_build
from gobp.buildpack.go_dist.detect import detect as go_dist
from gobp.buildpack.go_mod_vendor.detect import detect as go_mod_vendor
from gobp.buildpack.group import Group, NotDetected, resolve_group
from gobp.buildpack.image_labels.detect import detect as image_labels
from gobp.buildpack.procfile.detect import detect as procfile
from gobp.cnb.bindings import Binding
from gobp.cnb.build_plan import BuildPlan, Require
from gobp.cnb.buildpack_plan import BuildpackPlan, Entry
from gobp.errors import UserError
from gobp.system.files import DirectoryTree
from tests.fakes.memory_tree import MemoryTree

APPS: Mapping[str, Mapping[str, str]] = {
    "empty": {},
    "node": {"package.json": "{}", "index.js": ""},
    "module": {"go.mod": "module a\n\ngo 1.26\n", "main.go": "package main\n"},
    "broken module": {"go.mod": "modul a\n"},
    "workspace": {"go.work": "go 1.26\n\nuse ./a\n", "a/go.mod": "module a\n"},
    "gopath": {"main.go": "package main\n"},
    "broken version": {"go.mod": "module a\n\ngo soon\n", ".go-version": "1.26\n"},
    "procfile": {"Procfile": "web: x\n", "main.go": ""},
    "broken procfile": {"Procfile": "web\n"},
}
ENVIRONMENTS: Mapping[str, Mapping[str, str]] = {
    "none": {},
    "all": {
        "BP_GO_VERSION": "1.26",
        "BP_GO_TARGETS": ".",
        "BP_PROCFILE_DEFAULT_PROCESS": "x",
        "BP_IMAGE_LABELS": "a=b",
        "BPE_X": "y",
    },
    "broken": {"BP_GO_WORKDIR": "../up", "BP_IMAGE_LABELS": "a"},
}
BINDINGS = {"no": (), "broken": (Binding("p", "Procfile"),)}
CASES = [*product(APPS, ENVIRONMENTS, BINDINGS)]


def outcome(detector: Detector, context: DetectContext) -> DetectResult | str:
    try:
        return detector.detect(context)
    except UserError as error:
        return str(error)


def on_disk(root: Path, files: Mapping[str, str]) -> DirectoryTree:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return DirectoryTree(root)


def snapshot(root: Path) -> list[tuple[str, int, int]]:
    return sorted((str(p), p.stat().st_mtime_ns, p.stat().st_size) for p in root.rglob("*"))


@pytest.mark.parametrize("detector", DETECTORS, ids=lambda detector: detector.component)
class TestContract:
    """What holds for every component, whatever it is given."""

    def contexts(self, root: Path | None = None) -> Iterator[DetectContext]:
        for number, (app, env, bound) in enumerate(CASES):
            files, variables = APPS[app], ENVIRONMENTS[env]
            tree = on_disk(root / str(number), files) if root else MemoryTree(files)
            yield DetectContext(tree, variables, variables, BINDINGS[bound])

    def test_the_same_facts_give_the_same_answer(self, detector: Detector) -> None:
        for context in self.contexts():
            assert outcome(detector, context) == outcome(detector, context)

    def test_a_fail_has_a_reason_in_one_line_and_a_pass_a_plan(self, detector: Detector) -> None:
        for context in self.contexts():
            result = outcome(detector, context)
            if isinstance(result, Fail):
                assert result.reason
                assert "\n" not in result.reason
            elif isinstance(result, Pass):
                document = result.plan.to_toml()
                assert BuildPlan.from_toml(document, source="plan").to_toml() == document
            else:
                assert "To fix it: " in result

    def test_nothing_is_written_and_memory_answers_as_the_disk(
        self, detector: Detector, tmp_path: Path
    ) -> None:
        on_disk_contexts = [*self.contexts(tmp_path)]
        before = snapshot(tmp_path)

        for real, fake in zip(on_disk_contexts, self.contexts(), strict=True):
            assert outcome(detector, real) == outcome(detector, fake)

        assert snapshot(tmp_path) == before

    def test_every_detector_has_its_builder(self, detector: Detector) -> None:
        assert BUILDERS[detector.component].title


def facts(files: Mapping[str, str], **env: str) -> DetectContext:
    return DetectContext(MemoryTree(files), env, env)


def required(result: DetectResult) -> list[tuple[str, Mapping[str, object]]]:
    assert isinstance(result, Pass)
    return [(require.name, require.metadata) for require in result.plan.requires]


class TestGoDist:
    def test_go_is_provided_and_required_at_every_version_named(self) -> None:
        files = {
            ".go-version": " 1.25.1 # x\n",
            ".tool-versions": "# go 1.1\nnode 20\ngolang 1.24 1.23\n",
        }

        assert required(go_dist(facts(files, BP_GO_VERSION=" 1.26 "))) == [
            ("go", {"version-source": "BP_GO_VERSION", "version": "1.26"}),
            ("go", {"version-source": ".go-version", "version": "1.25.1"}),
            ("go", {"version-source": ".tool-versions", "version": "1.24"}),
        ]

    @pytest.mark.parametrize("text", ["", "\n", "node 20\n", "# golang 1.24\n", "golang\n"])
    def test_a_file_that_names_no_go_requires_none(self, text: str) -> None:
        files = {".tool-versions": text, ".go-version": ""}

        assert go_dist(facts(files, BP_GO_VERSION="")) == Pass(BuildPlan(provides=("go",)))


class TestGoModVendor:
    @pytest.mark.parametrize(
        ("go_mod", "source", "version"),
        [
            ("go 1.26", "go.mod", ">= 1.26, < 1.27"),
            ("go 1.23.4", "go.mod", ">= 1.23.4, < 1.24"),
            ("go 1.15", "go.mod", ">= 1.15"),
            ("go 1.20", "go.mod", ">= 1.20"),
            ("go 1.21", "go.mod", ">= 1.21, < 1.22"),
            ("go 1.27rc1", "go.mod", "1.27rc1"),
            ("go 1.23\n\ntoolchain go1.24.1", "go.mod toolchain", ">= 1.24.1, < 1.25"),
            ("go 1.23\n\ntoolchain go1.24.1-acme", "go.mod toolchain", ">= 1.24.1, < 1.25"),
            ("go 1.23.4\n\ntoolchain default", "go.mod", ">= 1.23.4, < 1.24"),
            ("go 1.26 // needs go 1.99", "go.mod", ">= 1.26, < 1.27"),
        ],
    )
    def test_go_mod_names_the_oldest_go_that_will_do(
        self, go_mod: str, source: str, version: str
    ) -> None:
        result = go_mod_vendor(facts({"go.mod": f"module a\n\n{go_mod}\n"}))

        assert required(result) == [
            ("go", {"build": True, "version-source": source, "version": version})
        ]

    def test_a_module_without_a_go_line_names_no_version(self) -> None:
        assert required(go_mod_vendor(facts({"go.mod": "module a\n"}))) == [("go", {"build": True})]

    def test_a_workspace_names_it_before_its_modules(self) -> None:
        files = {"go.work": "go 1.25\n\nuse .\n", "go.mod": "module a\n\ngo 1.26\n"}

        assert required(go_mod_vendor(facts(files)))[0][1]["version-source"] == "go.work"

    def test_an_app_without_module_has_nothing_to_vendor(self) -> None:
        assert go_mod_vendor(facts({"main.go": ""})) == Fail("there is no go.mod or go.work")

    def test_a_go_mod_that_cannot_be_read_is_an_error_with_its_line(self) -> None:
        with pytest.raises(UserError, match=r"go\.mod:1"):
            go_mod_vendor(facts({"go.mod": "modul a\n"}))


class TestGoBuild:
    @pytest.mark.parametrize(
        "path",
        [
            "go.mod",
            "go.work",
            "main.go",
            "cmd/main.go",
            "cmd/web/main.go",
            "Gopkg.toml",
            "glide.yaml",
        ],
    )
    def test_a_sign_of_go_makes_a_go_app(self, path: str) -> None:
        assert required(go_build(facts({path: ""}))) == [("go", {"build": True})]

    @pytest.mark.parametrize("path", ["README", "deep/er/main.go", "x.golang", "a/go.mod"])
    def test_other_apps_are_left_alone(self, path: str) -> None:
        assert go_build(facts({path: ""})) == Fail("no go.mod, go.work or *.go file was found")

    def test_a_folder_to_build_is_where_the_signs_are_looked_for(self) -> None:
        files = {"svc/main.go": "", "web/index.js": ""}

        assert isinstance(go_build(facts(files, BP_GO_WORKDIR="svc")), Pass)
        assert isinstance(go_build(facts(files, BP_GO_WORKDIR="web")), Fail)


class TestSmallComponents:
    def test_the_procfile_travels_in_the_plan(self) -> None:
        result = procfile(facts({"Procfile": "web: server\n"}))

        assert result == Pass(
            BuildPlan(provides=("procfile",), requires=(Require("procfile", {"web": "server"}),))
        )
        assert isinstance(procfile(facts({})), Fail)

    def test_variables_for_the_app_come_from_the_platform_only(self) -> None:
        assert environment_variables(facts({}, BPE_X="")) == Pass()
        from_the_image = DetectContext(MemoryTree({}), {"BPE_X": ""}, {})
        assert environment_variables(from_the_image) == Fail("no BPE_* variable was set")

    def test_labels_need_a_variable(self) -> None:
        assert image_labels(facts({}, BP_OCI_TITLE="")) == Pass()
        assert isinstance(image_labels(facts({}, BP_IMAGE_LABELS="")), Fail)


MODULE = {"go.mod": "module a\n\ngo 1.26\n", "main.go": "package main\n"}


class TestGroup:
    def test_who_takes_part_and_why_others_do_not(self) -> None:
        group = resolve_group(facts(MODULE, BPE_X="y"))

        assert isinstance(group, Group)
        assert [member.component for member in group.members] == [
            "go-dist",
            "go-mod-vendor",
            "go-build",
            "sbom",
            "ca-certificates-helper",
            "source-removal",
            "environment-variables",
        ]
        assert {"ca-certificates", "git", "dep", "dep-ensure", "procfile", "image-labels"} <= set(
            group.left_out
        )
        assert all(group.left_out.values())

    def test_a_part_that_the_user_skips_is_left_out_and_says_so(self) -> None:
        group = resolve_group(facts(MODULE, BP_GO_SKIP="source-removal: go-mod-vendor"))

        assert isinstance(group, Group)
        assert [member.component for member in group.members] == [
            "go-dist",
            "go-build",
            "sbom",
            "ca-certificates-helper",
        ]
        assert group.left_out["source-removal"] == "BP_GO_SKIP names it"

    @pytest.mark.parametrize("part", ["go-build", "go-dist", "nothing"])
    def test_only_optional_parts_can_be_skipped(self, part: str) -> None:
        with pytest.raises(UserError, match=f"names {part}, which cannot be left out") as caught:
            resolve_group(facts(MODULE, BP_GO_SKIP=part))

        assert "procfile" in caught.value.remedy

    def test_entries_go_to_the_component_that_provides_their_name(self) -> None:
        group = resolve_group(facts({**MODULE, "Procfile": "web: x\n"}, BP_GO_VERSION="1.26"))

        assert isinstance(group, Group)
        entries = {member.component: member.entries for member in group.members}
        assert [entry.metadata.get("version-source") for entry in entries["go-dist"]] == [
            "BP_GO_VERSION",
            "go.mod",
            None,
        ]
        assert entries["procfile"] == (Entry("procfile", {"web": "x"}),)
        assert entries["go-build"] == ()

    def test_what_other_buildpacks_require_comes_after_our_own(self) -> None:
        outer = BuildpackPlan((Entry("go", {"launch": True}), Entry("node", {})))

        group = resolve_group(facts(MODULE), outer)

        assert isinstance(group, Group)
        assert group.members[0].entries[-1] == Entry("go", {"launch": True})
        assert sum(len(member.entries) for member in group.members) == 3

    def test_an_app_that_is_not_go_is_not_detected_even_where_something_is_broken(self) -> None:
        context = facts({"package.json": "", "Procfile": "web", ".go-version": "\n"})

        assert resolve_group(context) == NotDetected("no go.mod, go.work or *.go file was found")

    def test_a_go_app_with_broken_configuration_is_an_error(self) -> None:
        with pytest.raises(UserError, match="Procfile:1"):
            resolve_group(facts({**MODULE, "Procfile": "web"}))

    def test_the_first_of_several_errors_is_told(self) -> None:
        with pytest.raises(UserError, match=r"go\.mod:1"):
            resolve_group(facts({"go.mod": "modul a", "Procfile": "web"}))

    def test_a_required_name_that_nobody_provides_leaves_an_optional_component_out(self) -> None:
        def wants_node(context: DetectContext) -> DetectResult:
            return Pass(BuildPlan(requires=(Require("node"),)))

        detectors = (*DETECTORS, Detector("wants-node", wants_node))
        group = resolve_group(facts(MODULE), detectors=detectors)

        assert isinstance(group, Group)
        assert "wants-node" not in [member.component for member in group.members]

    def test_a_required_name_that_nobody_provides_ends_a_group_that_needs_it(self) -> None:
        def wants_node(context: DetectContext) -> DetectResult:
            return Pass(BuildPlan(requires=(Require("node"),)))

        detectors = (*DETECTORS, Detector("wants-node", wants_node, optional=False))
        result = resolve_group(facts(MODULE), detectors=detectors)

        assert isinstance(result, NotDetected)
        assert "node" in result.reason


def test_of_the_modules_of_a_workspace_to_be_made_the_newest_go_counts() -> None:
    files = {"a/go.mod": "module a\n\ngo 1.25.1\n", "b/go.mod": "module b\n\ngo 1.26\n"}
    context = DetectContext(MemoryTree(files), {"BP_GO_WORK_USE": "a:b"})

    result = go_mod_vendor(context)

    assert isinstance(result, Pass)
    assert result.plan.requires[0].metadata["version"] == ">= 1.26, < 1.27"
