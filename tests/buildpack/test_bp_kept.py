"""Programs kept in a volume: the real go says which it links anew (flag ``-x``)."""

import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go_build.build import build
from gobp.buildpack.go_build.config import read_config
from gobp.buildpack.go_build.kept import MOST_PROGRAMS, drop_untouched, keep_programs, put_back
from gobp.errors import UserError
from gobp.system.process import SystemCommands
from tests.fakes.a_build import a_build

MOD = {"go.mod": "module example.com/app\n\ngo 1.21\n"}
LIBRARY = 'package lib\n\nconst Word = "one"\n'
MAIN = 'package main\n\nimport "example.com/app/lib"\n\nfunc main() { println(lib.Word) }\n'
ALONE = 'package main\n\nfunc main() { println("alone") }\n'
APP = {**MOD, "lib/lib.go": LIBRARY, "cmd/web/main.go": MAIN, "cmd/job/main.go": ALONE}
_LINKS = re.compile(r"^\s*(?:GOROOT='[^']*' )?\S*/link -o ", re.MULTILINE)


@pytest.fixture(scope="module")
def volume(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A volume whose compile cache the tests share."""
    if shutil.which("go") is None:
        pytest.skip("go is not on PATH")
    return tmp_path_factory.mktemp("volume")


def built(root: Path, volume: Path, files: Mapping[str, str], **env: str) -> int:
    """Build an app as on a machine where nothing but the volume is left; count what is linked."""
    (root / "layers").mkdir(exist_ok=True)
    variables = {
        "PATH": os.environ["PATH"],
        "HOME": str(root),
        "CGO_ENABLED": "0",
        "BP_GO_BUILD_FLAGS": "-x",
        "BP_GO_CACHE_VOLUME": str(volume),
        **env,
    }
    made = a_build(root, files=files, env=variables, commands=SystemCommands())
    build(made.context)
    return len(_LINKS.findall(made.said.getvalue()))


def programs(root: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (root / "layers/targets/bin").iterdir()}


@pytest.mark.slow
def test_only_the_programs_of_which_something_changed_are_linked_anew(
    tmp_path: Path, volume: Path
) -> None:
    assert built(tmp_path, volume, APP) == 2
    first = programs(tmp_path)

    assert built(tmp_path, volume, {"README.md": "# More\n"}) == 0
    assert programs(tmp_path) == first

    assert built(tmp_path, volume, {"lib/lib.go": LIBRARY.replace("one", "two")}) == 1
    assert programs(tmp_path)["job"] == first["job"]
    assert b"two" in programs(tmp_path)["web"]
    assert (tmp_path / "layers/targets/bin/job").stat().st_mode & 0o777 == 0o755


@pytest.mark.slow
def test_what_is_kept_is_what_go_links_by_itself(tmp_path: Path, volume: Path) -> None:
    built(tmp_path, volume, APP)
    kept = programs(tmp_path)
    shutil.rmtree(volume / "programs")

    assert built(tmp_path, volume, APP) == 2
    assert programs(tmp_path) == kept


@pytest.mark.slow
def test_a_damaged_program_is_linked_anew(tmp_path: Path, volume: Path) -> None:
    built(tmp_path, volume, APP)
    right = programs(tmp_path)
    for path in (volume / "programs").iterdir():
        content = path.read_bytes()
        path.write_bytes(content[:-100] + bytes(100))

    assert built(tmp_path, volume, APP) == 2
    assert programs(tmp_path) == right


@pytest.mark.slow
def test_a_flag_that_keeps_go_from_building_does_not_ship_the_last_build(
    tmp_path: Path, volume: Path
) -> None:
    built(tmp_path, volume, APP)

    with pytest.raises(UserError, match="go build made no program named web, job"):
        built(tmp_path, volume, APP, BP_GO_BUILD_FLAGS="-n")


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("gcc") is None, reason="there is no C compiler")
def test_a_program_that_a_c_linker_made_is_not_kept(tmp_path: Path, volume: Path) -> None:
    files = {**MOD, "main.go": 'package main\n\nimport "C"\n\nfunc main() {}\n'}

    assert built(tmp_path, volume, files, CGO_ENABLED="1") == 1
    assert built(tmp_path, volume, files, CGO_ENABLED="1") == 1


class TestStore:
    def context(self, root: Path, volume: Path | None) -> BuildContext:
        env = {"BP_GO_CACHE_VOLUME": str(volume)} if volume else {}
        return a_build(root, files={**MOD, "main.go": ALONE}, env=env).context

    def test_without_a_volume_nothing_is_kept_or_put_back(self, tmp_path: Path) -> None:
        context = self.context(tmp_path, None)
        config = read_config(context.facts)
        output = tmp_path / "bin"
        output.mkdir()

        put_back(context, config, ["app"], output)
        keep_programs(context, config, ["app"], output)

        assert [*output.iterdir()] == []

    @pytest.mark.slow
    def test_apps_do_not_get_each_others_programs(self, tmp_path: Path, volume: Path) -> None:
        (tmp_path / "one").mkdir()
        built(tmp_path / "one", volume, APP)
        context = self.context(tmp_path, volume)
        facts = replace(context.facts, app=a_build(tmp_path, files=APP).context.facts.app)
        (tmp_path / "app/go.mod").write_text("module example.com/other\n")
        output = tmp_path / "bin"
        output.mkdir()

        put_back(replace(context, facts=facts), read_config(facts), ["web", "job"], output)

        assert [*output.iterdir()] == []

    def test_those_used_last_stay(self, tmp_path: Path) -> None:
        store = tmp_path / "volume/programs"
        store.mkdir(parents=True)
        for number in range(MOST_PROGRAMS + 3):
            (store / f"{number}.x").touch()
            os.utime(store / f"{number}.x", (number, number))
        context = self.context(tmp_path, tmp_path / "volume")

        keep_programs(context, read_config(context.facts), [], tmp_path)

        left = {path.name for path in store.iterdir()}
        assert left == {f"{number}.x" for number in range(3, MOST_PROGRAMS + 3)}

    def test_what_go_did_not_freshen_goes(self, tmp_path: Path) -> None:
        for name, time in (("kept", 1.0), ("linked", 2.0)):
            (tmp_path / name).touch()
            os.utime(tmp_path / name, (time, time))

        drop_untouched(tmp_path)

        assert [path.name for path in tmp_path.iterdir()] == ["linked"]
