"""Files of checksum databases, as clients and the notary get them."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.golang.tlog import Tile
from gobp.modproxy.protocol.answers import Answer, Keep, Origin
from gobp.modproxy.protocol.requests import SumdbFile, parse_request
from gobp.modproxy.sources.source import NotFoundError, UnavailableError
from gobp.modproxy.sums.database_files import LATEST_SECONDS, DatabaseFiles, is_well_formed
from gobp.modproxy.tree.module_tree import ModuleTree
from tests.modproxy.sums.small_database import NAME, SmallDatabase

LOOKUP = "lookup/example.com/!mod7@v1.0.0"
PART, WHOLE = "tile/8/0/000.p/200", "tile/8/0/000"
DOWN = UnavailableError("no route to host")


class Desk:
    """Files of a database in a tree, at a time that a test chooses."""

    def __init__(self, root: Path) -> None:
        self.tree = ModuleTree(root, durable=False)
        self.tree.prepare()
        self.database = SmallDatabase(300)
        self.later = 0.0
        self.files = DatabaseFiles(
            self.tree,
            self.database,
            frozenset({NAME}),
            is_private=lambda module: module.startswith("corp.example/"),
            clock=self._now,
        )

    def _now(self) -> float:
        return self.stored("latest").stat().st_mtime + self.later

    def stored(self, file: str) -> Path:
        """Return where a file is in the tree."""
        return self.tree.root / "sumdb" / NAME / file

    def answer(self, path: str, *, cached_only: bool = False) -> Answer:
        """Return the answer to a client that asks for a path."""
        request = parse_request(path)
        assert isinstance(request, SumdbFile)
        return asyncio.run(self.files.answer(request, cached_only=cached_only))

    def read(self, file: str) -> tuple[bytes, Origin]:
        """Return a file and where it came from."""
        return asyncio.run(self.files.read(SumdbFile(NAME, file)))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_a_database_that_is_proxied_is_supported_without_asking_it(desk: Desk) -> None:
    answer = desk.answer(f"sumdb/{NAME}/supported")

    assert (answer.status, answer.body) == (200, b"")
    assert desk.database.asked == []


@pytest.mark.parametrize("file", ["supported", "latest", LOOKUP])
def test_another_database_is_not_proxied(desk: Desk, file: str) -> None:
    assert desk.answer(f"sumdb/other.example.com/{file}").status == 404
    assert desk.database.asked == []


@pytest.mark.parametrize("file", ["latest", LOOKUP, WHOLE, PART, "tile/8/1/000.p/1"])
def test_a_file_is_kept_where_the_go_command_looks_for_it(desk: Desk, file: str) -> None:
    answer = desk.answer(f"sumdb/{NAME}/{file}")

    assert answer.body == desk.database.file(file)
    assert answer.origin is Origin.FETCHED
    assert desk.stored(file).read_bytes() == answer.body
    assert desk.answer(f"sumdb/{NAME}/{file}").origin is Origin.TREE
    assert desk.database.asked == [file]


def test_what_never_changes_may_be_kept_for_ever(desk: Desk) -> None:
    assert desk.answer(f"sumdb/{NAME}/{LOOKUP}").keep is Keep.FOR_EVER
    assert desk.answer(f"sumdb/{NAME}/{WHOLE}").keep is Keep.FOR_EVER
    assert desk.answer(f"sumdb/{NAME}/latest").keep is Keep.A_MINUTE


def test_the_name_of_a_private_module_does_not_leave(desk: Desk) -> None:
    answer = desk.answer(f"sumdb/{NAME}/lookup/corp.example/!secret@v1.0.0")

    assert answer.status == 403
    assert b"corp.example/Secret is private" in bytes(answer.body)  # type: ignore[arg-type]
    assert desk.database.asked == []


def test_what_the_database_does_not_have_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFoundError, match="no such module"):
        desk.read("lookup/example.com/none@v1.0.0")


def test_the_latest_tree_head_is_asked_for_each_minute(desk: Desk) -> None:
    desk.read("latest")
    desk.database.size = 301
    desk.later = LATEST_SECONDS - 1
    assert desk.read("latest")[1] is Origin.TREE

    desk.later = LATEST_SECONDS
    assert desk.read("latest") == (desk.database.file("latest"), Origin.FETCHED)


def test_an_old_tree_head_is_better_than_none(desk: Desk) -> None:
    head, _ = desk.read("latest")
    desk.database.trouble[""] = DOWN
    desk.later = 1_000_000

    assert desk.read("latest") == (head, Origin.STALE)


def test_from_the_tree_alone_only_what_it_has_is_given(desk: Desk) -> None:
    desk.read(LOOKUP)
    desk.read("latest")
    desk.later = 1_000_000

    assert desk.answer(f"sumdb/{NAME}/{LOOKUP}", cached_only=True).status == 200
    assert desk.answer(f"sumdb/{NAME}/latest", cached_only=True).status == 200
    with pytest.raises(NotFoundError, match="is not cached"):
        desk.answer(f"sumdb/{NAME}/{WHOLE}", cached_only=True)
    assert len(desk.database.asked) == 2


def test_a_part_of_a_tile_is_cut_from_the_whole_in_the_tree(desk: Desk) -> None:
    whole, _ = desk.read(WHOLE)

    assert desk.read(PART) == (whole[: 200 * 32], Origin.TREE)
    assert desk.database.asked == [WHOLE]


def test_a_part_that_the_database_has_no_more_is_cut_from_the_whole(desk: Desk) -> None:
    desk.database.trouble[PART] = NotFoundError("the tile is whole now")

    content, _ = desk.read(PART)

    assert content == desk.database.file(PART)
    assert desk.stored(WHOLE).exists()
    assert not desk.stored(PART).exists()


def test_a_part_that_is_nowhere_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFoundError, match="no such tile"):
        desk.read("tile/8/0/002.p/3")


@pytest.mark.parametrize(
    ("file", "content"),
    [
        (WHOLE, bytes(8191)),
        (WHOLE, bytes(8193)),
        (PART, bytes(8192)),
        (LOOKUP, b"<html>"),
        (LOOKUP, b"7\nrecord\n"),
        ("latest", b"<html>"),
    ],
)
def test_what_cannot_be_the_file_is_not_kept(desk: Desk, file: str, content: bytes) -> None:
    desk.database.altered[file] = content

    with pytest.raises(UnavailableError, match="is no such file of a database"):
        desk.read(file)

    assert not desk.stored(file).exists()


@pytest.mark.parametrize("file", [WHOLE, PART, LOOKUP])
def test_a_file_that_was_cut_in_the_tree_is_fetched_again(desk: Desk, file: str) -> None:
    content, _ = desk.read(file)
    desk.stored(file).write_bytes(content[:-1])

    assert desk.read(file) == (content, Origin.FETCHED)
    assert desk.stored(file).read_bytes() == content


def test_many_who_ask_at_once_are_one_question(desk: Desk) -> None:
    async def ask() -> list[tuple[bytes, Origin]]:
        request = SumdbFile(NAME, LOOKUP)
        return await asyncio.gather(*(desk.files.read(request) for _ in range(50)))

    assert len(asyncio.run(ask())) == 50
    assert desk.database.asked == [LOOKUP]


def test_who_gives_up_does_not_end_the_question_of_others(desk: Desk) -> None:
    async def ask() -> bytes:
        request = SumdbFile(NAME, LOOKUP)
        first, second = (asyncio.ensure_future(desk.files.read(request)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        return (await second)[0]

    assert asyncio.run(ask()) == desk.database.file(LOOKUP)


def test_what_is_forgotten_is_asked_for_again(desk: Desk) -> None:
    desk.read(LOOKUP)
    desk.files.forget(SumdbFile(NAME, LOOKUP))
    desk.files.forget(SumdbFile(NAME, LOOKUP))

    assert desk.read(LOOKUP)[1] is Origin.FETCHED


@given(st.integers(0, 3), st.integers(0, 10**9), st.integers(1, 256), st.integers(0, 257))
def test_a_tile_has_as_many_hashes_as_it_is_wide(
    level: int, number: int, width: int, hashes: int
) -> None:
    request = SumdbFile(NAME, Tile(level, number, width).path)

    assert is_well_formed(request, bytes(32 * hashes)) is (hashes == width)


@given(st.binary(max_size=200))
def test_any_bytes_are_judged(content: bytes) -> None:
    for file in ("latest", LOOKUP, WHOLE, PART):
        is_well_formed(SumdbFile(NAME, file), content)
