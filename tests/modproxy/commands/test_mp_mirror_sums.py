"""A tree verifies versions without the database, for clients that saw it at any time."""

import asyncio
import itertools
from pathlib import Path

import pytest

from gobp.golang.note import Verifier
from gobp.modproxy.commands.fetch import Fetching
from gobp.modproxy.commands.mirror_sums import MirroredSums, mirror_sums
from gobp.modproxy.commands.outcome import Quiet
from gobp.modproxy.commands.sums_needed import known_heads, needed_sums, read_lookup
from gobp.modproxy.protocol.answers import Answer, failure
from gobp.modproxy.protocol.requests import SumdbFile
from gobp.modproxy.sources.source import SourceError, UnavailableError
from gobp.modproxy.sums.database_files import DatabaseFiles
from gobp.modproxy.sums.proven_log import ProvenLog
from gobp.modproxy.tree.module_tree import ModuleTree
from tests.modproxy.sums.small_database import NAME, SmallDatabase

DOWN = UnavailableError("no network", status=504)


class Service:
    """The part of a module service that answers for databases."""

    def __init__(self, tree: ModuleTree, database: SmallDatabase) -> None:
        self._files = DatabaseFiles(tree, database, frozenset({NAME}))

    async def answer(self, request: SumdbFile) -> Answer:
        try:
            return await self._files.answer(request, cached_only=False)
        except SourceError as error:
            return failure(error.status, error.text)


@pytest.fixture
def tree(tmp_path: Path) -> ModuleTree:
    tree = ModuleTree(tmp_path, durable=False)
    tree.prepare()
    return tree


def mirror(tree: ModuleTree, database: SmallDatabase, *numbers: int) -> MirroredSums:
    versions = {(f"example.com/Mod{number}", "v1.0.0") for number in numbers}
    fetching = Fetching(Service(tree, database))  # type: ignore[arg-type] # the part that is asked
    verifier = Verifier.parse(database.signer.key)
    return asyncio.run(mirror_sums(fetching, tree, verifier, versions, Quiet()))


def prove_offline(tree: ModuleTree, state: Path, *numbers: int) -> tuple[str, ...]:
    """Prove lookups in this order as a client does that remembers in ``state``."""
    key = SmallDatabase(1).signer.key

    async def prove() -> tuple[str, ...]:
        own = DatabaseFiles(ModuleTree(state, durable=False), Mirror(tree), frozenset())
        own.tree.prepare()
        log = ProvenLog(Verifier.parse(key), own)
        lines: tuple[str, ...] = ()
        for number in numbers:
            name = f"lookup/example.com/!mod{number}@v1.0.0"
            lines += await log.lines((tree.root / "sumdb" / NAME / name).read_bytes())
        return lines

    return asyncio.run(prove())


class Mirror:
    """A mirror as a go command reads it: only its files (a SumdbSource)."""

    def __init__(self, tree: ModuleTree) -> None:
        self._tree = tree

    async def read(self, database: str, file: str) -> bytes:
        try:
            return (self._tree.root / "sumdb" / database / file).read_bytes()
        except FileNotFoundError:
            whole = file.partition(".p/")[0]  # as go does: the whole tile may be there by now
            if whole == file or not (self._tree.root / "sumdb" / database / whole).exists():
                raise DOWN from None
            width = int(file.rpartition("/")[2])
            return (self._tree.root / "sumdb" / database / whole).read_bytes()[: width * 32]


def test_what_was_mirrored_is_proven_without_the_database(tree: ModuleTree, tmp_path: Path) -> None:
    done = mirror(tree, SmallDatabase(1000), 7, 300, 999)

    assert done == MirroredSums(3)
    assert len(prove_offline(tree, tmp_path / "client", 999, 7, 300)) == 6
    assert (tree.root / "sumdb" / NAME / "supported").read_bytes() == b""


