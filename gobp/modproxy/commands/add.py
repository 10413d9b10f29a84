"""Have versions of modules, each by its name or by a query, and what they need."""

import re
from collections.abc import Sequence

from gobp.errors import UserError
from gobp.golang import modfile
from gobp.golang.modfile import ModFile
from gobp.golang.module import ModuleVersion, check_path
from gobp.modproxy.commands.fetch import Fetching, UnfetchedError, each_at_once
from gobp.modproxy.commands.graph import load_graph
from gobp.modproxy.commands.mirror import Mirrored, mirror
from gobp.modproxy.commands.outcome import Problem, Progress
from gobp.modproxy.commands.working import working
from gobp.modproxy.protocol.requests import (
    Kind,
    Latest,
    ModuleFile,
    NotOfTheProtocolError,
    Query,
    VersionList,
    is_canonical,
    parse_request,
    version_folder,
)
from gobp.modproxy.protocol.version_info import BadVersionInfoError, VersionInfo
from gobp.modproxy.protocol.version_list import latest_of, parse_version_list
from gobp.modproxy.settings.schema import Settings

_LATEST = "latest"
_PREFIX = re.compile(r"v[0-9]+(?:\.[0-9]+)?", re.ASCII)


async def add(
    settings: Settings, modules: Sequence[str], progress: Progress, *, with_dependencies: bool
) -> tuple[Mirrored, tuple[ModuleVersion, ...]]:
    """Fetch modules written MODULE@VERSION; return what was done, and which versions were meant.

    The version may be ``latest``, v1 or v1.2 for the highest of those, a branch or a revision.
    With dependencies the tree has all that a build needs that requires the module. Settings must
    be complete (go_env.completed). Raises UserError for what is no module.
    """
    asked = [parse_module(text) for text in modules]
    async with working(settings) as worker:
        fetching = Fetching(worker.service)
        progress.begin("finding versions", len(asked))
        meant, problems = await each_at_once(
            lambda module: resolve(fetching, module), asked, progress
        )
        files = {ModuleFile(each.path, each.version, kind) for each in meant for kind in Kind}
        if with_dependencies:
            progress.begin("reading module graphs", len(meant))
            graphs = _Graphs(fetching)
            needed, unread = await each_at_once(graphs.files, meant, progress)
            files.update(*needed)
            problems += [*unread, *graphs.problems]
        done = await mirror(worker, files, settings.sums.database, progress)
    problems += done.problems
    outcome = Mirrored(done.there, done.fetched, done.size, done.lookups, tuple(problems))
    return outcome, tuple(meant)


def parse_module(text: str) -> ModuleVersion:
    """Return the module and version (or query) in ``MODULE@VERSION``. Raises UserError."""
    path, _, version = text.partition("@")
    check_path(path)
    return ModuleVersion(path, version or _LATEST)


async def resolve(fetching: Fetching, asked: ModuleVersion) -> ModuleVersion:
    """Return the version that a query means (https://go.dev/ref/mod#version-queries).

    Raises UnfetchedError.
    """
    if is_canonical(asked.path, asked.version):
        return asked
    if asked.version == _LATEST:
        return await _named_by(fetching, asked, Latest(asked.path))
    if _PREFIX.fullmatch(asked.version):
        return await _highest(fetching, asked)
    try:
        request = parse_request(f"{version_folder(asked.path)}/{asked.version}.info")
    except NotOfTheProtocolError as error:
        raise UnfetchedError(f"{asked.version!r} is no version: {error}") from None
    except UserError as error:
        raise UnfetchedError(error.summary) from None
    if not isinstance(request, Query):
        raise UnfetchedError(f"{asked.version!r} is no version, branch or revision")
    return await _named_by(fetching, asked, request)


async def _named_by(
    fetching: Fetching, asked: ModuleVersion, request: Latest | Query
) -> ModuleVersion:
    try:
        info = VersionInfo.parse(await fetching.small(request))
    except BadVersionInfoError as error:
        raise UnfetchedError(f"the source answered no .info file: {error}") from None
    return ModuleVersion(asked.path, info.version)


async def _highest(fetching: Fetching, asked: ModuleVersion) -> ModuleVersion:
    """Return the highest version that begins as was asked, releases before others."""
    listed = parse_version_list(asked.path, await fetching.small(VersionList(asked.path)))
    version = latest_of(each for each in listed if each.startswith(f"{asked.version}."))
    if not version:
        raise UnfetchedError(f"{asked.path} has no version {asked.version}.x")
    return ModuleVersion(asked.path, version)


class _Graphs:
    """Finds the files that modules need, and remembers what could not be read."""

    def __init__(self, fetching: Fetching) -> None:
        self._fetching = fetching
        self.problems: list[Problem] = []

    async def files(self, root: ModuleVersion) -> set[ModuleFile]:
        """Return the files of all modules that a module needs."""
        graph = await load_graph(root, self._go_mod)
        mods = {ModuleFile(each.path, each.version, Kind.MOD) for each in graph.loaded}
        whole = {ModuleFile(e.path, e.version, kind) for e in graph.selected for kind in Kind}
        return mods | whole

    async def _go_mod(self, module: ModuleVersion) -> ModFile | None:
        file = ModuleFile(module.path, module.version, Kind.MOD)
        try:
            path = (await self._fetching.file(file)).path
            text = path.read_text(encoding="utf-8", errors="replace")
            return modfile.parse(text, source=str(file))
        except UnfetchedError as error:
            self.problems.append(Problem(str(file), str(error), "see `gobp modules check`."))
        except UserError as error:
            self.problems.append(Problem(str(file), error.summary, "add what it needs by name."))
        return None
