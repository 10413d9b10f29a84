"""Compare hashes with those that the checksum database has."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gobp.golang.sumdb import SumDatabaseError, hash_of, lookup_path, parse_gosumdb
from gobp.modproxy.commands.fetch import Fetching
from gobp.modproxy.commands.mirror_sums import mirror_sums
from gobp.modproxy.commands.outcome import Problem, Progress
from gobp.modproxy.commands.sums_needed import read_lookup
from gobp.modproxy.commands.working import Working
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.routing import Route
from gobp.modproxy.tree.module_tree import ModuleTree

_REMEDY = "find out where it came from: it is not what everybody else was given."
_UNKNOWN = "a module that is not public needs a rule with private: true, or sums.unlisted."


@dataclass(frozen=True, slots=True)
class Notarised:
    """What the database says: which files are not as it has them, or not known to it."""

    doubtful: frozenset[ModuleFile]
    problems: tuple[Problem, ...]


async def notarise(
    working: Working, hashes: Mapping[ModuleFile, str], database: str, progress: Progress
) -> Notarised:
    """Compare the hashes of .zip and .mod files with those of ``database`` (as GOSUMDB).

    It is not asked about private modules, which are never in doubt. Raises UserError for what is
    no database.
    """
    found = parse_gosumdb(database)
    if found is None:
        none = Problem("GOSUMDB", "no checksum database is used", "set sums.database.")
        return Notarised(frozenset(), (none,))
    asked = {file: h1 for file, h1 in hashes.items() if is_notarised(working, file)}
    versions = {(file.module, file.version) for file in asked}
    tree, verifier = working.trees.public, found.verifier
    mirrored = await mirror_sums(Fetching(working.service), tree, verifier, versions, progress)
    unproven = {problem.about for problem in mirrored.problems}
    doubts = dict(_doubts(tree, verifier.name, asked, unproven))
    return Notarised(frozenset(doubts), (*mirrored.problems, *doubts.values()))


def is_notarised(working: Working, file: ModuleFile) -> bool:
    """Say whether the checksum database may be asked about a file."""
    route = working.router.route(file.module, file.version, file.path)
    return isinstance(route, Route) and route.notarised and file.kind is not Kind.INFO


def _doubts(
    tree: ModuleTree, database: str, hashes: Mapping[ModuleFile, str], unproven: set[str]
) -> Iterator[tuple[ModuleFile, Problem]]:
    for file, h1 in hashes.items():
        name = lookup_path(file.module, file.version)
        lookup = read_lookup(tree, database, name) if name not in unproven else None
        if lookup is None:
            yield file, Problem(str(file), f"{database} does not vouch for it", _UNKNOWN)
            continue
        wanted = file.version if file.kind is Kind.ZIP else f"{file.version}/go.mod"
        try:
            right = hash_of(tuple(lookup.record.splitlines()), file.module, wanted)
        except SumDatabaseError as error:
            yield file, Problem(str(file), error.summary, error.remedy)
            continue
        if right != h1:
            reason = f"its hash is {h1}, but {database} has {right}"
            yield file, Problem(str(file), reason, _REMEDY)
