"""The notary, with databases that are signed as real ones are."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from gobp.errors import UserError
from gobp.modproxy.protocol.requests import Kind
from gobp.modproxy.sources.source import (
    NotFoundError,
    RefusedError,
    UnavailableError,
)
from gobp.modproxy.sums.database_files import DatabaseFiles
from gobp.modproxy.sums.notary import SumdbNotary
from gobp.modproxy.tree.module_tree import ModuleTree
from tests.golang.conftest import DATA
from tests.modproxy.sums.small_database import NAME, Signer, SmallDatabase, h1

MODULE, VERSION = "example.com/Mod7", "v1.0.0"
LOOKUP = "lookup/example.com/!mod7@v1.0.0"
DOWN = UnavailableError("no route to host", status=504)


class Office:
    """A notary over a tree, and the database that it asks."""

    def __init__(self, root: Path, size: int = 300) -> None:
        self.tree = ModuleTree(root, durable=False)
        self.tree.prepare()
        self.database = SmallDatabase(size)

    def notary(self, unlisted: str = "") -> SumdbNotary:
        """Return a new notary, as of a process that was just started."""
        files = DatabaseFiles(self.tree, self.database, frozenset())
        return SumdbNotary(self.database.signer.key, files, unlisted)

    def check(
        self, number: int = 7, kind: Kind = Kind.ZIP, hash_: str = "", unlisted: str = ""
    ) -> None:
        """Check a module, by default with its right hash."""
        right = h1(f"{kind} {number}")
        module = f"example.com/Mod{number}"
        asyncio.run(self.notary(unlisted).check(module, VERSION, kind, hash_ or right))

    def stored(self, file: str) -> Path:
        """Return where a file of the database is in the tree."""
        return self.tree.root / "sumdb" / NAME / file

    def remembered(self) -> str:
        """Return the tree head that is remembered."""
        return (self.tree.root / ".gobp/sumdb" / NAME / "latest").read_text()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


@pytest.mark.parametrize("kind", [Kind.ZIP, Kind.MOD])
def test_a_right_hash_is_believed(office: Office, kind: Kind) -> None:
    office.check(kind=kind)


@pytest.mark.parametrize("kind", [Kind.ZIP, Kind.MOD])
def test_a_wrong_hash_is_a_security_error_that_names_both(office: Office, kind: Kind) -> None:
    with pytest.raises(UnavailableError) as caught:
        office.check(kind=kind, hash_=h1("forged"))

    error = caught.value
    assert error.status == 502
    for part in ("SECURITY ERROR", h1("forged"), h1(f"{kind} 7"), MODULE, NAME, "compare with"):
        assert part in error.text
    assert len(error.text.splitlines()) <= 8
    assert len(error.text) <= 600


def test_a_real_answer_of_a_real_database_is_believed(tmp_path: Path) -> None:
    recorded = DATA / "sumdb"

    class Recorded:
        async def read(self, _: str, file: str) -> bytes:
            path = recorded / file
            if not path.is_file():
                raise NotFoundError(file)
            return path.read_bytes()

    tree = ModuleTree(tmp_path, durable=False)
    tree.prepare()
    notary = SumdbNotary("", DatabaseFiles(tree, Recorded(), frozenset()), "")
    version = "v0.0.1-go1.27.0.linux-amd64"
    right = "h1:fVts2HjYwzBWrJtkf1B9HRDAuCZcZLexWI6ZX6Ls/IU="

    asyncio.run(notary.check("golang.org/toolchain", version, Kind.ZIP, right))
    with pytest.raises(UnavailableError, match="SECURITY ERROR"):
        asyncio.run(notary.check("golang.org/toolchain", version, Kind.ZIP, h1("x")))


def test_what_is_kept_is_enough_without_the_database(office: Office) -> None:
    office.check()
    office.database.trouble[""] = DOWN

    office.check()
    office.check(kind=Kind.MOD)


def test_a_module_that_is_not_listed_is_never_asked_for(office: Office) -> None:
    office.check(hash_=h1("anything"), unlisted="corp.example,example.com/*7")

    assert office.database.asked == []


def test_toolchains_are_checked_though_they_are_not_listed(office: Office) -> None:
    notary = office.notary(unlisted="golang.org")

    with pytest.raises(UnavailableError, match="SECURITY ERROR"):
        asyncio.run(notary.check("golang.org/toolchain", VERSION, Kind.ZIP, h1("forged")))


def test_without_a_database_every_hash_is_believed(office: Office) -> None:
    notary = SumdbNotary("off", DatabaseFiles(office.tree, office.database, frozenset()), "")

    notary.foresee("golang.org/toolchain", VERSION)
    asyncio.run(notary.check("golang.org/toolchain", VERSION, Kind.ZIP, h1("anything")))

    assert office.database.asked == []


@pytest.mark.parametrize(("database", "unlisted"), [("nonsense", ""), ("", "[a-")])
def test_settings_that_mean_nothing_are_refused(
    office: Office, database: str, unlisted: str
) -> None:
    with pytest.raises(UserError):
        SumdbNotary(database, DatabaseFiles(office.tree, office.database, frozenset()), unlisted)


def test_a_module_that_the_database_does_not_know_is_refused_with_its_words(
    office: Office,
) -> None:
    with pytest.raises(RefusedError) as caught:
        office.check(number=1000)

    assert caught.value.status == 403
    assert "verifying example.com/Mod1000@v1.0.0: not found: lookup/" in caught.value.text
    assert "sums.unlisted" in caught.value.text


@pytest.mark.parametrize("file", ["lookup/", "tile/"])
def test_while_the_database_is_down_nothing_new_is_believed(office: Office, file: str) -> None:
    office.database.trouble[file] = DOWN

    with pytest.raises(UnavailableError, match="no route to host") as caught:
        office.check()
    assert caught.value.status == 504

    office.database.trouble.clear()
    office.check()


def test_what_was_proven_when_it_came_first_is_believed_again(office: Office) -> None:
    office.database.trouble[""] = DOWN
    pin = office.tree.root / "example.com/!mod7/@v/v1.0.0.ziphash"
    pin.parent.mkdir(parents=True)
    pin.write_text(h1("zip 7"))

    office.check()
    with pytest.raises(UnavailableError, match="no route to host"):
        office.check(hash_=h1("forged"))
    with pytest.raises(UnavailableError, match="no route to host"):
        office.check(kind=Kind.MOD)


def test_an_altered_answer_is_not_believed_and_not_kept(office: Office) -> None:
    genuine = office.database.file(LOOKUP)
    office.database.altered[LOOKUP] = genuine.replace(h1("zip 7").encode(), h1("bad").encode())

    with pytest.raises(UnavailableError, match=r"cannot be trusted(.|\n)*SECURITY ERROR"):
        office.check(hash_=h1("bad"))

    assert not office.stored(LOOKUP).exists()
    office.database.altered.clear()
    office.check()


def test_an_altered_tile_is_not_believed_and_not_kept(office: Office) -> None:
    genuine = office.database.file("tile/8/0/000")
    office.database.altered["tile/8/0/000"] = bytes(byte ^ 1 for byte in genuine)

    with pytest.raises(UnavailableError, match="cannot be trusted"):
        office.check()

    assert not office.stored("tile/8/0/000").exists()
    office.database.altered.clear()
    office.check()


@pytest.mark.parametrize("file", [LOOKUP, "tile/8/0/000", "tile/8/0/001.p/44"])
def test_a_file_that_was_damaged_in_the_tree_is_fetched_again(office: Office, file: str) -> None:
    office.check()
    content = office.stored(file).read_bytes()
    office.stored(file).write_bytes(content.replace(content[100:110], bytes(10)))

    office.check()

    assert office.stored(file).read_bytes() == content


def test_a_database_with_another_key_is_not_believed(office: Office) -> None:
    office.database.signer = Signer(NAME, seed=bytes(32))
    files = DatabaseFiles(office.tree, office.database, frozenset())
    notary = SumdbNotary(Signer(NAME).key, files, "")

    with pytest.raises(UnavailableError, match=r"is not signed by sums\.example\.com/go"):
        asyncio.run(notary.check(MODULE, VERSION, Kind.ZIP, h1("zip 7")))


def test_a_database_that_grows_goes_on_being_believed(office: Office) -> None:
    office.check()
    office.database.size = 700

    office.check(number=600)
    office.check(number=7)

    assert office.remembered() == office.database.head(700)


def test_answers_with_older_tree_heads_are_of_the_same_log(office: Office) -> None:
    office.database.lookups_of = 100

    office.check()

    assert office.remembered() == office.database.head(300)


def test_without_a_latest_head_that_of_the_first_answer_is_taken(office: Office) -> None:
    office.database.trouble["latest"] = DOWN
    office.database.lookups_of = 100

    office.check()

    assert office.remembered() == office.database.head(100)


@pytest.mark.parametrize("size", [300, 200, 400])
def test_a_database_that_tells_two_histories_is_found_out(office: Office, size: int) -> None:
    office.check()
    other = SmallDatabase(size, history=" of another log")
    office.database = other

    with pytest.raises(UnavailableError, match=r"not of one log(.|\n)*SECURITY ERROR"):
        office.check(number=8)


def test_a_remembered_tree_head_that_is_none_is_passed_over(office: Office) -> None:
    office.check()
    (office.tree.root / ".gobp/sumdb" / NAME / "latest").write_bytes(b"\xff\x00")

    office.check(number=9)

    assert office.remembered() == office.database.head(300)


def run(office: Office, use: Callable[[SumdbNotary], Awaitable[None]]) -> None:
    async def with_notary() -> None:
        await use(office.notary())

    asyncio.run(with_notary())


def test_what_is_foreseen_is_asked_for_once_and_early(office: Office) -> None:
    async def use(notary: SumdbNotary) -> None:
        notary.foresee(MODULE, VERSION)
        notary.foresee(MODULE, VERSION)
        await asyncio.sleep(0.5)
        asked = list(office.database.asked)
        assert LOOKUP in asked
        for kind in (Kind.ZIP, Kind.MOD, Kind.ZIP):
            await notary.check(MODULE, VERSION, kind, h1(f"{kind} 7"))
        assert office.database.asked == asked

    run(office, use)

    assert office.database.asked.count(LOOKUP) == 1


def test_many_checks_at_once_ask_for_each_file_once(office: Office) -> None:
    async def use(notary: SumdbNotary) -> None:
        checks = (
            notary.check(f"example.com/Mod{n}", VERSION, kind, h1(f"{kind} {n}"))
            for n in range(1, 40)
            for kind in (Kind.ZIP, Kind.MOD)
        )
        await asyncio.gather(*checks)

    run(office, use)

    assert len(set(office.database.asked)) == len(office.database.asked)


def test_what_cannot_be_foreseen_is_asked_for_again(office: Office) -> None:
    office.database.trouble[LOOKUP] = DOWN

    async def use(notary: SumdbNotary) -> None:
        notary.foresee(MODULE, VERSION)
        await asyncio.sleep(0.2)
        office.database.trouble.clear()
        await notary.check(MODULE, VERSION, Kind.ZIP, h1("zip 7"))

    run(office, use)

    assert office.database.asked.count(LOOKUP) == 2


def test_a_check_that_is_given_up_leaves_the_others(office: Office) -> None:
    async def use(notary: SumdbNotary) -> None:
        first = asyncio.ensure_future(notary.check(MODULE, VERSION, Kind.ZIP, h1("zip 7")))
        second = asyncio.ensure_future(notary.check(MODULE, VERSION, Kind.ZIP, h1("zip 7")))
        await asyncio.sleep(0)
        first.cancel()
        await second

    run(office, use)


def test_what_is_foreseen_and_what_is_proven_is_bounded(office: Office) -> None:
    async def use(notary: SumdbNotary) -> None:
        for number in range(10_000):
            notary.foresee(f"example.com/none{number}", VERSION)
        assert len(notary._proving) <= 256
        notary._proven.update({(str(number), ""): () for number in range(5000)})
        await notary.check(MODULE, VERSION, Kind.ZIP, h1("zip 7"))
        assert len(notary._proven) <= 4096

    run(office, use)


def test_a_hash_that_the_answer_does_not_have_is_refused(office: Office) -> None:
    record = office.database.record

    def without_mod(number: int) -> str:
        return record(number).splitlines(keepends=True)[0]

    office.database.record = without_mod  # type: ignore[method-assign] # a database of a test

    office.check()
    with pytest.raises(UnavailableError, match="has no hash for"):
        office.check(kind=Kind.MOD)
