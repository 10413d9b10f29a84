"""What Paketo's Go buildpacks promise in their acceptance tests, kept by gobp on apps of its own.

The real lifecycle builds each app, and the real launcher starts its processes. The catalogue of
Paketo's tests, with its rows by name, is in reference/paketo.md, section 3.
"""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import requests

from integration.by_hand import go_env
from integration.creator import Created, Creator, missing, put_files
from integration.go_apps import HELLO, MODULE, SERVER, hello, make_app, require, using

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

TOML = "github.com/BurntSushi/toml"
MUX = "github.com/gorilla/mux"
FUZZY = "github.com/sahilm/fuzzy"
SEMVER = "github.com/Masterminds/semver"
LIBRARY = "package lib\n"
PRINTS = 'package main\n\nvar variable = "not set"\n\nfunc main() { println(variable) }\n'


def lifecycle(root: Path, dist: Path) -> Creator:
    env = {"GOPROXY": go_env("GOPROXY"), "GOFLAGS": "-buildvcs=false"}
    return Creator(root, [dist / "buildpack"], env)


@pytest.fixture(scope="module")
def creator(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Creator:
    """The lifecycle with gobp alone, for servers; builds share its cache, as of one image."""
    return lifecycle(tmp_path_factory.mktemp("servers"), dist)


@pytest.fixture(scope="module")
def small(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Creator:
    """The same for small programs, whose compile cache holds little."""
    return lifecycle(tmp_path_factory.mktemp("small"), dist)


@pytest.fixture
def app(tmp_path: Path) -> Path:
    return tmp_path / "app"


def page(created: Created, process: str = "") -> str:
    with created.serve(process) as url:
        return requests.get(url, timeout=10).text


def titles(created: Created) -> set[str]:
    """The components that took part: flush-left titles of the log."""
    return set(re.findall(r"(?m)^(?:\[builder\] )?([A-Z][A-Za-z ]+)$", created.log))


def modules(created: Created) -> set[str]:
    bill = created.sbom("launch/gobp_go/targets/sbom.cdx.json")
    return {component["name"] for component in bill["components"]}


class TestComposite:
    """paketo-buildpacks/go."""

    def test_an_app_without_go_mod_serves(self, creator: Creator, app: Path) -> None:
        created = creator.create(make_app(app, {"main.go": SERVER}))

        assert page(created).startswith("Hello, World!")
        assert {"Go Distribution", "Go Build"} <= titles(created)
        assert not {"Go Mod Vendor", "Procfile", "Environment Variables", "Image Labels", "Git"} & (
            titles(created)
        )
        for extension in ("cdx", "spdx", "syft"):
            assert created.sbom(f"launch/gobp_go/targets/sbom.{extension}.json")

    def test_procfile_variables_labels_and_reload_go_together(
        self, creator: Creator, app: Path
    ) -> None:
        files = {"main.go": SERVER, "Procfile": "procfile: workspace Moon\n"}

        created = creator.create(
            make_app(app, files),
            {
                "BPE_SOME_VARIABLE": "some-value",
                "BP_IMAGE_LABELS": "some-label=some-value",
            },
        )

        assert created.image.config.config.labels["some-label"] == "some-value"
        assert "Hello, World!" in page(created)
        assert "Hello, Moon!" in page(created, "procfile")
        assert "setting: some-value" in page(created)
        assert {"Procfile", "Environment Variables", "Image Labels"} <= titles(created)

    def test_modules_are_vendored_and_in_both_bills(self, creator: Creator, app: Path) -> None:
        make_app(app, {"go.mod": MODULE, "main.go": SERVER, "deps.go": using(TOML)})

        created = creator.create(require(app, f"{TOML}@v1.2.0"))

        assert "Hello, World!" in page(created)
        assert "Go Mod Vendor" in titles(created)
        assert TOML in modules(created)
        assert "go: downloading github.com/BurntSushi/toml v1.2.0" in created.log

    def test_a_git_credentials_binding_makes_git_take_part(
        self, creator: Creator, app: Path
    ) -> None:
        make_app(app, {"go.mod": MODULE, "main.go": SERVER})
        bound = {"type": "git-credentials", "credentials": "username=x\npassword=hidden-value\n"}

        created = creator.create(app, bindings={"git": bound})

        assert "Credentials" in titles(created)
        assert "hidden-value" not in created.log

    @pytest.mark.parametrize("with_modules", [False, True], ids=["without-go-mod", "with-modules"])
    def test_two_builds_from_nothing_give_one_image(
        self, dist: Path, tmp_path: Path, app: Path, *, with_modules: bool
    ) -> None:
        make_app(app, {"main.go": HELLO})
        if with_modules:
            make_app(app, {"go.mod": MODULE, "main.go": HELLO, "deps.go": using(TOML)})
            require(app, f"{TOML}@v1.2.0")
        env = {"GOPROXY": go_env("GOPROXY")}

        digests = set()
        for _ in range(2):  # at one place, as the lifecycle notes where the run image lies
            creator = Creator(tmp_path / "work", [dist / "buildpack"], env)
            digests.add(creator.create(app).digest)
            shutil.rmtree(creator.root)

        assert len(digests) == 1


class TestGoBuild:
    """paketo-buildpacks/go-build."""

    def test_a_compile_error_shows_command_and_compilers_words(
        self, small: Creator, app: Path
    ) -> None:
        make_app(app, {"go.mod": MODULE, "main.go": f"{HELLO}\nvar x SomeType\n"})

        done = small.attempt(app)

        assert done.returncode != 0
        assert re.search(r"Running 'go build -o \S+/targets/bin/ .*-trimpath \.'", done.stdout)
        assert "      Failed after " in done.stdout
        assert "undefined: SomeType" in done.stdout

    def test_a_buildpack_yml_is_answered_with_the_variables(
        self, creator: Creator, app: Path
    ) -> None:
        created = creator.create(make_app(app, {"main.go": SERVER, "buildpack.yml": "go: {}"}))

        assert "Warning: buildpack.yml is not read here; set variables (BP_GO_VERSION" in (
            created.log
        )

    def test_flags_and_ldflags_reach_the_compiler(self, small: Creator, app: Path) -> None:
        make_app(app, {"main.go": f"//go:build paketo\n\n{PRINTS}"})

        created = small.create(
            app,
            {
                "BP_GO_BUILD_FLAGS": "-buildmode=default -tags=paketo",
                "BP_GO_BUILD_LDFLAGS": "-X main.variable=some-value",
            },
        )

        assert created.output() == "some-value\n"
        assert (
            "-trimpath -buildmode=default -tags=paketo '-ldflags=-X main.variable=some-value' ."
            in created.log
        )

    def test_variables_within_flags_are_replaced(self, small: Creator, app: Path) -> None:
        make_app(app, {"main.go": PRINTS})

        created = small.create(
            app,
            {"BP_GO_BUILD_LDFLAGS": "-X main.variable=${SOME_VALUE}", "SOME_VALUE": "env-value"},
        )

        assert created.output() == "env-value\n"
        assert "env-value" in created.log

    def test_debug_shows_more(self, creator: Creator, app: Path) -> None:
        make_app(app, {"main.go": SERVER})

        created = creator.create(app, {"BP_LOG_LEVEL": "DEBUG"})

        assert "workspace: []" in page(created)
        assert "application/vnd.cyclonedx+json" in created.log
        assert created.processes()["workspace"]["command"] == [
            "/layers/gobp_go/targets/bin/workspace"
        ]

    def test_an_app_builds_without_a_network(self, dist: Path, tmp_path: Path, app: Path) -> None:
        offline = Creator(tmp_path / "offline", [dist / "buildpack"], prefix=("unshare", "-n"))

        created = offline.create(make_app(app, {"main.go": HELLO}))

        assert created.output() == "hello\n"

    def test_a_program_below_cmd_is_found(self, creator: Creator, app: Path) -> None:
        created = creator.create(make_app(app, {"go.mod": MODULE, "cmd/default/main.go": SERVER}))

        assert "Hello, World!" in page(created)
        assert {"web", "default"} == set(created.processes())

    def test_an_import_path_lets_packages_of_the_app_be_found(
        self, creator: Creator, app: Path
    ) -> None:
        path = "example.com/legacy/app"
        library = "package handlers\n\nvar Word = 1\n"
        make_app(app, {"main.go": SERVER, "handlers/h.go": library})
        (app / "use.go").write_text(using(f"{path}/handlers"))

        created = creator.create(app, {"BP_GO_BUILD_IMPORT_PATH": path})

        assert "Hello, World!" in page(created, "app")

    def test_files_to_keep_stay_and_no_others(self, creator: Creator, app: Path) -> None:
        put = {"main.go": SERVER, "static-file": "x", "assets/page": "y", "other/page": "z"}

        created = creator.create(make_app(app, put), {"BP_KEEP_FILES": "./static-file:assets/*"})

        expected = "[/workspace/assets /workspace/assets/page /workspace/static-file]"
        assert f"workspace: {expected}" in page(created)

    def test_a_second_build_gives_the_same_layer(self, creator: Creator, app: Path) -> None:
        make_app(app, {"main.go": SERVER})

        first = creator.create(app).sha_of("targets")

        assert creator.create(app).sha_of("targets") == first

    def test_targets_are_processes_and_only_what_they_link_is_in_the_bill(
        self, creator: Creator, app: Path
    ) -> None:
        make_app(
            app,
            {
                "go.mod": MODULE,
                "first/main.go": hello("first"),
                "second/main.go": hello("second"),
                "third/main.go": hello("third"),
                "first/deps.go": using(MUX),
                "second/deps.go": using(FUZZY),
                "third/deps.go": using(SEMVER),
            },
        )
        require(app, f"{MUX}@v1.7.4", f"{FUZZY}@v0.1.0", f"{SEMVER}@v1.5.0")

        created = creator.create(app, {"BP_GO_TARGETS": "first:./second"})

        assert re.search(r"web \(default\): +\S+/targets/bin/first", created.log)
        assert re.search(r"second: +\S+/targets/bin/second", created.log)
        assert created.output("second") == "second\n"
        assert {MUX, FUZZY} <= modules(created)
        assert SEMVER not in modules(created)

    def test_a_vendored_app_from_before_modules_builds_without_a_network(
        self, dist: Path, tmp_path: Path, app: Path
    ) -> None:
        make_app(app, {"main.go": HELLO, "deps.go": using("example.com/lib")})
        put_files(app, {"vendor/example.com/lib/lib.go": LIBRARY})
        offline = Creator(tmp_path / "offline", [dist / "buildpack"], prefix=("unshare", "-n"))

        assert offline.create(app).output() == "hello\n"

    def test_the_folder_to_build_may_be_a_module_of_its_own(
        self, creator: Creator, app: Path
    ) -> None:
        make_app(app, {"main/go.mod": MODULE, "main/main.go": SERVER, "README.md": "x"})

        created = creator.create(app, {"BP_GO_WORKDIR": "main"})

        assert "Hello, World!" in page(created)

    def test_a_workspace_is_made_of_the_folders_to_use(self, small: Creator, app: Path) -> None:
        make_app(app, {"cmd/cli/go.mod": "module example.com/binary\n\ngo 1.26\n"})
        put_files(app / "cmd/cli", {"main.go": HELLO, "deps.go": using(FUZZY)})
        require(app / "cmd/cli", f"{FUZZY}@v0.1.0")

        created = small.create(app, {"BP_GO_WORK_USE": "./cmd/cli", "BP_GO_TARGETS": "./cmd/cli"})

        assert "Running 'go work init'" in created.log
        assert "Running 'go work use ./cmd/cli'" in created.log
        assert created.output("binary") == "hello\n"
        assert FUZZY in modules(created)

    def test_live_reload_adds_a_process_to_each_and_is_the_default(
        self, creator: Creator, app: Path
    ) -> None:
        make_app(app, {"go.mod": "module example.com/workspace\n\ngo 1.26\n", "main.go": SERVER})

        created = creator.create(app, {"BP_LIVE_RELOAD_ENABLED": "true"})

        assert {"workspace", "reload-workspace"} <= set(created.processes())
        assert created.default().startswith("reload-")
        assert "Hello, World!" in page(created, "workspace")


class TestGoModVendor:
    """paketo-buildpacks/go-mod-vendor."""

    def test_the_log_names_command_modules_and_time(self, small: Creator, app: Path) -> None:
        make_app(app, {"go.mod": MODULE, "main.go": HELLO, "deps.go": using(TOML)})

        created = small.create(require(app, f"{TOML}@v0.3.1"))

        assert re.search(
            r"Running 'go mod vendor'\n(?:\[builder\] )? +go: downloading \S+/toml v0\.3\.1\n"
            r"(?:\[builder\] )? +Completed in \d",
            created.log,
        )

    def test_a_vendored_app_needs_no_network(self, dist: Path, tmp_path: Path, app: Path) -> None:
        make_app(app, {"go.mod": MODULE, "main.go": HELLO, "deps.go": using(TOML)})
        require(app, f"{TOML}@v0.3.1")
        subprocess.run(["go", "mod", "vendor"], cwd=app, check=True, timeout=120)
        offline = Creator(tmp_path / "offline", [dist / "buildpack"], prefix=("unshare", "-n"))

        created = offline.create(app)

        assert "Skipping build process: modules are already vendored" in created.log
        assert created.output() == "hello\n"
        assert TOML in modules(created)


class TestGit:
    """paketo-buildpacks/git."""

    def test_the_commit_is_a_variable_and_a_label(self, creator: Creator, app: Path) -> None:
        make_app(app, {"main.go": SERVER})
        identity = ["-c", "user.name=lab", "-c", "user.email=lab@example.com"]
        for words in (["init", "-q"], ["add", "-A"], [*identity, "commit", "-qm", "first"]):
            subprocess.run(["git", *words], cwd=app, check=True, timeout=60)
        head = ["git", "rev-parse", "HEAD"]
        commit = subprocess.run(head, cwd=app, check=True, capture_output=True, text=True)

        created = creator.create(app)

        label = created.image.config.config.labels["org.opencontainers.image.revision"]
        assert label == commit.stdout.strip()
        assert f"revision: {label}" in page(created)


class TestDefects:
    """The defects (a) to (i) of reference/paketo.md 1.4, and what is right."""

    def test_a_the_program_of_a_v2_module_starts(self, small: Creator, app: Path) -> None:
        make_app(app, {"go.mod": "module example.com/foo/v2\n\ngo 1.26\n", "main.go": HELLO})

        created = small.create(app)

        assert set(created.processes()) == {"web", "foo"}
        assert created.output() == "hello\n"

    def test_b_a_program_behind_a_tag_builds_with_the_tag(self, small: Creator, app: Path) -> None:
        make_app(app, {"go.mod": MODULE, "main.go": f"//go:build special\n\n{HELLO}"})

        created = small.create(app, {"BP_GO_BUILD_FLAGS": "-tags special"})

        assert created.output() == "hello\n"

    def test_c_two_targets_of_one_name_are_refused(self, small: Creator, app: Path) -> None:
        make_app(app, {"go.mod": MODULE, "a/job/main.go": HELLO, "b/job/main.go": HELLO})

        done = small.attempt(app, {"BP_GO_TARGETS": "a/job:b/job"})

        assert done.returncode != 0
        assert "two targets give a program of the same name, job" in done.stdout

    def test_d_a_target_that_is_no_program_is_refused(self, small: Creator, app: Path) -> None:
        make_app(app, {"go.mod": MODULE, "main.go": HELLO, "lib/lib.go": LIBRARY})

        done = small.attempt(app, {"BP_GO_TARGETS": ".:lib"})

        assert done.returncode != 0
        assert "is package lib, not a program" in done.stdout

    def test_d_an_app_of_libraries_alone_is_refused(self, small: Creator, app: Path) -> None:
        done = small.attempt(make_app(app, {"go.mod": MODULE, "lib/lib.go": LIBRARY}))

        assert done.returncode != 0
        assert "no package main was found" in done.stdout

    def test_e_targets_are_relative_to_the_folder_that_is_built(
        self, small: Creator, app: Path
    ) -> None:
        make_app(app, {"sub/go.mod": MODULE, "sub/tool/main.go": HELLO})

        created = small.create(app, {"BP_GO_WORKDIR": "sub", "BP_GO_TARGETS": "tool"})

        assert created.output("tool") == "hello\n"

    def test_f_a_folder_within_a_module_keeps_the_module(self, small: Creator, app: Path) -> None:
        make_app(app, {"go.mod": MODULE, "cmd/app/main.go": HELLO, "lib/lib.go": LIBRARY})
        (app / "cmd/app/deps.go").write_text(using("example.com/team/app/lib", TOML))
        require(app, f"{TOML}@v1.2.0")

        created = small.create(app, {"BP_GO_WORKDIR": "cmd/app"})

        assert created.output("app") == "hello\n"
        assert TOML in modules(created)

    def test_g_the_module_of_the_folder_names_version_and_fills_the_cache(
        self, dist: Path, tmp_path: Path, app: Path
    ) -> None:
        make_app(app, {"sub/go.mod": MODULE, "sub/main.go": HELLO})
        (app / "sub/deps.go").write_text(using(TOML))
        require(app / "sub", f"{TOML}@v1.2.0")
        env = {"GOPROXY": go_env("GOPROXY"), "BP_GO_WORKDIR": "sub"}
        fresh = Creator(tmp_path / "fresh", [dist / "buildpack"], env)

        first, second = fresh.create(app), fresh.create(app)

        assert re.search(r"go\.mod +-> \"", first.log)
        assert "go: downloading" in first.log
        assert "go: downloading" not in second.log

    def test_h_modules_of_a_workspace_are_removable_by_a_plain_user(
        self, small: Creator, app: Path
    ) -> None:
        make_app(app, {"go.work": "go 1.26\n\nuse ./svc\n", "svc/go.mod": MODULE})
        put_files(app / "svc", {"main.go": HELLO, "deps.go": using(TOML)})
        require(app / "svc", f"{TOML}@v1.2.0")

        assert small.create(app).output() == "hello\n"

    def test_i_a_workspace_with_a_root_module_gets_its_modules_once(
        self, dist: Path, tmp_path: Path, app: Path
    ) -> None:
        make_app(app, {"go.work": "go 1.26\n\nuse .\n", "go.mod": MODULE})
        put_files(app, {"main.go": HELLO, "deps.go": using(TOML)})
        require(app, f"{TOML}@v1.2.0")
        env = {"GOPROXY": go_env("GOPROXY")}

        created = Creator(tmp_path / "fresh", [dist / "buildpack"], env).create(app)

        assert created.log.count(f"go: downloading {TOML} v1.2.0") == 1
        assert created.output() == "hello\n"
