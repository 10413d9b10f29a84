"""Generators, vet, tests, images that test and known vulnerabilities, with the real go.

Builds by hand (bin/detect and bin/build). All begin with the compile cache of one first build.
"""

import json
import os
import shutil
import subprocess
import sys
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from pathlib import Path

import pytest

from integration.by_hand import MODULE, Done, Workbench, go_env, search_path
from integration.go_apps import make_app, require
from integration.lab import ROOT

DATABASE = (ROOT / "tests/vulndb").as_uri()
GOVULNCHECK = "golang.org/x/vuln/cmd/govulncheck@v1.1.4"
TEXT = "golang.org/x/text"
FORMAT = 'func Test{0}(t *testing.T) {{ if name != "{1}" {{ t.Fatalf("name is %q", name) }} }}\n'
GENERATED = {
    "go.mod": MODULE,
    "main.go": "package main\n\n//go:generate go run ./names -out name.go\n\n"
    "func main() { println(name) }\n",
    "main_test.go": 'package main\n\nimport "testing"\n\n' + FORMAT.format("Name", "made"),
    "names/main.go": """package main

import (
	"flag"
	"os"
)

func main() {
	out := flag.String("out", "", "file to write")
	flag.Parse()
	os.WriteFile(*out, []byte("package main\\n\\nconst name = \\"made\\"\\n"), 0o644)
}
""",
}
ALL = {"BP_GO_GENERATE": "true", "BP_GO_VET": "true", "BP_GO_TEST": "true", "BP_GO_TARGETS": "."}
TESTED = {
    "go.mod": MODULE,
    "main.go": 'package main\n\nconst name = "made"\n\nfunc main() { println(name) }\n',
    "main_test.go": GENERATED["main_test.go"],
}


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workbench, Done]:
    """A build that does it all, with what compiles from nothing."""
    go_env("GOROOT")
    bench = Workbench(tmp_path_factory.mktemp("checks"))
    return bench, bench.build(GENERATED, **ALL)


@pytest.fixture
def bench(first: tuple[Workbench, Done], tmp_path: Path) -> Workbench:
    """A build of its own that finds the compile cache of the first."""
    shutil.copytree(first[0].layers / "gocache", tmp_path / "layers/gocache")
    shutil.copy(first[0].layers / "gocache.toml", tmp_path / "layers")
    return Workbench(tmp_path)


def test_what_generators_make_is_vetted_tested_and_built(first: tuple[Workbench, Done]) -> None:
    bench, done = first

    assert done.status == 0, done.output
    assert bench.program().strip() == "made"
    order = ["'go generate", "'go vet", "'go test", "'go build"]
    assert sorted(order, key=done.output.index) == order
    assert "ok    example.com/app (1 passed" in done.output
    assert "1 passed; packages: 1; without tests: 1" in done.output


def test_a_second_build_tests_nothing_again(first: tuple[Workbench, Done]) -> None:
    bench, _ = first
    bench.restore()

    done = bench.build(GENERATED, **ALL)

    assert done.status == 0, done.output
    assert "ok    example.com/app (1 passed, cached)" in done.output


def test_a_tool_of_go_mod_generates(bench: Workbench) -> None:
    tool = {
        **GENERATED,
        "go.mod": f"{MODULE}\ntool example.com/app/names\n",
        "main.go": GENERATED["main.go"].replace("go run ./names", "go tool names"),
    }

    done = bench.build(tool, BP_GO_GENERATE="true", BP_GO_TARGETS=".")

    assert done.status == 0, done.output
    assert bench.program().strip() == "made"


def test_a_generator_that_fails_ends_the_build(bench: Workbench) -> None:
    broken = {**GENERATED, "names/main.go": 'package main\n\nfunc main() { panic("no names") }\n'}

    done = bench.build(broken, BP_GO_GENERATE="true", BP_GO_TARGETS=".")

    assert done.status == 1
    assert "panic: no names" in done.output
    assert "Go Build" not in done.output


