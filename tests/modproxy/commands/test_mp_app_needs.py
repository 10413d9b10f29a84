"""What an app's files say that its build needs."""

from pathlib import Path

import pytest

from gobp.errors import UserError
from gobp.modproxy.commands.app_needs import needs_of
from gobp.modproxy.protocol.requests import Kind, ModuleFile

H1 = "h1:olpwvP2KacW1ZWvsR7uQhoyTYvKAupfQrRGBFM352Gk="
OTHER = "h1:u+2+/6zg+i71rQMx5EYifcz6MCKuco9NR6JIITiCfzQ="


def write(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("_", ".")).write_text(text)
    return folder


def test_a_line_of_go_sum_asks_for_a_zip_or_a_mod_with_its_hash(tmp_path: Path) -> None:
    app = write(
        tmp_path,
        go_mod="module example.com/app\n",
        go_sum=f"example.com/a v1.0.0 {H1}\nexample.com/a v1.0.0/go.mod {OTHER}\n"
        f"example.com/graph-only v1.0.0/go.mod {OTHER}\n",
    )

    needs = needs_of(app, ())

    assert needs.files == {
        ModuleFile("example.com/a", "v1.0.0", Kind.ZIP): {H1},
        ModuleFile("example.com/a", "v1.0.0", Kind.INFO): set(),
        ModuleFile("example.com/a", "v1.0.0", Kind.MOD): {OTHER},
        ModuleFile("example.com/graph-only", "v1.0.0", Kind.MOD): {OTHER},
    }
    assert needs.problems == []


def test_a_workspace_asks_for_what_each_of_its_modules_does(tmp_path: Path) -> None:
    app = write(
        tmp_path,
        go_work="go 1.23\nuse ./one\nuse ./two\n",
        go_work_sum=f"example.com/work v1.0.0 {H1}\n",
    )
    for name in ("one", "two"):
        write(
            app / name,
            go_mod=f"module example.com/{name}\n",
            go_sum=f"example.com/{name} v1.0.0/go.mod {H1}\n",
        )

    files = needs_of(app, ()).files

    assert {file.module for file in files} == {f"example.com/{n}" for n in ("one", "two", "work")}


def test_hashes_of_several_files_are_all_accepted(tmp_path: Path) -> None:
    app = write(
        tmp_path,
        go_mod="module example.com/app\n",
        go_work="go 1.23\nuse .\n",
        go_sum=f"example.com/a v1.0.0/go.mod {H1}\n",
        go_work_sum=f"example.com/a v1.0.0/go.mod {OTHER}\n",
    )

    assert list(needs_of(app, ()).files.values()) == [{H1, OTHER}]


@pytest.mark.parametrize(
    ("lines", "toolchain"),
    [
        ("go 1.23.4\n", "go1.23.4"),
        ("go 1.23.4\ntoolchain go1.24.1\n", "go1.24.1"),
        ("go 1.25.0\ntoolchain go1.24.1\n", "go1.25.0"),
        ("go 1.23.4\ntoolchain default\n", "go1.23.4"),
        ("go 1.24rc1\n", "go1.24rc1"),
        ("go 1.23\n", ""),
        ("go 1.20\n", ""),
        ("", ""),
    ],
)
def test_the_toolchain_is_the_newer_of_both_lines(
    tmp_path: Path, lines: str, toolchain: str
) -> None:
    app = write(tmp_path, go_mod=f"module example.com/app\n{lines}")

    versions = [file.version for file in needs_of(app, ("linux/amd64", "darwin/arm64")).files]

    wanted = [f"v0.0.1-{toolchain}.{platform}" for platform in ("linux-amd64", "darwin-arm64")]
    assert versions == (wanted if toolchain else [])


@pytest.mark.parametrize("platform", ["linux", "linux/amd 64", "/"])
def test_what_is_no_platform_is_refused(tmp_path: Path, platform: str) -> None:
    app = write(tmp_path, go_mod="module example.com/app\ngo 1.23.4\n")

    with pytest.raises(UserError, match="is no platform"):
        needs_of(app, (platform,))


def test_an_app_that_requires_modules_and_has_no_go_sum_is_named(tmp_path: Path) -> None:
    app = write(tmp_path, go_mod="module example.com/app\nrequire example.com/a v1.0.0\n")

    (problem,) = needs_of(app, ()).problems

    assert problem.about == str(app / "go.mod")
    assert "go mod tidy" in problem.remedy


def test_a_version_that_cannot_be_is_named(tmp_path: Path) -> None:
    app = write(
        tmp_path,
        go_mod="module example.com/app\n",
        go_sum=f"example.com/a v2.0.0 {H1}\n",
    )

    needs = needs_of(app, ())

    assert needs.files == {}
    assert "example.com/a@v2.0.0" in needs.problems[0].about


def test_a_folder_without_a_module_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"neither go\.mod nor go\.work"):
        needs_of(tmp_path, ())


def test_a_workspace_that_uses_what_is_not_there_is_refused(tmp_path: Path) -> None:
    app = write(tmp_path, go_work="go 1.23\nuse ./gone\n")

    with pytest.raises(UserError, match=r"\./gone, which has no go\.mod"):
        needs_of(app, ())
