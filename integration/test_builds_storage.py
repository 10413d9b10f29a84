"""The storage and the logs of builds, with processes that write, sweep and are killed."""

import hashlib
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from gobp.buildservice.builds.key import new_id
from gobp.buildservice.logs.sql_logs import SqlLogs
from gobp.buildservice.settings.schema import Queue, Store
from gobp.buildservice.state.opening import open_database
from gobp.buildservice.storage.artifacts import ArtifactStore
from gobp.buildservice.storage.opening import open_store
from tests.buildservice.state.build_database import PostgresqlServer, postgresql
from tests.buildservice.storage.stores import memory_store
from tests.modproxy.storage.s3_server import s3_server

pytestmark = pytest.mark.builds
SECONDS = 5.0
HERE = Path(__file__).parent.parent

PUBLISHER = """
# Publish builds of few contents, and remove most of them; print what went wrong.
import collections, json, random, sys, time
from pathlib import Path
import msgspec
from gobp.buildservice.settings.schema import Store
from gobp.buildservice.storage.opening import open_store
from gobp.buildservice.storage.store import StorageError
from tests.buildservice.storage.stores import a_file, manifest
settings, root = json.loads(sys.argv[1]), Path(sys.argv[2])
seconds, contents_there_are, mode = float(sys.argv[3]), int(sys.argv[4]), sys.argv[5]
grace = float(sys.argv[6])
store = open_store(msgspec.convert(settings, Store), root, {})
folder = root / "files" / str(random.random())
folder.mkdir(parents=True)
published, said = collections.deque(), collections.Counter()
end = time.monotonic() + seconds
while time.monotonic() < end or said["published"] < 5:
    begin = time.monotonic()
    contents = [f"content {random.randrange(contents_there_are)} ".encode() * 999 for _ in range(3)]
    files = [a_file(folder, content) for content in contents]
    for file in files:
        store.put(file)
        file.unlink()
    made = manifest(*contents)
    try:
        store.publish(made)
    except StorageError:
        said["refused" if time.monotonic() - begin < grace else "late"] += 1
        continue
    said["published"] += 1
    published.append((made.build_id, contents))
    for build_id, contents in published:
        for artifact, content in zip(store.published(build_id).artifacts, contents, strict=True):
            if b"".join(store.read(artifact.sha256)) != content:
                raise SystemExit("damaged")
    if mode == "remove" and len(published) > 2:
        store.remove([published.popleft()[0]])
    if mode == "keep":
        print(made.build_id, flush=True)
print(json.dumps(said))
"""

SWEEPER = """
import json, sys, time
from pathlib import Path
import msgspec
from gobp.buildservice.settings.schema import Store
from gobp.buildservice.storage.opening import open_store
settings, root, seconds, grace, least = json.loads(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]
store = open_store(msgspec.convert(settings, Store), root, {})
swept = 0
end = time.monotonic() + float(seconds)
while time.monotonic() < end or swept < int(least):
    swept += store.sweep(grace_seconds=float(grace))[0]
print(json.dumps({"swept": swept}))
"""

WRITER = """
# Say numbered lines until killed, and tell on the standard output which were said.
import json, sys, time
from pathlib import Path
import msgspec
from gobp.buildservice.logs.sql_logs import SqlLogs
from gobp.buildservice.settings.schema import Queue
from gobp.buildservice.state.opening import open_database
from tests.buildservice.storage.stores import memory_store
queue, root, build_id, attempt, begin = json.loads(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:]
database = open_database(msgspec.convert(queue, Queue), root)
log = SqlLogs(database, memory_store(), limit=100_000_000).writer(build_id, int(attempt))
number = int(begin)
while True:
    for _ in range(10):
        number += 1
        log.say(str(number), "output")
    print(number, flush=True)
    time.sleep(0.001)
"""


def run(program: str, *arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", program, *arguments], stdout=subprocess.PIPE, text=True, cwd=HERE
    )


def ended(process: "subprocess.Popen[str]") -> dict[str, int]:
    """Return what a process that has ended well said."""
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    said: dict[str, int] = json.loads(output)
    return said


