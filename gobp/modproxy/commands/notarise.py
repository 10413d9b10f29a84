"""Compare hashes with those that the checksum database has."""

from collections.abc import Mapping

from gobp.golang.sumdb import SumDatabaseError, hash_of, lookup_path, parse_gosumdb
from gobp.modproxy.commands.fetch import Fetching
from gobp.modproxy.commands.mirror_sums import mirror_sums
from gobp.modproxy.commands.outcome import Problem, Progress
from gobp.modproxy.commands.sums_needed import read_lookup
from gobp.modproxy.commands.working import Working
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.routing import Route

_REMEDY = "find out where it came from: it is not what everybody else was given."


async def notarise(
    working: Working, hashes: Mapping[ModuleFile, str], database: str, progress: Progress
) -> list[Problem]:
    """Return a problem for each hash that is not the one of ``database`` (as GOSUMDB).

    Modules that it is not asked about, as private ones, have none. Raises UserError for what
    is no database.
    """
    found = parse_gosumdb(database)
    if found is None:
        return [Problem("GOSUMDB", "no checksum database is used", "set sums.database.")]
    tree, name = working.trees.public, found.verifier.name
    asked = [file for file in hashes if is_notarised(working, file)]
    versions = {(file.module, file.version) for file in asked}
    fetching = Fetching(working.service)
    _, problems = await mirror_sums(fetching, tree, found.verifier, versions, progress)
    doubtful = {problem.about for problem in problems}
    for file in asked:
        path = lookup_path(file.module, file.version)
        lookup = read_lookup(tree, name, path)
        if lookup is None or path in doubtful:
            continue
        wanted = file.version if file.kind is Kind.ZIP else f"{file.version}/go.mod"
        try:
            right = hash_of(tuple(lookup.record.splitlines()), file.module, wanted)
        except SumDatabaseError as error:
            problems.append(Problem(str(file), error.summary, error.remedy))
            continue
        if right != hashes[file]:
            reason = f"its hash is {hashes[file]}, but {name} has {right}"
            problems.append(Problem(str(file), reason, _REMEDY))
    return problems


def is_notarised(working: Working, file: ModuleFile) -> bool:
    """Say whether the checksum database may be asked about a file."""
    route = working.router.route(file.module, file.version, file.path)
    return isinstance(route, Route) and route.notarised and file.kind is not Kind.INFO
