"""What every index owes, whichever database it is in."""

import dataclasses
import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as with_settings
from hypothesis import strategies as st

from gobp.modproxy.index.files_in_trees import files_in_tree
from gobp.modproxy.index.index import Entry, Order, Published, Use
from gobp.modproxy.index.sql_index import MOST_ASKERS, SqlIndex
from gobp.modproxy.protocol.answers import Origin
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.tree.trees import Trees
from tests.modproxy.index.module_files import everybody, published, put

pytestmark = pytest.mark.slow

M = "example.com/m"


@pytest.fixture
def trees(root: Path) -> Trees:
    return Trees.below(root)


def use(version: str = "v1.0.0", who: str = "ann", *, count: int = 1, when: float = 5000.0) -> Use:
    return Use(M, version, who, Origin.TREE, count, when)


def names(entries: list[Entry]) -> list[str]:
    return [f"{entry.module}@{entry.version}" for entry in entries]


def test_an_index_is_made_from_all_trees(index: SqlIndex, trees: Trees) -> None:
    put(trees.public, "github.com/!burnt!sushi/toml/@v/v1.0.0.mod", b"module", when=300)
    put(trees.public, "github.com/!burnt!sushi/toml/@v/v1.0.0.zip", b"a zip", when=400)
    put(trees.public, "github.com/!burnt!sushi/toml/@v/v1.0.0.ziphash", b"h1:abc=")
    put(trees.private, "corp.example/a/@v/v2.0.0+incompatible.info", b"{}", when=100)
    put(trees.published, "corp.example/b/@v/v0.0.0-20200101000000-abcdefabcdef.mod", when=200)

    index.prepare()

    first, second, third = index.versions()
    assert (first.module, first.version) == ("corp.example/a", "v2.0.0+incompatible")
    assert (second.module, second.private) == ("corp.example/b", True)
    assert third == dataclasses.replace(
        third,
        module="github.com/BurntSushi/toml",
        private=False,
        published=300.0,
        sizes={Kind.MOD: 6, Kind.ZIP: 5},
        h1="h1:abc=",
    )


def test_a_version_with_nothing_but_a_zip_is_in_it(index: SqlIndex, trees: Trees) -> None:
    put(trees.public, "golang.org/toolchain/@v/v0.0.1-go1.26.7.linux-amd64.zip")
    index.prepare()
    assert [known.version for known in index.versions()] == ["v0.0.1-go1.26.7.linux-amd64"]


@pytest.mark.parametrize(
    "path",
    [
        "example.com/m/@v/list",
        "example.com/m/@v/v1.0.0.lock",
        "example.com/m/@v/v1.mod",
        "example.com/m/@v/V1.0.0.mod",
        "example.com/m/@v/v2.0.0.mod",
        "example.com/M/@v/v1.0.0.mod",
        "nodot/@v/v1.0.0.mod",
        "sumdb/sum.golang.org/lookup/@v/v1.0.0.mod",
        ".gobp/remembered/example.com/m/@v/v1.0.0.info",
    ],
)
def test_what_is_no_file_of_a_version_is_not_in_it(
    index: SqlIndex, trees: Trees, path: str
) -> None:
    put(trees.public, path)
    index.prepare()
    assert index.totals().versions == 0


def test_an_index_that_was_made_is_not_made_again(index: SqlIndex, trees: Trees) -> None:
    index.prepare()
    put(trees.public, "example.com/m/@v/v1.0.0.mod")
    index.prepare()
    assert index.totals().versions == 0


def test_a_version_keeps_the_time_at_which_its_first_file_came(index: SqlIndex) -> None:
    index.published([published(M, when=50)])
    index.published([published(M, kind=Kind.ZIP, size=7, when=90, h1="h1:z=")])
    (known,) = index.module(M)
    assert (known.published, known.sizes, known.h1) == (50, {Kind.MOD: 100, Kind.ZIP: 7}, "h1:z=")


def test_what_comes_later_is_listed_later_whatever_its_time(index: SqlIndex) -> None:
    index.published([published(M, "v1.0.0", when=2000)])
    last = index.feed(0, 10, everybody)[-1].listed
    index.published([published(M, "v1.1.0", when=10)])
    assert names(index.feed(last + 1, 10, everybody)) == [f"{M}@v1.1.0"]


def test_a_file_of_a_listed_version_does_not_list_it_again(index: SqlIndex) -> None:
    index.published([published(M)])
    before = index.feed(0, 10, everybody)
    index.published([published(M, kind=Kind.ZIP, when=9000)])
    assert index.feed(0, 10, everybody) == before


_versions = st.builds(
    lambda module, minor, kind, when: published(
        f"example.com/{module}", f"v1.{minor}.0", kind, when=when
    ),
    st.sampled_from("abc"),
    st.integers(0, 8),
    st.sampled_from(Kind),
    st.sampled_from([0.0, 1000.0, 1000.000001, 2000.0]),
)
_batches = st.lists(st.lists(_versions, max_size=12), max_size=4)


