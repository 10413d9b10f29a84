"""The directives that Heroku's users have in go.mod."""

import pytest

from gobp.buildpack.app.heroku import Directives, read_directives
from gobp.buildpack.component import DetectContext, Pass
from gobp.buildpack.go_build.config import read_config
from gobp.buildpack.go_dist.candidates import version_candidates
from gobp.buildpack.go_mod_vendor.detect import detect
from gobp.cnb.buildpack_plan import Entry
from gobp.errors import UserError
from tests.fakes.memory_tree import MemoryTree

GO_MOD = """module example.com/app

// +heroku goVersion go1.26
// +heroku install ./cmd/... ./tools/job
go 1.24
"""
APP = {
    "go.mod": GO_MOD,
    "main.go": "package main\n",
    "cmd/web/main.go": "package main\n",
    "tools/job/main.go": "package main\n",
}


def context(**env: str) -> DetectContext:
    return DetectContext(MemoryTree(APP), env)


def test_both_directives_are_read() -> None:
    expected = Directives("go1.26", ("./cmd/...", "./tools/job"))

    assert read_directives(MemoryTree(APP), "") == expected


@pytest.mark.parametrize(
    "line",
    [
        "//+heroku goVersion go1.25",
        "//\t+heroku  goVersion\tgo1.25 ",
        "// +heroku goVersion go1.24\n// +heroku goVersion go1.25",
    ],
)
def test_space_is_free_and_the_last_directive_counts(line: str) -> None:
    app = MemoryTree({"go.mod": f"module a\n{line}\n"})

    assert read_directives(app, "").go_version == "go1.25"


@pytest.mark.parametrize(
    "text", ["", "// heroku goVersion go1.25\n", 'replace a => "// +heroku goVersion x"\n']
)
def test_what_is_no_directive_is_none(text: str) -> None:
    assert read_directives(MemoryTree({"go.mod": text}), "") == Directives()


def test_an_app_without_go_mod_has_none() -> None:
    assert read_directives(MemoryTree({}), "") == Directives()


def test_the_version_comes_before_the_lines_of_go_mod_and_after_the_variable() -> None:
    result = detect(context())

    assert isinstance(result, Pass)
    entries = [Entry(require.name, require.metadata) for require in result.plan.requires]
    entries.append(Entry("go", {"version-source": "BP_GO_VERSION", "version": "1.27"}))
    sources = [candidate.source for candidate in version_candidates(entries, "*")]
    assert sources == ["BP_GO_VERSION", "+heroku goVersion", "go.mod", "default"]


def test_the_targets_are_those_of_the_directive() -> None:
    config = read_config(context())

    assert config.targets == ("./cmd/...", "./tools/job")
    assert config.targets_because == "named in the directive +heroku install"


def test_the_variable_wins_over_the_directive() -> None:
    assert read_config(context(BP_GO_TARGETS=".")).targets == (".",)


def test_a_folder_that_is_not_there_is_an_error_that_names_the_directive() -> None:
    app = MemoryTree({"go.mod": "// +heroku install ./nope\n", "main.go": "package main\n"})

    with pytest.raises(UserError, match=r"\+heroku install names './nope', which does not exist"):
        read_config(DetectContext(app, {}))
