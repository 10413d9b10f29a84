"""gobp modules, run in process on small trees."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gobp.cli.main import cli
from gobp.cli.modules_options import size_text
from gobp.errors import UserError
from gobp.modproxy.protocol.requests import Kind
from gobp.modproxy.tree.trees import Trees
from tests.modproxy.commands.made_modules import (
    UPPER,
    A,
    add_version,
    make_cache,
    new_trees,
    path_in,
)


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    trees = new_trees(tmp_path / "root")
    add_version(trees.public, A, "v1.0.0")
    add_version(trees.public, A, "v1.1.0")
    add_version(trees.private, "corp.example/p", "v0.1.0")
    return trees


@pytest.fixture
def root(trees: Trees) -> str:
    return str(trees.public.root.parent)


@pytest.fixture
def upstream(tmp_path: Path) -> str:
    tree = new_trees(tmp_path / "upstream").public
    add_version(tree, UPPER, "v0.1.0")
    tree.write_list(UPPER, ("v0.1.0",))
    return f"file://{tree.root}"


def run(*arguments: str, **env: str) -> Result:
    variables = {"GOBP_MODULES_SUMS_DATABASE": "off", **env}
    return CliRunner().invoke(cli, ["modules", *arguments], catch_exceptions=False, env=variables)


def as_json(*arguments: str) -> Any:
    return json.loads(run(*arguments, "--json").stdout)


def test_what_is_there_is_shown(root: str) -> None:
    lines = run("show", "--root", root, "--versions").stdout.splitlines()

    assert [re.sub(r"^ *[0-9.]+ k?B", "", line).strip() for line in lines] == [
        "example.com/a  2",
        "v1.0.0",
        "v1.1.0",
        "corp.example/p (private)  1",
        "v0.1.0",
        "2 modules",
    ]


def test_modules_are_shown_by_patterns_as_json(root: str) -> None:
    (shown,) = as_json("show", "--root", root, "corp.example/*")

    assert (shown["tree"], shown["module"], shown["versions"]) == (
        "private",
        "corp.example/p",
        ["v0.1.0"],
    )


def test_what_is_added_is_named(root: str, upstream: str) -> None:
    result = run("add", f"{UPPER}@latest", "--root", root, "--upstream", upstream)

    assert result.exit_code == 0
    assert result.stdout.splitlines()[0] == f"{UPPER}@v0.1.0"
    assert "fetching files: 3" in result.stderr


def test_what_does_not_come_is_said_and_the_status_is_1(root: str, upstream: str) -> None:
    result = run("add", "example.com/none@v1.0.0", "--root", root, "--upstream", upstream)

    assert result.exit_code == 1
    assert "example.com/none@v1.0.0 (zip): " in result.stderr
    assert result.stderr.count("To fix it:") == 1


def test_an_app_is_synchronised(root: str, upstream: str, tmp_path: Path) -> None:
    app = tmp_path / "app"
    app.mkdir()
    (app / "go.mod").write_text("module example.com/app\n")

    done = as_json("sync", str(app), "--root", root, "--upstream", upstream)

    assert done == {
        "fetched": 0,
        "bytes": 0,
        "there": 0,
        "verifiable_offline": 0,
        "problems": [],
    }


def test_a_cache_is_adopted_and_known_to_the_index(
    root: str, upstream: str, tmp_path: Path
) -> None:
    make_cache(tmp_path / "mod/cache/download", UPPER, "v2.0.0+incompatible")
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"upstream: {{proxies: '{upstream}'}}\nroot: {root}\n")

    adopted = as_json("adopt", str(tmp_path / "mod"), "--config", str(settings))

    assert (adopted["files"], adopted["there"], adopted["problems"]) == (3, 0, [])
    assert as_json("reindex", "--root", root)["versions"] == 4


def test_damage_is_said_and_put_aside(root: str, trees: Trees) -> None:
    path_in(trees.public, A, "v1.0.0", Kind.MOD).write_bytes(b"\0\0")

    found = run("verify", "--root", root)
    assert found.exit_code == 1
    assert "public/example.com/a/@v/v1.0.0.mod: it holds NUL bytes" in found.stderr

    assert as_json("verify", "--root", root, "--fix")["quarantined"] == 1
    assert run("verify", "--root", root).exit_code == 0


def test_modules_go_over_an_air_gap(root: str, tmp_path: Path) -> None:
    archive, other = str(tmp_path / "a.tar.gz"), str(tmp_path / "other")

    went = as_json("export", archive, "--root", root, "--modules", "example.com/*")
    came = as_json("import", archive, "--root", other)

    assert went["files"] == came["files"] == 6
    assert [shown["module"] for shown in as_json("show", "--root", other)] == [A]


def test_an_app_whose_modules_are_not_there_is_told_so(root: str, tmp_path: Path) -> None:
    (tmp_path / "go.mod").write_text("module example.com/app\n")
    h1 = "h1:olpwvP2KacW1ZWvsR7uQhoyTYvKAupfQrRGBFM352Gk="
    (tmp_path / "go.sum").write_text(f"{A} v1.0.0/go.mod {h1}\n{UPPER} v1.0.0/go.mod {h1}\n")

    result = run("export", str(tmp_path / "a.tar"), "--root", root, "--app", str(tmp_path))

    assert result.exit_code == 1
    assert f"{UPPER}@v1.0.0 (mod): it is not there" in result.stderr
    assert "gobp modules sync" in result.stderr


def test_nothing_that_was_just_used_is_collected(root: str) -> None:
    done = as_json("gc", "--root", root, "--max-bytes", "0", "--dry-run")

    assert done["removed"] == []
    assert "used in the last 10 minutes" in done["problems"][0]["reason"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("gc",), "it is not said what may be removed"),
        (("gc", "--unused", "old"), "'old' is no duration"),
        (("gc", "--max-bytes", "much"), "'much' is no size"),
        (("export", "a.zip"), "no name for an archive"),
        (("export", "/nowhere/a.tar"), "cannot be written"),
        (("import", "none.tar"), "there is no none.tar"),
        (("verify", "--config", "none.yaml"), "none.yaml"),
        (("show", "[a"), "no pattern of module paths"),
    ],
)
def test_what_cannot_be_done_is_said_with_a_remedy(
    root: str, arguments: tuple[str, ...], message: str
) -> None:
    with pytest.raises(UserError, match=re.escape(message)) as failed:
        run(*arguments, "--root", root)

    assert failed.value.remedy


def test_a_check_that_fails_ends_with_status_1(root: str, upstream: str) -> None:
    good = run("check", f"{UPPER}@v0.1.0", "--root", root, "--upstream", upstream)
    bad = run("check", f"{UPPER}@v0.9.0", "--root", root, "--upstream", upstream)

    assert (good.exit_code, bad.exit_code) == (0, 1)
    assert good.stdout.startswith("ok    rule: no rule: mode sync")
    assert "FAIL  source" in bad.stdout
    assert "To fix it:" in bad.stdout


def test_help_needs_no_package_of_the_services() -> None:
    code = (
        "import sys; import gobp.cli.main; "
        "print([name for name in ('msgspec', 'aiohttp', 'rich', 'yaml') if name in sys.modules])"
    )

    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)

    assert loaded.stdout.strip() == b"[]"


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (12_345_678, "12.3 MB"),
        (5 * 10**15, "5000.0 TB"),
    ],
)
def test_sizes_are_told_for_people(size: int, text: str) -> None:
    assert size_text(size) == text
