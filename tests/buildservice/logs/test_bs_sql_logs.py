"""The logs of builds, over both databases and a storage."""

import functools
import gzip
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from gobp.buildservice.builds.key import new_id
from gobp.buildservice.logs.chunks import Chunk, ChunkTable
from gobp.buildservice.logs.log import Line
from gobp.buildservice.logs.sql_logs import SqlLogs
from gobp.buildservice.state.database import Database, DatabaseError, Transaction
from gobp.buildservice.storage.artifacts import ArtifactStore
from tests.buildservice.logs.databases import database_of
from tests.buildservice.storage.stores import memory_store

pytestmark = pytest.mark.slow  # real tools and servers

LIMIT = 1_000_000


@pytest.fixture(
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)], scope="module"
)
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    with database_of(request.param, tmp_path_factory.mktemp("logs")) as opened:
        yield opened


@pytest.fixture
def store() -> ArtifactStore:
    return memory_store()


@pytest.fixture
def logs(database: Database, store: ArtifactStore) -> SqlLogs:
    made = SqlLogs(database, store, limit=LIMIT)
    made.prepare()
    return made


@pytest.fixture
def build_id() -> str:
    return new_id()


def write(logs: SqlLogs, build_id: str, *texts: str, attempt: int = 1, level: str = "info") -> None:
    log = logs.writer(build_id, attempt)
    for text in texts:
        log.say(text, level)
    log.close()


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in lines]


