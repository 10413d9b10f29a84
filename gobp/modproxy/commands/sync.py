"""Have all that the build of an app asks for."""

from collections.abc import Sequence
from pathlib import Path

from gobp.modproxy.commands.app_needs import needs_of
from gobp.modproxy.commands.mirror import Mirrored, mirror
from gobp.modproxy.commands.outcome import Progress
from gobp.modproxy.commands.working import working
from gobp.modproxy.protocol.requests import ModuleFile
from gobp.modproxy.settings.schema import Settings


async def sync(
    settings: Settings, apps: Sequence[Path], platforms: Sequence[str], progress: Progress
) -> Mirrored:
    """Fetch what the go.sum files of apps have, and their toolchains for ``platforms``.

    Settings must be complete (go_env.completed). Raises UserError for an app that is none.
    """
    all_needs = [needs_of(app, platforms) for app in apps]
    known: dict[ModuleFile, set[str]] = {}
    for needs in all_needs:
        for file, hashes in needs.files.items():
            known.setdefault(file, set()).update(hashes)
    problems = [problem for needs in all_needs for problem in needs.problems]
    async with working(settings) as worker:
        done = await mirror(worker, known.keys(), settings.sums.database, progress, known)
    return Mirrored(done.there, done.fetched, done.size, done.lookups, (*problems, *done.problems))
