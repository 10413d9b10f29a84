"""Bills of materials of real builds, held against what go, syft and the lifecycle say."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from gobp.cnb.sbom import SbomFormat, file_name
from gobp.log import BuildLog
from gobp.oci.layout import read_layout
from gobp.platform.creator import create
from gobp.platform.request import BuildRequest
from gobp.platform.unpack import unpack
from gobp.system.process import SystemCommands
from integration.by_hand import Workbench, go_root, search_path
from integration.creator import Creator, missing, write_run_image
from integration.go_apps import HELLO, make_app, require, using
from integration.lab import ROOT

FORMATS = [each.extension for each in SbomFormat]
SYFT_SECONDS = 120
MODULE = "module example.com/app\n\ngo 1.26\n"  # as here: the tests need no other Go
TOML = "github.com/BurntSushi/toml"
JWT = "github.com/dgrijalva/jwt-go"
FORK = "github.com/golang-jwt/jwt"
LOCAL = {"local/go.mod": "module example.com/local\n", "local/local.go": "package local\n"}
REPLACING = (
    f"{MODULE}\nreplace {JWT} => {FORK} v3.2.1+incompatible\nreplace example.com/local => ./local\n"
)
PROGRAMS = {
    "cmd/cli/main.go": f"{using(TOML)}\nfunc main() {{}}\n",
    "cmd/web/main.go": f"{using(TOML, JWT, 'example.com/local')}\nfunc main() {{}}\n",
}


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An app of two programs, with a module each way: required, replaced, and in a folder."""
    files = {"go.mod": REPLACING, **LOCAL, **PROGRAMS}
    app = make_app(tmp_path_factory.mktemp("modules") / "app", files)
    return read(require(app, f"{TOML}@v1.2.0", f"{JWT}@v3.2.0+incompatible"))


@pytest.fixture(scope="module")
def workbench(tmp_path_factory: pytest.TempPathFactory) -> Workbench:
    return Workbench(tmp_path_factory.mktemp("workbench"))


@pytest.fixture
def bench(workbench: Workbench) -> Workbench:
    """A workbench whose compile cache is that of the tests before."""
    if workbench.layers.is_dir():
        workbench.restore()
        for file in (
            *workbench.layers.glob("*.sbom.*"),
            *(workbench.root / "platform/env").iterdir(),
        ):
            file.unlink()
    return workbench


def read(app: Path) -> dict[str, str]:
    files = sorted(path for path in app.rglob("*") if path.is_file())
    return {path.relative_to(app).as_posix(): path.read_text() for path in files}


def build(bench: Workbench, files: Mapping[str, str], **env: str) -> str:
    done = bench.build(files, **{"BP_GO_TARGETS": "./...", **env})
    assert done.status == 0, done.output
    return done.output


def bill(
    bench: Workbench, name: str = "targets", sbom_format: SbomFormat = SbomFormat.CYCLONEDX
) -> Any:
    return json.loads((bench.layers / file_name(name, sbom_format)).read_text())


def components(document: Any) -> dict[str, Any]:
    return {each["name"]: each for each in document["components"]}


def purls(document: Any) -> set[str]:
    return {each["purl"] for each in document["components"] if "purl" in each}


def by_go(bench: Workbench) -> set[str]:
    """The package URLs of what go reads in the programs, by its own JSON."""
    programs = [str(path) for path in sorted((bench.layers / "targets/bin").iterdir())]
    argv = [f"{go_root()}/bin/go", "version", "-m", "-json", *programs]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    decoder, rest, found = json.JSONDecoder(), done.stdout.strip(), set()
    while rest:
        info, end = decoder.raw_decode(rest)
        rest = rest[end:].lstrip()
        found.add(f"pkg:golang/stdlib@{info['GoVersion'].removeprefix('go')}")
        found |= {purl_by_go(module) for module in [info["Main"], *info.get("Deps", [])]}
    return found


def purl_by_go(module: dict[str, Any]) -> str:
    built = module.get("Replace", module)
    path = module["Path"] if built["Path"].startswith(".") else built["Path"]
    version = built.get("Version", "").replace("(devel)", "").replace("+", "%2B")
    return f"pkg:golang/{path}" + (f"@{version}" if version else "")