def test_lookups_of_other_days_are_proven_in_any_order(tree: ModuleTree, tmp_path: Path) -> None:
    for size, number in ((300, 7), (517, 400), (1000, 800)):
        assert mirror(tree, SmallDatabase(size), number).problems == ()

    for order in itertools.permutations((7, 400, 800)):
        client = tmp_path / f"client{order}"
        assert len(prove_offline(tree, client, *order)) == 6


def test_a_client_that_saw_the_mirror_before_believes_it_after(
    tree: ModuleTree, tmp_path: Path
) -> None:
    mirror(tree, SmallDatabase(300), 7)
    prove_offline(tree, tmp_path / "client", 7)
    for size in (301, 512, 700):
        mirror(tree, SmallDatabase(size), size - 1)

    assert len(prove_offline(tree, tmp_path / "client", 699, 7)) == 4
    assert known_heads(tree, NAME) == (300, 301, 512, 700)


def test_what_is_needed_of_a_database_is_enough_elsewhere(tree: ModuleTree, tmp_path: Path) -> None:
    mirror(tree, SmallDatabase(300), 7)
    mirror(tree, SmallDatabase(1000), 800, 900)

    elsewhere = ModuleTree(tmp_path / "elsewhere", durable=False)
    elsewhere.prepare()
    versions = {("example.com/Mod7", "v1.0.0"), ("example.com/Mod800", "v1.0.0")}
    for file, path in needed_sums(tree, versions):
        elsewhere.replace(elsewhere.root / file.path, path.read_bytes())

    assert len(prove_offline(elsewhere, tmp_path / "client", 7, 800)) == 4
    assert not (elsewhere.root / "sumdb" / NAME / "lookup/example.com/!mod900@v1.0.0").exists()


def test_what_came_in_two_archives_is_proven_in_any_order(tree: ModuleTree, tmp_path: Path) -> None:
    elsewhere = ModuleTree(tmp_path / "elsewhere", durable=False)
    elsewhere.prepare()
    for size, number in ((300, 7), (1000, 800)):
        mirror(tree, SmallDatabase(size), number)
        for file, path in needed_sums(tree, {(f"example.com/Mod{number}", "v1.0.0")}):
            elsewhere.replace(elsewhere.root / file.path, path.read_bytes())

    for order in itertools.permutations((7, 800)):
        assert len(prove_offline(elsewhere, tmp_path / f"client{order}", *order)) == 4


def test_a_record_that_is_not_in_the_log_is_a_problem_and_stays_as_it_was(
    tree: ModuleTree, tmp_path: Path
) -> None:
    database = SmallDatabase(300)
    name = "lookup/example.com/!mod8@v1.0.0"
    database.altered[name] = database.file(name).replace(b"Mod8 v1.0.0 h1:", b"Mod8 v1.0.0 h1:x")

    done = mirror(tree, database, 7, 8)

    assert done.versions == 1
    assert [problem.about for problem in done.problems] == [name]
    assert len(prove_offline(tree, tmp_path / "client", 7)) == 2


def test_a_tree_that_somebody_else_signed_is_not_the_newest(
    tree: ModuleTree, tmp_path: Path
) -> None:
    database = SmallDatabase(300)
    name = "lookup/example.com/!mod8@v1.0.0"
    other = SmallDatabase(5000, name="other.example.com")
    database.altered[name] = f"8\n{database.record(8)}\n{other.head(5000)}".encode()

    done = mirror(tree, database, 7, 8)

    assert done.versions == 2, "the record itself is in the log of the newest tree"
    lookup = read_lookup(tree, NAME, name)
    assert lookup is not None
    assert lookup.size == 300
    assert len(prove_offline(tree, tmp_path / "client", 8, 7)) == 4


def test_without_the_database_what_is_there_is_still_good(tree: ModuleTree, tmp_path: Path) -> None:
    mirror(tree, SmallDatabase(300), 7)
    down = SmallDatabase(300)
    down.trouble[""] = DOWN

    done = mirror(tree, down, 7, 8)

    assert done.versions == 1
    assert "no network" in done.problems[0].reason
    assert len(prove_offline(tree, tmp_path / "client", 7)) == 2
