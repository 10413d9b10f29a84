"""The processes of live reload, named as Paketo names them, and who watches in them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from gobp.cnb.launch import Process

HELPER = "reload"
_PREFIX = "reload-"


@dataclass(frozen=True, slots=True)
class Reloader:
    """Where everything is that live reload takes; ``watchexec`` is "" where there is none."""

    helper: str
    app: str
    recipe: str
    cache: str
    watchexec: str = ""


def watcher_argv(reloader: Reloader) -> tuple[str, ...]:
    """Return the command that a program is put after.

    The helper watches by itself. Under watchexec it only rebuilds, and then becomes the program.
    """
    options = ("-app", reloader.app, "-recipe", reloader.recipe, "-cache", reloader.cache)
    if not reloader.watchexec:
        return (reloader.helper, *options)
    watch = ("--restart", "--watch", reloader.app, "--shell", "none", "--")
    return (reloader.watchexec, *watch, reloader.helper, "-once", *options)


def reload_processes(built: Sequence[Process], watcher: Sequence[str]) -> tuple[Process, ...]:
    """Return ``reload-<type>`` for each process of the build, the first one being the default."""
    return tuple(
        replace(
            process,
            type=f"{_PREFIX}{process.type}",
            command=(*watcher, *process.command),
            default=position == 0,
        )
        for position, process in enumerate(built)
    )
