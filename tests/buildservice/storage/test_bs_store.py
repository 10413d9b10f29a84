"""What every store does: in a folder, in memory, and on a real S3 server."""

import asyncio
import os
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from gobp.buildservice.builds.key import new_id
from gobp.buildservice.storage.artifacts import ArtifactStore
from gobp.buildservice.storage.store import StorageError
from gobp.buildservice.storage.sweeping import blob_key, condemned_key
from tests.buildservice.storage.stores import GRACE, a_file, artifact, manifest, sha256_of, store_of

pytestmark = pytest.mark.slow  # real tools and servers

LARGE = os.urandom(7_000_000)  # more than one part of an upload
LATER = 10_000.0


@pytest.fixture(params=["folder", "memory", pytest.param("s3", marks=pytest.mark.slow)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ArtifactStore]:
    with store_of(request.param, tmp_path) as opened:
        yield opened


def later(store: ArtifactStore) -> ArtifactStore:
    """Return the store as it is seen when all that is there is old."""
    return replace(store, clock=lambda: store.clock() + LATER)


def read(store: ArtifactStore, content: bytes, start: int = 0, end: int | None = None) -> bytes:
    return b"".join(store.read(sha256_of(content), start=start, end=end))


def streamed(store: ArtifactStore, sha256: str, start: int = 0, end: int | None = None) -> bytes:
    async def run() -> bytes:
        return b"".join([part async for part in store.stream(sha256, start=start, end=end)])

    return asyncio.run(run())


@pytest.mark.parametrize("content", [b"", b"a program", LARGE], ids=["empty", "small", "large"])
def test_what_is_put_is_read_whole_and_in_parts(
    store: ArtifactStore, tmp_path: Path, content: bytes
) -> None:
    assert store.put(a_file(tmp_path, content)) == (sha256_of(content), len(content))

    assert read(store, content) == content == streamed(store, sha256_of(content))
    for start, end in ((0, 1), (2, 5), (3, 3), (0, len(content)), (1_048_570, 1_048_580)):
        if end <= len(content):
            assert read(store, content, start, end) == content[start:end]
            assert streamed(store, sha256_of(content), start, end) == content[start:end]
    if content:
        assert read(store, content, 1) == content[1:]


def test_a_file_that_is_put_twice_is_there_once(store: ArtifactStore, tmp_path: Path) -> None:
    for _ in range(2):
        store.put(a_file(tmp_path, b"same"))
    assert [found.key for found in store.objects.listed("blobs")] == [blob_key(sha256_of(b"same"))]


def test_what_was_removed_underneath_is_told_as_such(store: ArtifactStore, tmp_path: Path) -> None:
    sha256, _ = store.put(a_file(tmp_path, b"gone"))
    store.objects.remove(blob_key(sha256))

    with pytest.raises(KeyError):
        store.read(sha256)
    with pytest.raises(KeyError):
        store.read(sha256, start=2, end=2)
    with pytest.raises(KeyError):
        streamed(store, sha256)
    with pytest.raises(StorageError, match="not in the storage any more"):
        store.publish(manifest(b"gone"))


def test_who_reads_a_blob_gets_it_whole_though_it_is_removed_meanwhile(
    store: ArtifactStore, tmp_path: Path
) -> None:
    sha256, _ = store.put(a_file(tmp_path, b"leaving"))
    chunks = store.read(sha256)
    store.objects.remove(blob_key(sha256))
    assert b"".join(chunks) == b"leaving"


@pytest.mark.parametrize(
    "digest",
    ["", "../" * 10 + "etc/passwd", "a" * 63, "A" * 64, "a" * 64 + "\n", "é" * 64, "/" * 64],
)
def test_no_other_names_than_digests_are_read(store: ArtifactStore, digest: str) -> None:
    with pytest.raises(KeyError):
        store.read(digest)
    with pytest.raises(KeyError):
        streamed(store, digest)
    with pytest.raises(KeyError):
        store.path(digest)
    with pytest.raises(KeyError):
        store.url(digest, "x", "text/plain")


@pytest.mark.parametrize("name", ["", "../../" + "a" * 26, "a" * 31, "A" * 32, "a" * 32 + "\n"])
def test_no_other_names_than_ids_are_published(store: ArtifactStore, name: str) -> None:
    assert store.published(name) is None
    with pytest.raises(ValueError, match="no id"):
        store.publish(replace(manifest(), build_id=name))
    with pytest.raises(ValueError, match="no id"):
        store.put_log(name, b"")
    with pytest.raises(ValueError, match="no id"):
        store.remove([name])


def test_whoever_publishes_first_decides(store: ArtifactStore, tmp_path: Path) -> None:
    store.put(a_file(tmp_path, b"one"))
    store.put(a_file(tmp_path, b"two"))
    build_id = new_id()
    first = manifest(b"one", build_id=build_id)

    assert store.published(build_id) is None
    assert store.publish(first) == first
    assert store.publish(manifest(b"two", build_id=build_id)) == first
    assert store.published(build_id) == first
    assert list(store.objects.listed("publishing")) == []


def test_of_many_who_publish_at_once_one_decides(store: ArtifactStore, tmp_path: Path) -> None:
    build_id = new_id()
    contents = [f"version {number}".encode() for number in range(8)]
    for content in contents:
        store.put(a_file(tmp_path, content))
    decided = []
    threads = [
        threading.Thread(
            target=lambda each: decided.append(store.publish(manifest(each, build_id=build_id))),
            args=(content,),
        )
        for content in contents
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(decided) == len(contents)
    assert set(decided) == {store.published(build_id)}


def test_a_blob_of_another_size_is_not_published(store: ArtifactStore, tmp_path: Path) -> None:
    store.put(a_file(tmp_path, b"whole"))
    shorter = msgspec.structs.replace(artifact(b"whole"), size=4)
    wrong = replace(manifest(), artifacts=(shorter,))
    with pytest.raises(StorageError):
        store.publish(wrong)
    assert store.published(wrong.build_id) is None


def test_a_sweep_takes_what_nothing_names_and_only_that(
    store: ArtifactStore, tmp_path: Path
) -> None:
    for content in (b"named", b"shared", b"nobody's"):
        store.put(a_file(tmp_path, content))
    kept, removed = manifest(b"named", b"shared"), manifest(b"shared")
    store.publish(kept)
    store.publish(removed)
    store.remove([removed.build_id, new_id()])

    assert store.sweep(grace_seconds=GRACE) == (0, 0)
    assert later(store).sweep(grace_seconds=GRACE) == (1, len(b"nobody's"))

    assert store.published(removed.build_id) is None
    assert read(store, b"named") + read(store, b"shared") == b"namedshared"
    with pytest.raises(KeyError):
        read(store, b"nobody's")
    assert list(store.objects.listed("condemned")) == []


def test_putting_a_blob_again_makes_it_young(store: ArtifactStore, tmp_path: Path) -> None:
    file = a_file(tmp_path, b"again")
    store.put(file)
    before = store.objects.find(blob_key(sha256_of(b"again")))
    threading.Event().wait(1.1)  # times of S3 are whole seconds
    store.put(file)
    after = store.objects.find(blob_key(sha256_of(b"again")))
    assert before is not None
    assert after is not None
    assert after.time > before.time


def test_what_is_being_published_is_not_taken(store: ArtifactStore, tmp_path: Path) -> None:
    store.put(a_file(tmp_path, b"new"))
    waiting = manifest(b"new")
    store.objects.create(
        f"publishing/{waiting.build_id}.1",
        f'{{"build_id":"","time":0,"artifacts":[{{"name":"x","kind":"archive","sha256":"'
        f'{sha256_of(b"new")}","size":3,"media_type":"x/y"}}]}}'.encode(),
    )
    assert later(store).sweep(grace_seconds=GRACE) == (0, 0)
    store.publish(waiting)


def test_who_publishes_waits_for_a_sweep_and_not_for_a_dead_one(
    store: ArtifactStore, tmp_path: Path
) -> None:
    sha256, _ = store.put(a_file(tmp_path, b"condemned"))
    store.objects.create(condemned_key(sha256), b"")
    sweep = threading.Timer(0.5, store.objects.remove, [condemned_key(sha256)])
    sweep.start()
    store.publish(manifest(b"condemned"))
    sweep.join()

    store.objects.create(condemned_key(sha256), b"")
    impatient = replace(store, patience=0.3)
    impatient.publish(manifest(b"condemned"))
    assert store.objects.find(condemned_key(sha256)) is None


def test_a_blob_that_a_sweep_takes_while_it_is_put_is_put_again(
    store: ArtifactStore, tmp_path: Path
) -> None:
    sha256 = sha256_of(b"twice")
    store.objects.create(condemned_key(sha256), b"")

    def take() -> None:
        store.objects.remove(blob_key(sha256))
        store.objects.remove(condemned_key(sha256))

    sweep = threading.Timer(0.5, take)
    sweep.start()
    store.put(a_file(tmp_path, b"twice"))
    sweep.join()
    assert read(store, b"twice") == b"twice"


def test_a_damaged_manifest_stops_sweeps(store: ArtifactStore, tmp_path: Path) -> None:
    store.put(a_file(tmp_path, b"whose?"))
    build_id = new_id()
    store.objects.create(f"builds/{build_id}.json", b"{")

    with pytest.raises(StorageError, match="damaged"):
        store.published(build_id)
    with pytest.raises(StorageError, match="damaged"):
        later(store).sweep(grace_seconds=GRACE)
    assert read(store, b"whose?") == b"whose?"


def test_many_blobs_are_swept(store: ArtifactStore) -> None:
    for number in range(130):  # more than a batch
        assert store.objects.create(blob_key(sha256_of(str(number).encode())), b"12")
    assert later(store).sweep(grace_seconds=GRACE) == (130, 260)
    assert list(store.objects.listed("blobs")) == []


def test_logs_are_kept_as_they_were_first_stored(store: ArtifactStore) -> None:
    build_id = new_id()
    assert store.log(build_id) is None
    store.put_log(build_id, b"first")
    store.put_log(build_id, b"second")
    assert store.log(build_id) == b"first"
    store.remove_log(build_id)
    store.remove_log(build_id)
    assert store.log(build_id) is None