def test_what_vet_finds_ends_the_build(bench: Workbench) -> None:
    wrong = {
        **TESTED,
        "main.go": 'package main\n\nimport "fmt"\n\nconst name = "made"\n\n'
        'func main() { fmt.Printf("%d\\n", name) }\n',
    }

    done = bench.build(wrong, BP_GO_VET="true")

    assert done.status == 1
    assert "ERROR: go vet finds mistakes: main.go:7" in done.output


def test_failing_tests_end_the_build_and_are_reported(bench: Workbench) -> None:
    wrong = {
        **TESTED,
        "other_test.go": 'package main\n\nimport "testing"\n\n'
        + FORMAT.format("Other", "no")
        # A test finds its files by the path that -trimpath removes.
        + "func TestPath(t *testing.T) { if _, file, _, _ := runtime.Caller(0); file[0] != '/' "
        "{ t.Fatal(file) } }\n",
    }
    wrong["other_test.go"] = wrong["other_test.go"].replace(
        'import "testing"', 'import (\n\t"runtime"\n\t"testing"\n)'
    )
    reports = bench.root / "reports"

    done = bench.build(wrong, BP_GO_TEST="./...", BP_GO_TEST_REPORT=f"{reports}/tests.xml")

    assert done.status == 1
    assert "FAIL  example.com/app (1 failed, 2 passed" in done.output
    assert 'name is "made"' in done.output
    assert "ERROR: tests failed: 1\n  example.com/app TestOther\n" in done.output
    assert 'go test -run "^TestOther$" example.com/app' in done.output
    suite = ET.parse(reports / "tests.xml").getroot()[0]  # our own
    assert (suite.get("tests"), suite.get("failures")) == ("3", "1")


def test_flags_of_tests_are_words(bench: Workbench) -> None:
    wrong = {**TESTED, "main_test.go": TESTED["main_test.go"].replace('"made"', '"other"')}

    done = bench.build(wrong, BP_GO_TEST="true", BP_GO_TEST_FLAGS="-run 'None of them'")

    assert done.status == 0, done.output


def test_the_race_detector_without_a_c_compiler_is_explained(bench: Workbench) -> None:
    done = bench.build(TESTED, BP_GO_TEST="true", BP_GO_TEST_FLAGS="-race", CC="no-gcc")

    assert done.status == 1
    assert "the build image has no C compiler no-gcc" in done.output


def test_an_app_without_modules_is_tested(bench: Workbench) -> None:
    old = {name: text for name, text in TESTED.items() if name != "go.mod"}

    done = bench.build(old, BP_GO_TEST="true", BP_GO_VET="true")

    assert done.status == 0, done.output
    assert "ok    workspace (1 passed" in done.output


def test_every_module_of_a_workspace_is_tested(bench: Workbench) -> None:
    work = {"go.work": "go 1.26\n\nuse (\n\t./app\n\t./lib\n)\n"}
    app = {f"app/{name}": text for name, text in TESTED.items()}
    lib = {f"lib/{name}": text for name, text in TESTED.items()}
    lib["lib/go.mod"] = MODULE.replace("example.com/app", "example.com/lib")

    done = bench.build({**work, **app, **lib}, BP_GO_TEST="true", BP_GO_TARGETS="app")

    assert done.status == 0, done.output
    assert "ok    example.com/app (1 passed" in done.output
    assert "ok    example.com/lib (1 passed" in done.output


# -- Images that test ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def test_image(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workbench, Done]:
    """A build for an image that tests, with a module; Go itself is put into it."""
    root = tmp_path_factory.mktemp("test-image")
    source = make_app(root / "source", {**TESTED, "text.go": using_text()})
    require(source, f"{TEXT}@v0.3.5")
    files = {path.name: path.read_text() for path in source.iterdir()}
    bench = Workbench(root)
    done = bench.build(files, CNB_EXEC_ENV="test", BP_GO_TEST_FLAGS="-v", GOPROXY=go_env("GOPROXY"))
    if "cannot be downloaded" in done.output:
        pytest.skip(f"Go cannot be had here: {done.output[-500:]}")
    return bench, done


