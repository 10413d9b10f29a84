"""What starts with a command: a module too many is seen here, not on a clock."""

import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from gobp.cli.builds import builds
from gobp.cli.lazy import LazyGroup
from gobp.cli.main import cli
from gobp.cli.modules import modules

GROUPS = {"gobp": cli, "gobp builds": builds, "gobp modules": modules}
COMMANDS = [(group, name) for title, group in GROUPS.items() for name in group.places]
START = {"gobp", "gobp.cli", "gobp.cli.lazy", "gobp.cli.main", "gobp.errors", "gobp.platform"}
START |= {"gobp.platform.failure"}
SERVERS = {"gobp.buildservice", "gobp.serving", "gobp.modproxy.server", "gobp.modproxy.settings"}
HEAVY = {"aiohttp", "asyncio", "email", "http", "msgspec", "requests", "ssl", "tomllib", "yaml"}
SCRIPT = "import sys; import {}; print(*sys.modules)"


def imported_by(module: str) -> set[str]:
    """Return the modules that a process has once it has imported one."""
    argv = [sys.executable, "-c", SCRIPT.format(module)]
    done = subprocess.run(argv, check=True, capture_output=True, text=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(("group", "name"), COMMANDS, ids=[name for _, name in COMMANDS])
def test_every_command_is_where_its_group_says(group: LazyGroup, name: str) -> None:
    command = group.get_command(click.Context(group), name)

    assert isinstance(command, click.Command)
    assert command.name == name


@pytest.mark.parametrize("group", GROUPS.values(), ids=list(GROUPS))
def test_the_help_of_a_group_lists_every_command_with_its_own_help(group: LazyGroup) -> None:
    shown = CliRunner().invoke(group, ["--help"])

    listed = dict(line.split(maxsplit=1) for line in commands_of(shown.output))
    assert sorted(listed) == sorted(group.places)
    assert all(listed.values())


def commands_of(text: str) -> list[str]:
    return text.partition("Commands:\n")[2].splitlines()


def test_a_command_that_is_not_there_is_said_to_be_none() -> None:
    shown = CliRunner().invoke(cli, ["bild"])

    assert shown.exit_code == 2
    assert "No such command 'bild'" in shown.output


def test_nothing_of_gobp_but_the_list_of_commands_is_imported_at_the_start() -> None:
    found = imported_by("gobp.cli.main")

    assert {name for name in found if name.partition(".")[0] == "gobp"} == START
    assert not found & HEAVY


def test_a_build_imports_no_server_and_nothing_of_the_network() -> None:
    found = imported_by("gobp.cli.build")

    assert not found & (HEAVY | SERVERS)
