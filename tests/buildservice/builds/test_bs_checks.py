"""Orders that make sense, and what is said of the others."""

import os
import subprocess
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildservice.builds.checks import check_order
from gobp.buildservice.builds.ldflags import wrong_ldflag
from gobp.buildservice.builds.order import GitSource, ModuleSource, Order, Recipe, Target
from gobp.buildservice.builds.targets import Targets
from gobp.buildservice.resolving.resolver import NotResolvedError

TARGETS = Targets.parse(
    '[{"GOOS": "linux", "GOARCH": "amd64", "CgoSupported": true, "FirstClass": true},'
    ' {"GOOS": "windows", "GOARCH": "amd64", "CgoSupported": true, "FirstClass": true}]'
)
ORDER = Order(source=ModuleSource("example.com/m"), ref="v1.0.0", target=Target("linux", "amd64"))


def order(**changes: object) -> Order:
    return msgspec.structs.replace(ORDER, **changes)


def refusal(**changes: object) -> str:
    with pytest.raises(NotResolvedError) as caught:
        check_order(order(**changes), TARGETS)
    assert caught.value.status == 400
    return caught.value.text


@pytest.mark.parametrize(
    "changes",
    [
        {"ref": "latest"},
        {"ref": "v1.2.3-rc.1+incompatible"},
        {"ref": "feature/x#1"},
        {"ref": "0123456789abcdef0123456789abcdef01234567"},
        {"package": "./cmd/a.b_c"},
        {"package": "./..."},
        {"package": "."},
        {"go": "1.26"},
        {"go": "go1.25.4"},
        {"go": "1.27rc1"},
        {"tags": ("netgo", "sqlite_fts5", "go1.21")},
        {"ldflags": "-s -w -X main.version=v1 '-X=main.date=a b' -H windowsgui"},
        {"ldflags": "-buildid= -linkmode internal --s"},
        {"recipe": Recipe.BUILDPACK},
        {"source": GitSource("git.example:8443", "a/b/c")},
    ],
    ids=str,
)
def test_what_go_understands_is_fine(changes: dict[str, object]) -> None:
    check_order(order(**changes), TARGETS)


@pytest.mark.parametrize(
    "ref",
    [
        "",
        "-v1",
        "--upload-pack=x",
        "v1 v2",
        "a..b",
        "a@{1}",
        "a//b",
        "a\nb",
        "x" * 256,
        "<v1",
        "a:b",
    ],
)
def test_a_ref_is_no_option_and_no_expression(ref: str) -> None:
    assert "is no version" in refusal(ref=ref)


@pytest.mark.parametrize(
    "package",
    ["cmd/x", "/etc", "./../x", "./a/../b", "-o", "./a b", "./a/", "./$x", "./a//b", "./.../a"],
)
def test_a_package_stays_in_its_source(package: str) -> None:
    assert "is no package" in refusal(package=package)


@pytest.mark.parametrize("go", ["1.15.2", "0.9", "1"])
def test_a_go_version_before_modules_is_too_old(go: str) -> None:
    assert "too old" in refusal(go=go)


@pytest.mark.parametrize("go", ["latest", "1.x", "1.25.4-evil", "local", "path"])
def test_a_go_version_is_a_version(go: str) -> None:
    assert "name one such as 1.25.4" in refusal(go=go)


@pytest.mark.parametrize("tags", [("a b",), ("a,b",), ("-x",), ("",), ("t",) * 33])
def test_tags_are_words(tags: tuple[str, ...]) -> None:
    assert "build tags" in refusal(tags=tags)


@pytest.mark.parametrize(
    "ldflags",
    [
        "-extld=/tmp/evil",
        "-extld /tmp/evil",
        "-extldflags '-fplugin=x'",
        "--extld=x",
        "-linkmode external",
        "-linkmode=external",
        "-toolexec x",
        "-o /tmp/x",
        "-r /x",
        "-L /x",
        "-k /x",
        "-X main.v=a\nb",
        "-X",
        "-X main",
        "-s=1x",
        "main.o",
        "'-s",
        "'-s'x",
        "all=-s",
        "-H chromeos",
        "-cpuprofile=/x",
        "@file",
    ],
)
def test_ldflags_run_and_read_nothing(ldflags: str) -> None:
    assert "ldflags: " in refusal(ldflags=ldflags)


@given(st.text("-sw X=main.v'\" \t\nextld", max_size=30))
def test_the_linkers_words_are_gos_own(text: str) -> None:
    allowed = wrong_ldflag(text) == ""
    assert not (allowed and "extld" in text.replace("=", " ").replace("main.v", "").split())


def test_the_real_linker_takes_all_that_is_allowed(tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/m\n\ngo 1.21\n")
    (tmp_path / "main.go").write_text(
        'package main\n\nvar version = "none"\n\nfunc main() { print(version) }\n'
    )
    flags = (
        "-s -w '-X=main.version=a b' -buildid= -linkmode internal -compressdwarf=false"
        " -checklinkname=0"
    )
    assert wrong_ldflag(flags) == ""
    built = subprocess.run(
        ["go", "build", "-ldflags", flags, "-o", "app", "."],
        cwd=tmp_path,
        env={**os.environ, "CGO_ENABLED": "0", "GOFLAGS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    said = subprocess.run([tmp_path / "app"], capture_output=True, text=True, check=True)
    assert said.stderr == "a b"


def test_a_modules_path_is_one() -> None:
    assert "is not a module path" in refusal(source=ModuleSource("-x.com/a"))
    assert "is not a module path" in refusal(source=ModuleSource("example.com/a/../b"))
    assert "255" in refusal(source=ModuleSource("example.com/" + "a" * 300))


def test_images_are_for_linux_only() -> None:
    text = refusal(recipe=Recipe.BUILDPACK, target=Target("windows", "amd64"))
    assert "not for windows" in text


def test_the_target_is_checked_too() -> None:
    assert "no platform" in refusal(target=Target("linux", "amd46"))