def using_text() -> str:
    return f'package main\n\nimport "{TEXT}/language"\n\nvar _ = language.English\n'


def launched(bench: Workbench, process: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a process as its image would: nothing but its environment, no home, no network."""
    document = tomllib.loads((bench.layers / "launch.toml").read_text())
    (wanted,) = [each for each in document["processes"] if each["type"] == process]
    env = {"PATH": f"{bench.layers}/go-sdk/bin:{bench.layers}/targets/bin:/usr/bin:/bin"}
    for file in (bench.layers / "test/env.launch").iterdir():
        env[file.name.removesuffix(".default")] = file.read_text()
    env |= {"GOCACHE": str(bench.root / "go-build")}  # as a user of the image may
    offline = ["unshare", "-n"] if os.geteuid() == 0 else []
    return subprocess.run(
        [*offline, *wanted["command"], *(arguments or wanted.get("args", []))],
        cwd=wanted.get("working-dir", bench.app),
        env=env,
        capture_output=True,
        text=True,
        check=False,
        timeout=600,
    )


def test_the_image_tests_the_app_without_network(test_image: tuple[Workbench, Done]) -> None:
    bench, built = test_image
    assert built.status == 0, built.output
    assert "'go test" not in built.output

    done = launched(bench, "test")

    assert done.returncode == 0, done.stderr
    assert "--- PASS: TestName" in done.stdout


def test_users_of_the_image_name_other_packages(test_image: tuple[Workbench, Done]) -> None:
    done = launched(test_image[0], "test", f"{TEXT}/language", "-run=None")

    assert done.returncode == 0, done.stderr
    assert f"{TEXT}/language" in done.stdout


def test_tests_of_the_image_that_fail_fail(test_image: tuple[Workbench, Done]) -> None:
    bench, _ = test_image
    path = bench.app / "other_test.go"
    path.write_text('package main\n\nimport "testing"\n\n' + FORMAT.format("Other", "no"))

    done = launched(bench, "test")

    path.unlink()
    assert done.returncode == 1
    assert "--- FAIL: TestOther" in done.stdout


def test_the_programs_of_the_app_are_processes_too(test_image: tuple[Workbench, Done]) -> None:
    document = tomllib.loads((test_image[0].layers / "launch.toml").read_text())

    assert {each["type"]: each.get("default", False) for each in document["processes"]} == {
        "app": False,
        "test": True,
        "web": False,
    }


def test_an_image_of_gobp_build_tests_with_gobp_run(tmp_path: Path) -> None:
    source = make_app(tmp_path / "app", TESTED)
    gobp = [sys.executable, "-m", "gobp"]
    cache = ["--cache-dir", str(tmp_path / "cache")]
    image = str(tmp_path / "tests.oci")
    settings = ["--env", "CNB_EXEC_ENV=test", "--env", f"GOPROXY={go_env('GOPROXY')}"]

    built = gobp_run([*gobp, "build", str(source), "-o", image, *settings, *cache])
    if "cannot be downloaded" in built.stdout + built.stderr:
        pytest.skip(f"Go cannot be had here: {built.stderr[-500:]}")
    assert built.returncode == 0, built.stdout + built.stderr
    env = ["--env", f"GOCACHE={tmp_path}/go-build", "--env", f"GOPATH={tmp_path}/go"]
    done = gobp_run([*gobp, "run", image, *env, *cache])

    assert done.returncode == 0, done.stdout + done.stderr
    assert "ok  \texample.com/app" in done.stdout


def gobp_run(argv: list[str]) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PATH": search_path(), "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        argv, cwd="/", env=env, capture_output=True, text=True, check=False, timeout=600
    )


# -- Known vulnerabilities -------------------------------------------------------------------------


@pytest.fixture(scope="module")
def vulnerable(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """An app with a module that the database in tests/vulndb knows."""
    source = make_app(tmp_path_factory.mktemp("app"), {**TESTED, "text.go": using_text()})
    require(source, f"{TEXT}@v0.3.5")
    return {path.name: path.read_text() for path in source.iterdir()}


def reported(bench: Workbench) -> list[tuple[str, str, str]]:
    report = json.loads((bench.layers / "vulnerabilities/report.json").read_text())
    return [(each["id"], each["module"], each["fixed"]) for each in report["vulnerabilities"]]


def test_known_vulnerabilities_are_told(bench: Workbench, vulnerable: Mapping[str, str]) -> None:
    done = bench.build(vulnerable, BP_GO_VULN="true", GOVULNDB=DATABASE, GOPROXY=go_env("GOPROXY"))

    assert done.status == 0, done.output
    assert reported(bench) == [
        ("GO-2021-0113", TEXT, "0.3.7"),
        ("GO-2099-0001", "stdlib", "1.98.3"),
        ("GO-2099-0004", TEXT, "0.3.8"),
        ("GO-2099-0005", TEXT, ""),
    ]
    launch = tomllib.loads((bench.layers / "launch.toml").read_text())
    assert {"key": "io.gobp.vulnerabilities", "value": "4"} in launch["labels"]


def test_vulnerabilities_as_bad_as_the_limit_end_the_build(
    bench: Workbench, vulnerable: Mapping[str, str]
) -> None:
    env = {"GOVULNDB": DATABASE, "GOPROXY": go_env("GOPROXY"), "BP_GO_VULN_FAIL": "high"}

    failed = bench.build(vulnerable, **env)
    bench.restore()
    passed = bench.build(vulnerable, **env, BP_GO_VULN_IGNORE="CVE-2021-38561:GO-2099-0004")

    assert failed.status == 1
    assert "ERROR: the programs have known vulnerabilities: GO-2021-0113, GO-2099-0004" in (
        failed.output
    )
    assert passed.status == 0, passed.output


def test_no_database_ends_only_builds_with_a_limit(bench: Workbench) -> None:
    env = {"GOVULNDB": "file:///nonexistent/vulndb"}

    told = bench.build(TESTED, **env, BP_GO_VULN="true")
    bench.restore()
    failed = bench.build(TESTED, **env, BP_GO_VULN_FAIL="critical")

    assert told.status == 0, told.output
    assert "Warning: nothing is known of vulnerabilities" in told.output
    assert failed.status == 1


def test_govulncheck_finds_the_same(
    bench: Workbench, vulnerable: Mapping[str, str], tmp_path: Path
) -> None:
    govulncheck = shutil.which("govulncheck") or installed(tmp_path / "tools")
    done = bench.build(vulnerable, BP_GO_VULN="true", GOVULNDB=DATABASE, GOPROXY=go_env("GOPROXY"))
    assert done.status == 0, done.output

    argv = [govulncheck, "-db", DATABASE, "-mode", "binary", "-scan", "module", "-format", "json"]
    said = subprocess.run(
        [*argv, bench.layers / "targets/bin/app"], capture_output=True, text=True, check=True
    ).stdout

    assert sorted(findings_of(said)) == reported(bench)


def installed(folder: Path) -> str:
    """Return govulncheck, compiled here; skip where it is not served."""
    env = {**os.environ, "GOBIN": str(folder), "GOFLAGS": "-modcacherw"}
    argv = ["go", "install", GOVULNCHECK]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False, timeout=600)
    if done.returncode != 0:
        pytest.skip(f"govulncheck is not here, and {' '.join(argv)} fails: {done.stderr[-300:]}")
    return str(folder / "govulncheck")


def findings_of(output: str) -> set[tuple[str, str, str]]:
    """Read what govulncheck prints: JSON objects one after the other."""
    decoder = json.JSONDecoder()
    found = set()
    rest = output.strip()
    while rest:
        document, end = decoder.raw_decode(rest)
        rest = rest[end:].lstrip()
        if finding := document.get("finding"):
            fixed = finding.get("fixed_version", "").removeprefix("v")
            found.add((finding["osv"], finding["trace"][0]["module"], fixed))
    return found