def together(*acts: Callable[[], None]) -> None:
    """Do all at the same time."""
    threads = [threading.Thread(target=act) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_lines_have_numbers_times_and_levels(logs: SqlLogs, build_id: str) -> None:
    before = time.time()
    log = logs.writer(build_id, 1)
    log.say("fetching")
    log.say("\x1b[32mok\x1b[0m\nsecond line\x07", "output")
    log.close()

    lines = logs.lines(build_id)
    assert [(line.number, line.level, line.text) for line in lines] == [
        (1, "info", "fetching"),
        (2, "output", "\x1b[32mok\x1b[0m"),
        (3, "output", "second line"),
    ]
    assert all(before <= line.time <= time.time() for line in lines)


def test_a_reader_goes_on_where_it_was(logs: SqlLogs, build_id: str) -> None:
    write(logs, build_id, *(f"line {number}" for number in range(1, 26)))
    seen: list[Line] = []
    while portion := logs.lines(build_id, after=seen[-1].number if seen else 0, limit=10):
        assert len(portion) <= 10
        seen += portion
    assert [line.number for line in seen] == list(range(1, 26))
    for keep in (False, True):
        if keep:
            logs.keep(build_id)
        assert logs.lines(build_id, after=-5, limit=2) == seen[:2]
        assert logs.lines(build_id, after=24) == seen[24:]
        assert logs.lines(build_id, after=10**30) == []


def test_lines_are_seen_while_the_writer_writes(logs: SqlLogs, build_id: str) -> None:
    log = logs.writer(build_id, 1)
    log.say("at once")
    end = time.monotonic() + 5
    while not logs.lines(build_id):
        assert time.monotonic() < end
        time.sleep(0.01)
    log.close()


def test_the_next_attempt_goes_on_counting_and_silences_the_one_before(
    logs: SqlLogs, build_id: str
) -> None:
    first = logs.writer(build_id, 1)
    first.say("first attempt")
    time.sleep(0.3)
    write(logs, build_id, "second attempt", attempt=2)
    first.say("from a zombie")
    first.close()
    lines = logs.lines(build_id)
    assert [(line.number, line.text) for line in lines] == [
        (1, "first attempt"),
        (2, "second attempt"),
    ]


def test_a_log_that_is_kept_reads_as_before(
    logs: SqlLogs, database: Database, store: ArtifactStore, build_id: str
) -> None:
    write(logs, build_id, "one", "two", "", "four")
    before = logs.lines(build_id)
    logs.keep(build_id)
    logs.keep(build_id)

    assert logs.lines(build_id) == before
    assert logs.lines(build_id, after=1, limit=2) == before[1:3]
    assert texts(SqlLogs(database, store, limit=LIMIT).lines(build_id)) == [
        "one",
        "two",
        "",
        "four",
    ]
    with database.reading() as transaction:
        count = "SELECT COUNT(*) FROM gobp_log_chunks WHERE build_id = ?"
        assert transaction.run(count, (build_id,)) == [(0,)]
    content = store.log(build_id)
    assert content is not None
    assert [json.loads(line)["text"] for line in gzip.decompress(content).splitlines()] == texts(
        before
    )


def test_a_log_that_is_kept_takes_no_more_lines(logs: SqlLogs, build_id: str) -> None:
    write(logs, build_id, "all")
    logs.keep(build_id)
    write(logs, build_id, "from a zombie", attempt=2)
    assert texts(logs.lines(build_id)) == ["all"]


def test_keeping_goes_on_where_a_crash_ended_it(
    logs: SqlLogs, store: ArtifactStore, build_id: str
) -> None:
    write(logs, build_id, "kept")
    crash = _CrashAfterPut(store)
    with pytest.raises(RuntimeError):
        SqlLogs(logs._database, crash, limit=LIMIT).keep(build_id)
    assert texts(logs.lines(build_id)) == ["kept"]
    logs.keep(build_id)
    assert texts(logs.lines(build_id)) == ["kept"]


class _CrashAfterPut:
    """A store whose user dies when a log is in it."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store

    def put_log(self, build_id: str, content: bytes, /) -> None:
        self._store.put_log(build_id, content)
        raise RuntimeError

    def log(self, build_id: str, /) -> bytes | None:
        return self._store.log(build_id)

    def remove_log(self, build_id: str, /) -> None:
        self._store.remove_log(build_id)


def test_a_reader_who_follows_misses_nothing_while_the_log_is_kept(
    logs: SqlLogs, build_id: str
) -> None:
    kept = threading.Event()
    seen: list[Line] = []

    def follow() -> None:
        over = False
        while True:
            portion = logs.lines(build_id, after=len(seen), limit=7)
            seen.extend(portion)
            if over and not portion:
                return
            over = kept.is_set()

    def build() -> None:
        log = logs.writer(build_id, 1)
        for number in range(300):
            log.say(str(number))
            time.sleep(0.001)
        log.close()
        logs.keep(build_id)
        kept.set()

    together(follow, build)
    assert texts(seen) == [str(number) for number in range(300)]


@pytest.mark.parametrize("kept", [False, True])
def test_a_log_that_is_removed_is_forgotten(
    logs: SqlLogs, store: ArtifactStore, build_id: str, *, kept: bool
) -> None:
    write(logs, build_id, "secret")
    if kept:
        logs.keep(build_id)
        assert logs.lines(build_id)
    logs.remove(build_id)
    logs.remove(build_id)
    assert logs.lines(build_id) == []
    assert store.log(build_id) is None


@pytest.mark.parametrize("build_id", ["", "../../etc", "a\0b", "' OR 1=1 --"])
def test_what_is_no_build_has_no_lines(logs: SqlLogs, build_id: str) -> None:
    assert logs.lines(build_id) == []


def test_a_build_that_said_nothing_has_no_lines(logs: SqlLogs, build_id: str) -> None:
    write(logs, build_id)
    logs.keep(build_id)
    assert logs.lines(build_id) == []


def test_too_much_output_is_cut_once_and_the_service_still_speaks(
    logs: SqlLogs, build_id: str
) -> None:
    log = logs.writer(build_id, 1)
    for number in range(1000):
        log.say(f"{number:04}" + "x" * 8000, "output")
    log.say("the build failed", "error")
    log.close()
    lines = logs.lines(build_id)
    assert len(lines) == LIMIT // (8004 + 32) + 2
    assert [(line.level, line.text) for line in lines[-2:]] == [
        ("warning", f"the output is longer than {LIMIT} bytes; the rest is not kept"),
        ("error", "the build failed"),
    ]


def test_what_the_service_says_is_bounded_too(logs: SqlLogs, build_id: str) -> None:
    write(logs, build_id, *(["y" * 8000] * 1000))
    assert sum(len(text) for text in texts(logs.lines(build_id))) < LIMIT + 65_536


def test_many_threads_may_write(logs: SqlLogs, build_id: str) -> None:
    log = logs.writer(build_id, 1)

    def speak(who: int) -> None:
        for number in range(50):
            log.say(f"{who} {number}")

    together(*(functools.partial(speak, who) for who in range(4)))
    log.close()

    lines = logs.lines(build_id)
    assert [line.number for line in lines] == list(range(1, 201))
    for who in range(4):
        mine = [line.text for line in lines if line.text.startswith(f"{who} ")]
        assert mine == [f"{who} {number}" for number in range(50)]


def test_attempts_that_write_at_the_same_time_never_share_a_number(
    logs: SqlLogs, build_id: str
) -> None:
    def write_much() -> None:
        for _ in range(5):
            write(logs, build_id, "a", "b")

    together(*[write_much] * 4)
    assert [line.number for line in logs.lines(build_id)] == list(range(1, 41))


def test_a_chunk_of_which_nobody_knows_whether_it_was_written_is_there_once(
    logs: SqlLogs, database: Database, build_id: str
) -> None:
    table = ChunkTable(database)
    chunk = Chunk(build_id, 1, f"writer-{build_id}", 1, [(1.0, "info", "once")])
    assert table.add(chunk)
    assert table.add(chunk)
    assert texts(logs.lines(build_id)) == ["once"]


def test_a_database_that_is_away_for_a_moment_loses_no_line(
    database: Database, store: ArtifactStore, build_id: str
) -> None:
    away = _Away(database, failures=1)
    logs = SqlLogs(away, store, limit=LIMIT)
    log = logs.writer(build_id, 1)
    log.say("said while it is away")
    time.sleep(0.3)
    log.say("said later")
    log.close()
    assert texts(logs.lines(build_id)) == ["said while it is away", "said later"]


class _Away:
    """A database of which some transactions fail first."""

    def __init__(self, database: Database, failures: int) -> None:
        self._database = database
        self._failures = failures
        self.prepare = database.prepare
        self.reading = database.reading
        self.close = database.close

    def writing(self) -> AbstractContextManager[Transaction]:
        if self._failures:
            self._failures -= 1
            raise DatabaseError("away")
        return self._database.writing()


def test_ten_thousand_lines_a_second_are_no_trouble(logs: SqlLogs, build_id: str) -> None:
    begun = time.monotonic()
    log = logs.writer(build_id, 1)
    for number in range(10_000):
        log.say(f"go: downloading example.com/module/{number} v1.2.3", "output")
    log.close()
    assert time.monotonic() - begun < 1.0
    assert len(logs.lines(build_id, limit=20_000)) == 10_000


def test_a_log_outlives_the_machine_that_wrote_it(tmp_path: Path) -> None:
    store, build_id = memory_store(), new_id()
    with database_of("sqlite", tmp_path) as database:
        first = SqlLogs(database, store, limit=LIMIT)
        first.prepare()
        write(first, build_id, "before")
    with database_of("sqlite", tmp_path) as database:
        again = SqlLogs(database, store, limit=LIMIT)
        again.prepare()
        assert texts(again.lines(build_id)) == ["before"]