def test_every_linked_module_is_in_the_bill_and_nothing_else(
    bench: Workbench, modules: dict[str, str]
) -> None:
    output = build(bench, modules)

    assert "Generating SBOM for" in output
    found = components(bill(bench))
    assert purls(bill(bench)) == by_go(bench)
    assert set(found) == {
        *("bin/cli", "bin/web", "stdlib"),
        *("example.com/app", "example.com/local", TOML, FORK),
    }
    assert found[TOML]["licenses"][0]["license"]["id"] == "MIT"
    assert found[FORK]["licenses"][0]["license"]["id"] == "MIT"
    sums = [line.split() for line in modules["go.sum"].splitlines()]
    (expected,) = [h1 for path, version, h1 in sums if (path, version) == (TOML, "v1.2.0")]
    assert {"name": "gobp:go:h1", "value": expected} in found[TOML]["properties"]
    assert found[FORK]["properties"][0]["value"].startswith(f"{JWT} v3.2.0+incompatible => {FORK}")


def test_each_program_has_its_own_modules(bench: Workbench, modules: dict[str, str]) -> None:
    build(bench, modules)

    held = {each["ref"]: each["dependsOn"] for each in bill(bench)["dependencies"]}

    assert held["targets"] == ["bin/cli", "bin/web"]
    assert [name for name in held["bin/cli"] if "jwt" in name] == []
    assert len(held["bin/web"]) == 5


def test_the_bytes_are_the_same_in_another_place(
    bench: Workbench, modules: dict[str, str], tmp_path: Path
) -> None:
    other = Workbench(tmp_path / "another/place")
    build(bench, modules)

    build(other, modules)

    names = sorted(path.name for path in other.layers.glob("*.sbom.*"))
    assert names == sorted(f"{place}.{ext}" for place in ("targets", "build") for ext in FORMATS)
    for name in names:
        assert (other.layers / name).read_bytes() == (bench.layers / name).read_bytes(), name


def test_a_vendored_app_needs_no_module_cache_for_its_bill(
    bench: Workbench, modules: dict[str, str], tmp_path: Path
) -> None:
    app = make_app(tmp_path / "app", modules)
    env = {"PATH": search_path(), "HOME": str(Path.home()), "GOTOOLCHAIN": "local"}
    subprocess.run(["go", "mod", "vendor"], cwd=app, env=env, check=True)

    output = build(bench, read(app))

    assert "modules are already vendored" in output
    assert purls(bill(bench)) == by_go(bench)
    assert components(bill(bench))[TOML]["licenses"][0]["license"]["id"] == "MIT"


def test_the_modules_of_a_workspace_have_no_version(bench: Workbench) -> None:
    files = {
        "go.work": "go 1.26\n\nuse (\n\t./app\n\t./lib\n)\n",
        "app/go.mod": MODULE,
        "app/main.go": f"{using('example.com/lib')}\nfunc main() {{}}\n",
        "lib/go.mod": "module example.com/lib\n\ngo 1.26\n",
        "lib/lib.go": "package lib\n",
        "lib/LICENSE": (ROOT / "tests/sbom/licences/ISC.txt").read_text(),
    }

    build(bench, files, BP_GO_TARGETS="./app")

    assert purls(bill(bench)) == by_go(bench)
    library = components(bill(bench))["example.com/lib"]
    assert "version" not in library
    assert library["licenses"][0]["license"]["id"] == "ISC"


def test_a_commit_is_the_version_of_the_app(bench: Workbench) -> None:
    bench.put({"go.mod": MODULE, "main.go": HELLO})
    for argv in (
        ["git", "init", "-q"],
        ["git", "add", "."],
        ["git", *("-c", "user.name=me", "-c", "user.email=me@example.com"), "commit", "-qm", "x"],
    ):
        subprocess.run(argv, cwd=bench.app, check=True)

    done = bench.run("build", GOFLAGS="-buildvcs=true")

    assert done.status == 0, done.output
    assert purls(bill(bench)) == by_go(bench)
    app = components(bill(bench))["example.com/app"]
    assert app["version"].startswith("v0.0.0-")
    settings = {
        each["name"]: each["value"] for each in components(bill(bench))["bin/app"]["properties"]
    }
    assert settings["gobp:go:build:vcs.revision"].startswith(app["version"].split("-")[2][:12])


@pytest.mark.parametrize(
    "env",
    [
        pytest.param({"BP_GO_BUILD_LDFLAGS": "-s -w"}, id="stripped"),
        pytest.param({"CNB_TARGET_ARCH": "arm64", "CGO_ENABLED": "0"}, id="for another machine"),
    ],
)
def test_a_program_keeps_its_bill_however_it_is_built(
    bench: Workbench, modules: dict[str, str], env: dict[str, str]
) -> None:
    build(bench, modules, BP_GO_TARGETS="./cmd/cli", **env)

    assert purls(bill(bench)) == by_go(bench)
    assert TOML in components(bill(bench))


