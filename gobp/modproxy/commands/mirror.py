"""Have files in the trees, with all that clients need who have no other source."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gobp.golang.dirhash import go_mod_hash
from gobp.golang.sumdb import parse_gosumdb
from gobp.modproxy.commands.fetch import Fetched, Fetching, each_at_once
from gobp.modproxy.commands.mirror_sums import MirroredSums, mirror_sums
from gobp.modproxy.commands.notarise import is_notarised
from gobp.modproxy.commands.outcome import Problem, Progress
from gobp.modproxy.commands.stored import list_what_is_stored
from gobp.modproxy.commands.working import Working
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.tree.module_tree import ModuleTree


@dataclass(frozen=True, slots=True)
class Mirrored:
    """How many files were there and how many, of how many bytes, were fetched.

    ``lookups`` counts the versions that clients can verify by the checksum database's answers.
    """

    there: int
    fetched: int
    size: int
    lookups: int
    problems: tuple[Problem, ...]


async def mirror(
    worker: Working,
    files: Collection[ModuleFile],
    database: str,
    progress: Progress,
    known: Mapping[ModuleFile, Collection[str]] | None = None,
) -> Mirrored:
    """Fetch those files that are not there, and what ``database`` (as GOSUMDB) says of them.

    ``known`` has the hashes that a go.sum has of files; another one is a problem.
    """
    fetching = Fetching(worker.service)
    progress.begin("fetching files", len(files))
    came, problems = await each_at_once(fetching.file, sorted(files, key=str), progress)
    problems += [bad for each in came for bad in _unlike(each, (known or {}).get(each.file, ()))]
    _make_lists(worker, came)
    public = {
        (file.module, file.version)
        for file in (each.file for each in came)
        if is_notarised(worker, file)
    }
    sums = MirroredSums(0)
    found = parse_gosumdb(database)
    if found is not None and public:
        tree = worker.trees.public
        sums = await mirror_sums(fetching, tree, found.verifier, public, progress)
    new = [each for each in came if each.new]
    return Mirrored(
        there=len(came) - len(new),
        fetched=len(new),
        size=sum(each.path.stat().st_size for each in new),
        lookups=sums.versions,
        problems=(*problems, *sums.problems),
    )


def _unlike(fetched: Fetched, known: Collection[str]) -> Iterable[Problem]:
    """Yield a problem where a file has none of the hashes that are known of it."""
    if not known or fetched.file.kind is Kind.INFO:
        return
    if fetched.file.kind is Kind.MOD:
        h1 = go_mod_hash(fetched.path.read_bytes())
    else:
        tree = ModuleTree(_root_of(fetched))
        h1 = tree.pinned_hash(fetched.file.module, fetched.file.version)
    if h1 not in known:
        yield Problem(
            str(fetched.file),
            f"go.sum has {' or '.join(sorted(known))}, but its hash here is {h1}",
            "find out which is right: `gobp modules verify --against-database`, and who changed "
            "go.sum; a private version may have been published anew.",
        )


def _root_of(fetched: Fetched) -> Path:
    """Return the root of the tree that a file is in."""
    return fetched.path.parents[fetched.file.path.count("/")]


def _make_lists(worker: Working, came: Iterable[Fetched]) -> None:
    private = {each.file.module for each in came if _is_in(each, worker.trees.private)}
    public = {each.file.module for each in came if _is_in(each, worker.trees.public)}
    for module in sorted(public):
        list_what_is_stored(worker.trees.public, module)
    for module in sorted(private):
        list_what_is_stored(worker.trees.private, module)


def _is_in(fetched: Fetched, tree: ModuleTree) -> bool:
    return fetched.path == tree.path_of(fetched.file)