@pytest.fixture(params=["folder", "s3"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Settings of a store as JSON."""
    if request.param == "folder":
        yield "{}"
    else:
        with s3_server(tmp_path) as server:
            yield json.dumps(server.settings(tmp_path))


def store_of(settings: str, root: Path) -> ArtifactStore:
    return open_store(Store(**json.loads(settings)), root, {})


def test_sweeps_never_take_what_is_published(settings: str, tmp_path: Path) -> None:
    """Without any grace: a blob may go before it is published, which is then refused."""
    arguments = (settings, str(tmp_path), str(SECONDS))
    publishers = [run(PUBLISHER, *arguments, "12", "remove", "0") for _ in range(3)]
    sweepers = [run(SWEEPER, *arguments, "0", "0") for _ in range(2)]
    said = [ended(process) for process in publishers]
    swept = sum(ended(process)["swept"] for process in sweepers)
    assert all(each["published"] > 2 for each in said), said
    assert swept > 2


def test_with_a_grace_every_build_is_published(settings: str, tmp_path: Path) -> None:
    arguments = (settings, str(tmp_path), str(SECONDS))
    publishers = [run(PUBLISHER, *arguments, "200", "remove", "2.5") for _ in range(2)]
    sweeper = run(SWEEPER, *arguments, "2.5", "3")
    said = [ended(process) for process in publishers]
    assert all("refused" not in each for each in said), said
    assert all(each["published"] > 2 for each in said), said
    assert ended(sweeper)["swept"] > 2


def test_publishers_that_are_killed_leave_whole_builds_only(settings: str, tmp_path: Path) -> None:
    said: set[str] = set()
    for _ in range(5):
        process = run(PUBLISHER, settings, str(tmp_path), "60", "1000", "keep", "0")
        said |= {line for line, _ in _killed(process, random.uniform(0.1, 0.6))}
    store = store_of(settings, tmp_path)
    names = {found.key.partition("/")[2] for found in store.objects.listed("builds")}
    assert {f"{build_id}.json" for build_id in said} <= names
    for name in names:
        published = store.published(name.removesuffix(".json"))
        assert published is not None
        for artifact in published.artifacts:
            content = b"".join(store.read(artifact.sha256))
            assert hashlib.sha256(content).hexdigest() == artifact.sha256
            assert len(content) == artifact.size


@pytest.fixture(params=["sqlite", "postgresql"])
def queue(request: pytest.FixtureRequest) -> Iterator[str]:
    """Settings of a database as JSON."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            yield "{}"
        else:
            yield json.dumps({"postgresql": stack.enter_context(postgresql()).conninfo})


def test_a_writer_that_is_killed_loses_a_fifth_of_a_second_at_most(
    queue: str, tmp_path: Path
) -> None:
    build_id = new_id()
    database = open_database(Queue(**json.loads(queue)), tmp_path)
    logs = SqlLogs(database, memory_store(), limit=1)
    logs.prepare()
    lost = []
    for attempt in range(1, 6):
        begin = attempt * 1_000_000
        arguments = (queue, str(tmp_path), build_id, str(attempt), str(begin))
        said = _killed(run(WRITER, *arguments), random.uniform(0.4, 0.9))
        lines = logs.lines(build_id, limit=10_000_000)
        mine = [int(line.text) for line in lines if int(line.text) > begin]
        assert mine == list(range(begin + 1, begin + 1 + len(mine)))
        last = [moment for number, moment in said if int(number) <= mine[-1]][-1]
        lost.append(round(said[-1][1] - last, 3))
        assert [line.number for line in lines] == list(range(1, len(lines) + 1))
        assert len({line.text for line in lines}) == len(lines)
    database.close()
    assert max(lost) < 0.2, lost


def test_a_restart_of_postgresql_neither_loses_nor_doubles_a_line(tmp_path: Path) -> None:
    build_id = new_id()
    with postgresql() as server:
        database = open_database(Queue(postgresql=server.conninfo), tmp_path)
        logs = SqlLogs(database, memory_store(), limit=1)
        logs.prepare()
        queue = json.dumps({"postgresql": server.conninfo})
        restarts = threading.Thread(target=_restart, args=(server, 3))
        process = run(WRITER, queue, str(tmp_path), build_id, "1", "0")
        restarts.start()
        said = _killed(process, 9.0)
        restarts.join()
        lines = logs.lines(build_id, limit=10_000_000)
        database.close()
    assert [int(line.text) for line in lines] == list(range(1, len(lines) + 1))
    last = [moment for number, moment in said if int(number) <= len(lines)][-1]
    assert said[-1][1] - last < 0.5


def _restart(server: PostgresqlServer, times: int) -> None:
    for _ in range(times):
        time.sleep(random.uniform(0.8, 1.2))
        server.stop(signal.SIGQUIT)
        time.sleep(random.uniform(0.1, 0.5))
        server.start()


def _killed(process: "subprocess.Popen[str]", seconds: float) -> list[tuple[str, float]]:
    """Kill a process a while after its first line; return what it said, and when it was read."""
    assert process.stdout is not None
    said: list[tuple[str, float]] = []
    for line in process.stdout:
        said.append((line.strip(), time.monotonic()))
        if said[-1][1] - said[0][1] > seconds:
            break
    process.kill()
    process.communicate()
    return said
