import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.golang import tlog
from gobp.golang.tlog import (
    ProofError,
    Tile,
    Tree,
    node_hash,
    prove_inclusion,
    prove_prefix,
    record_hash,
    tiles_of,
)

MAX_SIZE = 70_000  # more than 256 * 256, so that there are tiles on three levels
LEAVES = [record_hash(b"record %d\n" % number) for number in range(MAX_SIZE)]


def levels_of_full_nodes() -> list[list[bytes]]:
    levels = [LEAVES]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(a, b) for a, b in zip(below[::2], below[1::2], strict=False)])
    return levels


LEVELS = levels_of_full_nodes()


class Log:
    """A log of the first records, with its tiles."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.read: list[str] = []

    def tree(self) -> Tree:
        """Return the tree head, by the recursion over full subtrees of RFC 6962, from the right."""
        root = b""
        start = self.size
        for level, nodes in enumerate(LEVELS):
            if self.size >> level & 1:
                start -= 1 << level
                root = node_hash(nodes[start >> level], root) if root else nodes[start >> level]
        return Tree(self.size, root)

    def read_tile(self, path: str) -> bytes:
        self.read.append(path)
        _, _, level, *numbers = path.split("/")
        width = 256
        if numbers[-2:-1] and numbers[-2].endswith(".p"):
            width = int(numbers.pop())
        number = int("".join(part.strip("x.p") for part in numbers))
        return b"".join(LEVELS[8 * int(level)][number * 256 : number * 256 + width])


sizes = st.one_of(st.integers(1, 600), st.integers(1, MAX_SIZE), st.sampled_from([256, 65536]))


@given(sizes, st.data())
def test_every_record_is_proven_to_be_in_its_tree(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    log = Log(size)

    prove_inclusion(log.tree(), index, LEAVES[index], log.read_tile)

    assert len(set(log.read)) == len(log.read)


@given(sizes, st.data())
def test_no_other_record_is_proven(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    log = Log(size)

    with pytest.raises(ProofError):
        prove_inclusion(log.tree(), index, record_hash(b"forged\n"), log.read_tile)


@given(st.integers(2, MAX_SIZE), st.data())
def test_changed_tiles_prove_nothing(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    log = Log(size)
    changed = data.draw(st.binary(min_size=1, max_size=1).filter(any))[0]

    def read_tile(path: str) -> bytes:
        return bytes(byte ^ changed for byte in log.read_tile(path))

    with pytest.raises(ProofError, match="do not lead from record"):
        prove_inclusion(log.tree(), index, LEAVES[index], read_tile)


@pytest.mark.parametrize("index", [-1, 5, 10**18])
def test_a_record_beyond_the_tree_is_refused_without_a_look(index: int) -> None:
    log = Log(5)

    with pytest.raises(ProofError, match="is not in a tree of 5 records"):
        prove_inclusion(log.tree(), index, LEAVES[0], log.read_tile)

    assert log.read == []


def test_a_tile_of_another_size_is_refused() -> None:
    log = Log(300)

    with pytest.raises(ProofError, match="tile/8/0/000 has 1376 bytes, not 256 hashes"):
        prove_inclusion(log.tree(), 5, LEAVES[5], lambda path: log.read_tile(path)[:1376])


@pytest.mark.parametrize(
    ("tile", "path"),
    [
        (Tile(0, 0, 256), "tile/8/0/000"),
        (Tile(1, 999, 3), "tile/8/1/999.p/3"),
        (Tile(0, 1000, 256), "tile/8/0/x001/000"),
        (Tile(2, 1234067, 255), "tile/8/2/x001/x234/067.p/255"),
    ],
)
def test_a_tile_is_at_a_path_of_at_most_1000_names_a_directory(tile: Tile, path: str) -> None:
    assert tile.path == path


def test_the_tiles_read_are_few() -> None:
    log = Log(MAX_SIZE)

    prove_inclusion(log.tree(), 1, LEAVES[1], log.read_tile)

    assert len(log.read) <= 2 * len(range(0, MAX_SIZE.bit_length(), tlog.TILE_HEIGHT))


@given(sizes, st.data())
def test_the_tiles_of_a_record_are_enough_to_prove_it(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    log = Log(size)

    prove_inclusion(log.tree(), index, LEAVES[index], log.read_tile)

    assert set(log.read) <= {tile.path for tile in tiles_of(size, index)}


def test_the_tiles_of_an_older_tree_are_those_along_its_end() -> None:
    assert {tile.path for tile in tiles_of(70_000, 300)} == {
        "tile/8/0/001",
        "tile/8/0/273.p/112",
        "tile/8/1/000",
        "tile/8/1/001.p/17",
        "tile/8/2/000.p/1",
    }


@given(sizes, st.data())
def test_an_older_tree_is_proven_to_be_the_beginning_of_a_newer_one(
    size: int, data: st.DataObject
) -> None:
    older = Log(data.draw(st.integers(1, size)))
    newer = Log(size)

    prove_prefix(older.tree(), newer.tree(), newer.read_tile)

    assert set(newer.read) <= {tile.path for tile in tiles_of(size, older.size)}


@given(size=sizes, data=st.data(), forged_is_older=st.booleans())
def test_a_tree_of_another_log_is_not_the_beginning(
    *, size: int, data: st.DataObject, forged_is_older: bool
) -> None:
    older, newer = Log(data.draw(st.integers(1, size))).tree(), Log(size).tree()
    if forged_is_older:
        older = Tree(older.size, bytes(32))
    else:
        newer = Tree(newer.size, bytes(32))

    with pytest.raises(ProofError, match="are not of one log"):
        prove_prefix(older, newer, Log(size).read_tile)


@pytest.mark.parametrize("older", [0, 11])
def test_no_tree_begins_with_nothing_or_with_more_than_it_has(older: int) -> None:
    with pytest.raises(ProofError, match="has no part of"):
        prove_prefix(Tree(older, bytes(32)), Log(10).tree(), Log(10).read_tile)


@given(st.integers(0, 63), st.integers(0, 10**20), st.integers(1, 256))
def test_a_tile_is_found_by_its_path(level: int, number: int, width: int) -> None:
    tile = Tile(level, number, width)

    assert Tile.parse(tile.path) == tile
    assert Tile.parse(tile.path.partition(".p")[0]) == tile.whole


@pytest.mark.parametrize(
    "path",
    [
        "tile/8/0/1",
        "tile/8/0/x001",
        "tile/8/0/x000/001",
        "tile/8/0/001.p/256",
        "tile/8/0/001.p/0",
        "tile/8/0/001.p/007",
        "tile/8/00/001",
        "tile/7/0/001",
        "tile/8/data/001",
        "tile/8/0/001/",
        "lookup/example.com/a@v1.0.0",
    ],
)
def test_no_tile_is_at_another_path(path: str) -> None:
    assert Tile.parse(path) is None
