"""Groups of commands that are imported when they are asked for.

A command starts in the time that it takes to import what it needs, and not what all others need.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import cast

import click


class LazyGroup(click.Group):
    """A group that knows where its commands are: ``{"gc": "gobp.cli.builds_care:gc"}``."""

    places: Mapping[str, str] = {}  # replaced as a whole, never changed

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 # click's signature
        """Return the names of the commands, sorted."""
        return sorted(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import a command; None where there is none of this name."""
        if cmd_name not in self.places:
            return None
        module, _, name = self.places[cmd_name].partition(":")
        return cast("click.Command", getattr(import_module(module), name))
