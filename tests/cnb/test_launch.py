from pathlib import Path

import pytest
from hypothesis import given

from gobp.cnb import toml
from gobp.cnb.launch import Label, Launch, Process, Slice
from gobp.errors import UserError
from tests.strategies_cnb import launches

GOLDEN = Path(__file__).parents[1] / "golden"

LAUNCH = Launch(
    processes=(
        Process(
            "web",
            ("/layers/gobp_go/targets/bin/server", "--verbose"),
            ("--port", "8080"),
            default=True,
            working_directory="/workspace/site",
        ),
        Process("migrate", ('echo "$HOME" && exec migrate',), direct=False),
    ),
    labels=(Label("org.opencontainers.image.title", 'The "best"\nserver'),),
    slices=(Slice(("static/*", "templates")),),
)


@pytest.mark.parametrize("api", ["0.10", "0.8", "0.7"])
def test_launch_toml_is_what_the_buildpack_api_has(api: str) -> None:
    text = toml.dumps(LAUNCH.to_toml(api))

    assert text == (GOLDEN / f"cnb_launch_{api}.toml").read_text()


@given(launches)
def test_every_launch_survives_its_file(launch: Launch) -> None:
    document = toml.loads(toml.dumps(launch.to_toml("0.10")), source="launch.toml")

    assert Launch.from_toml(document, api="0.10", source="launch.toml") == launch


def test_a_shell_process_survives_the_file_of_an_old_api() -> None:
    launch = Launch((Process("web", ("echo $HOME",), ("a",), direct=False),))

    document = launch.to_toml("0.8")

    read = toml.loads(toml.dumps(document), source="launch.toml")
    assert Launch.from_toml(read, api="0.8", source="launch.toml") == launch


def test_an_old_api_gets_the_rest_of_the_command_before_the_args() -> None:
    process = Process("web", ("server", "--verbose"), ("--port", "8080"))

    assert process.to_toml("0.8") == {
        "type": "web",
        "command": "server",
        "args": ("--verbose", "--port", "8080"),
        "direct": True,
    }


def test_an_old_process_that_says_nothing_of_direct_is_a_line_of_shell() -> None:
    document: dict[str, object] = {"processes": [{"type": "web", "command": "run me"}]}

    launch = Launch.from_toml(document, api="0.8", source="launch.toml")

    assert launch.processes == (Process("web", ("run me",), direct=False),)


def test_the_key_direct_is_refused_where_every_process_is_direct() -> None:
    document: dict[str, object] = {
        "processes": [{"type": "web", "command": ["run"], "direct": True}]
    }

    with pytest.raises(UserError, match=r"the key direct, which Buildpack API 0\.9 has not"):
        Launch.from_toml(document, api="0.9", source="launch.toml")


def test_a_command_of_the_other_form_is_refused() -> None:
    with pytest.raises(UserError, match=r"command in launch\.toml is not an array of strings"):
        Launch.from_toml(
            {"processes": [{"type": "web", "command": "run"}]}, api="0.9", source="launch.toml"
        )
    with pytest.raises(UserError, match=r"command in launch\.toml is not a string"):
        Launch.from_toml(
            {"processes": [{"type": "web", "command": ["run"]}]}, api="0.8", source="launch.toml"
        )


def test_an_empty_launch_is_an_empty_file() -> None:
    assert toml.dumps(Launch().to_toml("0.10")) == ""


@pytest.mark.parametrize("process_type", ["", "a b", "a/b", "..", ".", "ä", "web\n", "a:b"])
def test_a_type_that_cannot_name_a_link_is_refused(process_type: str) -> None:
    with pytest.raises(UserError, match="cannot be the type of a process"):
        Process(process_type, ("run",))


@pytest.mark.parametrize("command", [(), ("",)])
def test_a_process_needs_a_command(command: tuple[str, ...]) -> None:
    with pytest.raises(UserError, match="the process web has no command"):
        Process("web", command)


def test_a_shell_process_has_one_line() -> None:
    with pytest.raises(ValueError, match="several parts"):
        Process("web", ("echo", "a"), direct=False)


def test_two_processes_of_one_type_are_refused_with_both_commands() -> None:
    with pytest.raises(UserError, match="two processes of the type web") as caught:
        Launch((Process("web", ("one", "-a")), Process("web", ("two",))))

    assert caught.value.detail == "one -a\ntwo"


def test_even_the_same_process_twice_is_refused() -> None:
    process = Process("web", ("one",))

    with pytest.raises(UserError, match="two processes of the type web"):
        Launch((process, process))


def test_two_defaults_are_refused() -> None:
    processes = (Process("a", ("x",), default=True), Process("b", ("x",), default=True))

    with pytest.raises(UserError, match="to be the default: a, b"):
        Launch(processes)


def test_a_label_needs_a_key_of_its_own() -> None:
    with pytest.raises(UserError, match="has no key"):
        Label("", "value")
    with pytest.raises(UserError, match="the image label a has two values"):
        Launch(labels=(Label("a", "1"), Label("a", "2")))


def test_a_foreign_file_may_repeat_itself_and_the_later_counts() -> None:
    document: dict[str, object] = {
        "processes": [{"type": "web", "command": ["one"]}, {"type": "web", "command": ["two"]}],
        "labels": [{"key": "a", "value": "1"}, {"key": "a", "value": "2"}],
    }

    launch = Launch.from_toml(document, api="0.10", source="launch.toml")

    assert launch == Launch((Process("web", ("two",)),), (Label("a", "2"),))


def test_even_a_foreign_file_has_one_default() -> None:
    process = {"type": "web", "command": ["one"], "default": True}

    with pytest.raises(UserError, match="several processes are to be the default"):
        Launch.from_toml({"processes": [process, process]}, api="0.10", source="launch.toml")