def test_a_program_from_before_modules_has_the_standard_library_alone(bench: Workbench) -> None:
    output = build(
        bench, {"main.go": HELLO}, BP_GO_BUILD_IMPORT_PATH="example.com/old", BP_GO_TARGETS="."
    )

    assert "bin/old was built without modules" in output
    assert set(components(bill(bench))) == {"bin/old", "example.com/old", "stdlib"}


def test_without_bills_the_image_says_so(bench: Workbench) -> None:
    build(bench, {"go.mod": MODULE, "main.go": HELLO}, BP_DISABLE_SBOM="true")

    assert list(bench.layers.glob("*.sbom.*")) == []
    assert 'key = "io.paketo.sbom.disabled"' in (bench.layers / "launch.toml").read_text()


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_the_lifecycle_takes_the_bills_into_image_and_layers(
    dist: Path, modules: dict[str, str], tmp_path: Path
) -> None:
    older = modules["go.mod"].replace("go 1.26", "go 1.25")  # a Go that is installed
    app = make_app(tmp_path / "app", {**modules, "go.mod": older})
    creator = Creator(tmp_path / "creator", [dist / "buildpack"], {"BP_GO_TARGETS": "./..."})

    created = creator.create(app)

    for extension in FORMATS:
        launch = created.sbom(f"launch/gobp_go/targets/{extension}")
        assert json.dumps(launch).count(TOML) > 1
        go = created.sbom(f"build/gobp_go/go-sdk/{extension}")
        assert "cpe:2.3:a:golang:go:1.25" in json.dumps(go)
    assert created.label("io.buildpacks.lifecycle.metadata")["sbom"]["sha"]


def test_the_image_of_gobps_own_platform_holds_the_bills(
    modules: dict[str, str], tmp_path: Path
) -> None:
    app = make_app(tmp_path / "app", modules)
    write_run_image(tmp_path / "run")
    request = BuildRequest(
        app,
        (ROOT,),
        "example.com/app:v1",
        tmp_path / "cache",
        tmp_path / "image",
        env={"BP_GO_TARGETS": "./cmd/cli"},
        run_image=str(tmp_path / "run"),
    )

    create(request, log=BuildLog(), commands=SystemCommands(), environ={"PATH": search_path()})

    root = tmp_path / "root"
    root.mkdir()
    unpack(read_layout(tmp_path / "image").layers, root, below=("/layers/sbom/launch",))
    for extension in FORMATS:
        document = root / "layers/sbom/launch/gobp_go/targets" / extension
        assert TOML in document.read_text()


@pytest.fixture
def syft() -> Callable[..., Any]:
    """The real syft, whose JSON is read."""
    program = shutil.which("syft")
    if program is None:
        pytest.skip("syft is not on PATH: go install github.com/anchore/syft/cmd/syft@v1.42.0")

    def run(*arguments: str | Path) -> Any:
        argv = [program, "-q", *arguments, "-o", "syft-json"]
        env = {**os.environ, "SYFT_CHECK_FOR_APP_UPDATE": "false"}
        done = subprocess.run(
            argv, env=env, capture_output=True, text=True, check=True, timeout=SYFT_SECONDS
        )
        return json.loads(done.stdout)

    return run


def test_syft_finds_the_same_in_the_programs(
    bench: Workbench, modules: dict[str, str], syft: Callable[..., Any]
) -> None:
    build(bench, modules)

    theirs = syft("scan", f"dir:{bench.layers}/targets/bin")["artifacts"]

    ours = bill(bench, sbom_format=SbomFormat.SYFT)["artifacts"]
    assert by_place(ours, "/bin") == by_place(theirs, "")


def by_place(artifacts: Any, folder: str) -> list[tuple[str, ...]]:
    """What an artifact is and where, without what each side knows from elsewhere."""
    return sorted(
        (
            each["locations"][0]["path"].removeprefix(folder),
            *(each[key] for key in ("name", "purl", "type", "language")),
            each["version"].replace("UNKNOWN", ""),
            *(each["metadata"].get(key, "") for key in ("goCompiledVersion", "mainModule")),
        )
        for each in artifacts
    )


@pytest.mark.parametrize("sbom_format", SbomFormat, ids=lambda each: each.name.lower())
def test_syft_reads_every_format(
    bench: Workbench, modules: dict[str, str], syft: Callable[..., Any], sbom_format: SbomFormat
) -> None:
    build(bench, modules)

    read_back = syft("convert", bench.layers / file_name("targets", sbom_format))["artifacts"]

    # From SPDX, syft reads package URLs with all letters small.
    go_modules = {each["purl"].lower() for each in read_back if each["type"] == "go-module"}
    assert go_modules == {each.lower() for each in purls(bill(bench))}