@given(batches=_batches, limit=st.integers(2, 5), shown=st.sampled_from(["abc", "ac", "b", ""]))
@with_settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
def test_reading_on_from_the_last_entry_gives_every_version_once(
    index: SqlIndex, batches: list[list[Published]], limit: int, shown: str
) -> None:
    known = list(index.versions())
    index.remove([ModuleFile(each.module, each.version, kind) for each in known for kind in Kind])
    for batch in batches:
        index.published(batch)
    visible = {f"example.com/{letter}" for letter in shown}

    pages = [index.feed(0, limit, visible.__contains__)]
    while len(pages[-1]) == limit:
        pages.append(index.feed(pages[-1][-1].listed, limit, visible.__contains__))
        assert pages[-1][0] == pages[-2][-1]  # since is inclusive
    read = [pages[0][:1], *(page[1:] for page in pages)]

    entries = list(itertools.chain(*read))
    files = {each.file for batch in batches for each in batch if each.file.module in visible}
    assert sorted(names(entries)) == sorted({f"{file.module}@{file.version}" for file in files})
    assert all(a.listed < b.listed for a, b in itertools.pairwise(entries))
    assert entries == _whole_catalog(index, limit, visible)


def _whole_catalog(index: SqlIndex, limit: int, visible: set[str]) -> list[Entry]:
    entries: list[Entry] = []
    while page := index.catalog(entries[-1].number if entries else 0, limit, visible.__contains__):
        entries += page
    return entries


def test_the_recent_ones_come_newest_first(index: SqlIndex) -> None:
    index.published([published(M, f"v1.{minor}.0", when=minor) for minor in range(5)])
    assert names(index.recent(2, everybody)) == [f"{M}@v1.4.0", f"{M}@v1.3.0"]


def test_use_is_counted_and_who_asked_is_told(index: SqlIndex) -> None:
    index.published([published(M)])
    index.used([use(who="ann", count=2, when=5000), use(who="bob", when=6000.5)])
    index.used([use(who="ann", count=3, when=5500)])

    (known,) = index.module(M)

    assert (known.uses, known.last_used) == (6, 6000.5)
    assert [(a.who, a.uses, a.last_used) for a in known.askers] == [
        ("bob", 1, 6000.5),
        ("ann", 5, 5500),
    ]


def test_only_the_last_who_asked_are_known(index: SqlIndex) -> None:
    index.published([published(M)])
    index.used([use(who=f"user{number}", when=number) for number in range(MOST_ASKERS * 3)])
    index.used([use(who="late", when=1e6)])
    (known,) = index.module(M)
    assert len(known.askers) == MOST_ASKERS
    assert [asker.who for asker in known.askers[:2]] == ["late", f"user{MOST_ASKERS * 3 - 1}"]


def test_answers_are_counted_by_where_they_came_from(index: SqlIndex) -> None:
    index.published([published(M)])
    uses = [use(), dataclasses.replace(use(), origin=Origin.FETCHED, count=4)]
    index.used([*uses, use("v9.9.9")])
    answers = index.totals().answers
    assert (answers[Origin.TREE], answers[Origin.FETCHED], answers[Origin.STALE]) == (2, 4, 0)
    assert [known.version for known in index.module(M)] == ["v1.0.0"]


def test_the_last_use_is_that_of_publishing_until_there_is_another(index: SqlIndex) -> None:
    index.published([published(M, when=50)])
    assert (index.last_used(M, "v1.0.0"), index.last_used(M, "v2.0.0")) == (50, 0)
    index.used([use(when=70)])
    assert index.last_used(M, "v1.0.0") == 70


def test_a_removed_file_is_forgotten_and_with_the_last_one_the_version(index: SqlIndex) -> None:
    index.published([published(M), published(M, kind=Kind.ZIP), published(M, "v1.1.0")])
    index.used([use()])
    index.remove([ModuleFile(M, "v1.0.0", Kind.ZIP)])
    assert [set(known.sizes) for known in index.module(M)] == [{Kind.MOD}, {Kind.MOD}]
    index.remove([ModuleFile(M, "v1.0.0", kind) for kind in Kind])
    assert [known.version for known in index.module(M)] == ["v1.1.0"]


def test_a_version_that_comes_back_is_listed_anew(index: SqlIndex) -> None:
    index.published([published(M), published(M, "v1.1.0")])
    index.remove([ModuleFile(M, "v1.0.0", Kind.MOD)])
    index.published([published(M, when=1)])
    assert names(index.feed(0, 9, everybody)) == [f"{M}@v1.1.0", f"{M}@v1.0.0"]
    assert index.module(M)[1].uses == 0


def test_a_rebuild_forgets_what_is_gone_and_keeps_what_is_known_of_use(
    index: SqlIndex, trees: Trees
) -> None:
    put(trees.public, "example.com/m/@v/v1.0.0.mod")
    zip_file = put(trees.public, "example.com/m/@v/v1.0.0.zip")
    gone = put(trees.public, "example.com/gone/@v/v1.0.0.mod")
    index.prepare()
    index.used([use(count=3)])
    before = index.feed(0, 9, everybody)
    zip_file.unlink()
    gone.unlink()
    put(trees.public, "example.com/new/@v/v1.0.0.mod", when=1)

    index.rebuild(trees, forget=True)

    assert [(known.module, known.uses, set(known.sizes)) for known in index.versions()] == [
        (M, 3, {Kind.MOD}),
        ("example.com/new", 0, {Kind.MOD}),
    ]
    assert index.feed(0, 9, everybody)[0] in before


