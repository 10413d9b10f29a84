"""What BP_LOG_LEVEL asks for, and that no secret is in what DEBUG adds."""

from pathlib import Path

import pytest

from gobp.buildpack.app.layout import read_layout
from gobp.buildpack.group import Group, Member
from gobp.buildpack.reporting.debug_log import (
    log_decisions,
    log_go,
    log_layer_environment,
    log_of,
    log_variables,
)
from gobp.cnb.env import LayerEnvironment, Modification, Operation
from gobp.system.process import Captured
from tests.fakes.a_build import a_build
from tests.fakes.memory_tree import MemoryTree
from tests.fakes.scripted_commands import ScriptedCommands


@pytest.mark.parametrize(
    ("level", "says_more", "warns"),
    [
        ("", False, False),
        ("INFO", False, False),
        ("info", False, False),
        ("DEBUG", True, False),
        ("debug", True, False),
        (" Debug ", True, False),
        ("TRACE", False, True),
    ],
)
def test_the_level_is_read_in_any_case(level: str, *, says_more: bool, warns: bool) -> None:
    log = log_of({"BP_LOG_LEVEL": level})

    assert log.says_more is says_more
    assert bool(log.warnings) is warns


def test_an_unknown_level_is_named_with_those_that_there_are() -> None:
    assert log_of({"BP_LOG_LEVEL": "TRACE"}).warnings == [
        "BP_LOG_LEVEL is 'TRACE'; the levels are INFO and DEBUG"
    ]


def test_settings_are_shown_and_of_other_variables_the_names(tmp_path: Path) -> None:
    made = a_build(tmp_path, debug=True)
    made.context.log.mask(["hunter2"])
    env = {
        "BP_GO_VERSION": "1.26",
        "BPE_TOKEN": "token of the app",
        "GOOGLE_APPLICATION_CREDENTIALS_JSON": "key",
        "GOPROXY": "https://u:hunter2@proxy.example.com",
        "MY_TOKEN": "mine",
        "PATH": "/bin",
    }

    log_variables(made.context.log, env)

    assert made.said.getvalue() == (
        "  Variables of the build\n"
        "    BPE_TOKEN                           -> ***\n"
        '    BP_GO_VERSION                       -> "1.26"\n'
        "    GOOGLE_APPLICATION_CREDENTIALS_JSON -> ***\n"
        '    GOPROXY                             -> "https://u:***@proxy.example.com"\n'
        "    MY_TOKEN                            -> ***\n"
        '    PATH                                -> "/bin"\n'
        "\n"
    )


def test_the_environment_of_a_layer_is_shown_as_paketo_does(tmp_path: Path) -> None:
    made = a_build(tmp_path, debug=True)
    environment = LayerEnvironment(
        build=(Modification("GOMODCACHE", Operation.OVERRIDE, "/layers/mod-cache"),),
        launch=(
            Modification("PATH", Operation.APPEND, "/layers/x/bin"),
            Modification("DB_PASSWORD", Operation.DEFAULT, "hunter2"),
        ),
    )

    log_layer_environment(made.context.log, "mod-cache", environment)

    assert made.said.getvalue() == (
        "  Configuring build environment (layer mod-cache)\n"
        '    GOMODCACHE -> "/layers/mod-cache"\n'
        "\n"
        "  Configuring launch environment (layer mod-cache)\n"
        '    PATH        -> "/layers/x/bin" (append)\n'
        "    DB_PASSWORD -> *** (default)\n"
        "\n"
    )


def test_who_takes_part_is_a_table(tmp_path: Path) -> None:
    made = a_build(tmp_path, debug=True)
    group = Group((Member("go-dist", ()),), {"git": "the app has no .git folder"})

    log_decisions(made.context.log, group, read_layout(MemoryTree({"go.mod": ""}), {}))

    assert made.said.getvalue().splitlines() == [
        "  Decisions",
        "    go-dist       -> takes part",
        "    git           -> left out: the app has no .git folder",
        "    mode          -> module, in the root of the app",
        "    vendor folder -> absent",
        "",
    ]


def test_go_tells_its_settings_and_what_it_does_not_know_is_left_out(tmp_path: Path) -> None:
    answers = {
        ("go", "version"): Captured(0, "go version go1.22.0 linux/amd64\n", ""),
        ("go", "env", "-changed"): Captured(2, "", "flag provided but not defined: -changed\n"),
    }
    made = a_build(tmp_path, debug=True, commands=ScriptedCommands(answers))

    log_go(made.context, {})

    assert made.said.getvalue() == "  Tools\n    go version go1.22.0 linux/amd64\n"


def test_without_debug_nothing_is_said_and_nothing_runs(tmp_path: Path) -> None:
    commands = ScriptedCommands({})
    made = a_build(tmp_path, commands=commands)
    log = made.context.log

    log_go(made.context, {})
    log_variables(log, {"PATH": "/bin"})
    log_decisions(log, Group((), {}), read_layout(MemoryTree({"go.mod": ""}), {}))
    log_layer_environment(
        log, "x", LayerEnvironment(every=(Modification("A", Operation.SET, "b"),))
    )

    assert made.said.getvalue() == ""
    assert commands.ran == []
