"""What deploy/builds says is what the service understands."""

import re
from pathlib import Path

import click
import pytest
import yaml

from gobp.buildservice.settings.load import load_settings, variables
from gobp.cli.main import cli

DEPLOY = Path(__file__).parents[3] / "deploy/builds"
FILES = sorted(DEPLOY.iterdir())


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_variable_is_one_of_the_service(file: Path) -> None:
    named = set(re.findall(r"\bGOBP_BUILDS_\w+", file.read_text()))

    assert named <= set(variables().values())


def test_the_environment_of_the_compose_file_is_good() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    env = services["server"]["environment"]

    settings = load_settings(None, {**env, "HOME": "/h"}, {})

    assert settings.queue.postgresql
    assert (settings.store.url, settings.store.redirect) == ("s3://builds", False)


def test_the_commands_of_services_are_there() -> None:
    document = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    unit = (DEPLOY / "gobp-builds.service").read_text()
    commands = [
        service["command"] for service in document["services"].values() if "build" in service
    ]
    started = re.findall(r"^ExecStart\w*=(/opt.*)$", unit, re.MULTILINE)
    commands += [line.split()[1:] for line in started]

    assert {command[0] for command in commands} == {"serve", "worker"}
    for command in commands:
        found = cli.get_command(click.Context(cli), command[0])
        assert found is not None
        options = {option for each in found.params for option in each.opts}
        if command[0] == "serve":
            inner = found.commands[command[1]]  # type: ignore[attr-defined] # it is a group
            options = {name for each in inner.params for name in (*each.opts, *each.secondary_opts)}
        assert {word for word in command if word.startswith("--")} <= options