def test_a_rebuild_of_a_shared_index_forgets_nothing(index: SqlIndex, trees: Trees) -> None:
    index.published([published("example.com/of-another-node")])
    put(trees.public, "example.com/m/@v/v1.0.0.mod")
    index.rebuild(trees, forget=False)
    assert index.totals().modules == 2


def test_what_is_published_during_a_rebuild_is_not_forgotten(index: SqlIndex, trees: Trees) -> None:
    index.published([published(M, when=4e9)])
    index.rebuild(trees, forget=True)
    assert index.totals().versions == 1


def test_a_file_of_the_future_is_as_old_as_the_index(root: Path, trees: Trees) -> None:
    put(trees.public, "example.com/m/@v/v1.0.0.mod", when=4e9)
    (found,) = files_in_tree(trees.public, 2e9, private=False)
    assert found.when == 2e9


def test_interrupted_writing_leaves_the_index_as_it_was(index: SqlIndex) -> None:
    index.published([published(M)])
    before = list(index.versions())

    def files() -> Iterator[Published]:
        yield published("example.com/new")
        raise InterruptedError

    with pytest.raises(InterruptedError):
        index.published(files())

    assert list(index.versions()) == before
    index.published([published("example.com/new")])  # and the next one is not in its way
    assert index.totals().modules == 2


def searched(index: SqlIndex, text: str, order: Order = Order.NAME) -> list[str]:
    found = index.search(text, everybody, order=order, start=0, limit=100)
    assert found.total == len(found.modules)
    return [module.path.removeprefix("example.com/") for module in found.modules]


def test_a_search_finds_parts_of_paths_in_any_case(index: SqlIndex) -> None:
    index.published([published("github.com/BurntSushi/toml"), published(M)])
    assert searched(index, "burntSUSHI/") == ["github.com/BurntSushi/toml"]
    assert searched(index, "") == ["m", "github.com/BurntSushi/toml"]


@pytest.mark.parametrize("text", ["%", "_", "!", "a_c", "'; DROP TABLE gobp_versions; --", "\\"])
def test_a_search_takes_every_character_for_itself(index: SqlIndex, text: str) -> None:
    index.published([published("example.com/abc")])
    assert searched(index, text) == []


def test_a_search_is_sorted_by_name_size_or_use(index: SqlIndex) -> None:
    index.published(
        [
            published(f"example.com/{name}", size=size)
            for name, size in zip("abc", (5, 9, 7), strict=True)
        ]
    )
    index.used([Use("example.com/c", "v1.0.0", "ann", Origin.TREE, 1, 9000.0)])
    assert searched(index, "", Order.NAME) == ["a", "b", "c"]
    assert searched(index, "", Order.SIZE) == ["b", "c", "a"]
    assert searched(index, "", Order.USED) == ["c", "a", "b"]


def test_a_search_sums_the_versions_of_a_module(index: SqlIndex) -> None:
    index.published([published(M, size=5), published(M, kind=Kind.ZIP, size=10)])
    index.published([published(M, "v1.1.0", size=1, private=True)])
    index.used([use(count=2, when=5000)])
    (module,) = index.search("", everybody, order=Order.NAME, start=0, limit=9).modules
    assert (module.versions, module.size, module.uses) == (2, 16, 2)
    assert (module.last_used, module.private) == (5000, True)


def test_a_search_counts_what_the_reader_may_know_of(index: SqlIndex) -> None:
    index.published([published(f"example.com/m{number}") for number in range(10)])
    odd = {f"example.com/m{number}" for number in range(1, 10, 2)}
    found = index.search("m", odd.__contains__, order=Order.NAME, start=2, limit=2)
    assert [module.path[-1] for module in found.modules] == ["5", "7"]
    assert found.total == 5


def test_versions_of_a_module_are_sorted_by_precedence(index: SqlIndex) -> None:
    versions = ["v1.9.0", "v1.10.0", "v1.10.0-rc.1", "v0.0.0-20200101000000-abcdefabcdef"]
    index.published([published(M, version) for version in versions])
    assert [known.version for known in index.module(M)] == [
        "v1.10.0",
        "v1.10.0-rc.1",
        "v1.9.0",
        "v0.0.0-20200101000000-abcdefabcdef",
    ]


def test_all_versions_are_given_however_many(index: SqlIndex) -> None:
    index.published(published(M, f"v1.{minor}.0") for minor in range(2500))
    assert len({known.version for known in index.versions()}) == 2500
    assert index.totals().size == 250_000


def test_an_index_can_be_used_again_after_it_was_closed(index: SqlIndex) -> None:
    index.published([published(M)])
    index.close()
    assert index.totals().versions == 1
