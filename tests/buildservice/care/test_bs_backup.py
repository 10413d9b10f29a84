"""Backups of a real history, made while it goes on, and what is restored of them."""

import io
import json
import os
import tarfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from gobp.buildservice.builds.build import Build, State
from gobp.buildservice.care.backup import Copied, Place, back_up
from gobp.buildservice.care.restoring import restore
from gobp.buildservice.state.builds import Filter
from gobp.buildservice.state.sqlite import SqliteDatabase
from gobp.buildservice.storage.sweeping import blob_key
from gobp.cli.builds_care import backup as backup_command
from gobp.cli.builds_care import gc as gc_command
from gobp.cli.builds_care import restore as restore_command
from gobp.errors import UserError
from tests.buildservice.care.small_history import History
from tests.buildservice.storage.stores import folder_store, store_of

pytestmark = pytest.mark.slow  # real tools and servers

LARGE = os.urandom(3_000_000)
CONTENTS = (b"one", LARGE, b"", b"one more")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "service").mkdir()
    return tmp_path / "service"


@pytest.fixture
def history(root: Path, tmp_path: Path) -> Iterator[History]:
    made = opened(root, tmp_path)
    (root / "provenance.key").write_text("a private key")
    yield made
    made.database.close()


def opened(root: Path, tmp_path: Path) -> History:
    return History(SqliteDatabase(root / "builds.db"), folder_store(root), tmp_path / "files")


def place_of(root: Path) -> Place:
    objects = folder_store(root).objects
    return Place(root, root / "builds.db", root / "provenance.key", objects)


def members_of(file: Path) -> list[str]:
    with tarfile.open(file) as tar:
        return tar.getnames()


def rewritten(file: Path, change: dict[str, bytes | None], target: Path) -> Path:
    """Write a backup in which members are others, or (None) missing."""
    with tarfile.open(file) as source, tarfile.open(target, "w") as made:
        for member in source:
            reader = source.extractfile(member)
            assert reader is not None
            content = change.get(member.name, reader.read())
            if content is not None:
                member.size = len(content)
                made.addfile(member, io.BytesIO(content))
    return target


def test_what_was_backed_up_is_restored(history: History, root: Path, tmp_path: Path) -> None:
    built = [history.built(content) for content in CONTENTS]
    unkept = history.built(b"its log is in the database", keep=False)
    failed, waiting = history.failed("no such package"), history.queued()
    file, new_root = tmp_path / "backup.tar", tmp_path / "other" / "root"

    written = back_up(place_of(root), file)
    restored = restore(place_of(new_root), file)

    assert written == restored == Copied(5, 5, file.stat().st_size)
    assert file.stat().st_mode & 0o777 == 0o600
    again = opened(new_root, tmp_path)
    for build in (*built, unkept, failed, waiting):
        assert again.builds.get(build.id) == build
        assert again.texts(build) == history.texts(build)
    for build, content in zip(built, CONTENTS, strict=True):
        assert again.read(build) == content
        assert again.store.published(build.id) == history.store.published(build.id)
    assert (new_root / "provenance.key").read_text() == "a private key"
    assert (new_root / "provenance.key").stat().st_mode & 0o777 == 0o600
    assert sorted(path.name for path in new_root.iterdir() if path.name.startswith(".")) == []
    again.database.close()


def test_a_backup_of_a_service_that_goes_on_is_whole(
    history: History, root: Path, tmp_path: Path
) -> None:
    before = [history.built(f"before {number}".encode() * 1000) for number in range(10)]
    going_on, meanwhile = threading.Event(), threading.Event()

    def go_on() -> None:
        number = 0
        while not going_on.is_set():
            number += 1
            history.built(f"meanwhile {number}".encode())
            meanwhile.set()

    service = threading.Thread(target=go_on)
    service.start()
    meanwhile.wait(10)
    done = back_up(place_of(root), tmp_path / "backup.tar")
    going_on.set()
    service.join()

    restore(place_of(tmp_path / "new"), tmp_path / "backup.tar")
    again = opened(tmp_path / "new", tmp_path)
    assert done.problems == ()
    for build in before:
        assert again.read(build)
    for build in every(again):
        if build.state is State.SUCCEEDED:
            assert again.read(build)
    again.database.close()


def every(history: History) -> list[Build]:
    return history.builds.listed(Filter(), limit=10_000)


def test_what_is_missing_or_damaged_in_the_storage_is_told(
    history: History, root: Path, tmp_path: Path
) -> None:
    good, lost, bad = (history.built(content) for content in (b"good", b"lost", b"bad"))
    history.store.objects.remove(blob_key(lost.artifacts[0].sha256))
    path = history.store.path(bad.artifacts[0].sha256)
    assert path is not None
    path.write_bytes(b"BAD")
    history.store.objects.create(f"builds/{'f' * 32}.json", b"{")

    done = back_up(place_of(root), tmp_path / "backup.tar")
    assert [problem.partition(".")[0] for problem in done.problems] == [
        f"builds/{lost.id}",
        f"builds/{bad.id}",
        f"the manifest of builds/{'f' * 32}",
    ]
    restored = restore(place_of(tmp_path / "new"), tmp_path / "backup.tar")
    assert restored.builds == 1
    again = opened(tmp_path / "new", tmp_path)
    assert again.read(good) == b"good"
    assert again.store.published(bad.id) is None
    again.database.close()


def test_damage_of_a_backup_is_told_and_the_rest_restored(
    history: History, root: Path, tmp_path: Path
) -> None:
    good, bad = history.built(b"good"), history.built(b"bad")
    back_up(place_of(root), tmp_path / "backup.tar")
    member = f"artifacts/{blob_key(bad.artifacts[0].sha256)}"
    broken = rewritten(tmp_path / "backup.tar", {member: b"BAD"}, tmp_path / "broken.tar")

    done = restore(place_of(tmp_path / "new"), broken)
    assert done.problems == (
        f"the blob {bad.artifacts[0].sha256} is damaged",
        f"builds/{bad.id}.json: {bad.artifacts[0].sha256} missing",
    )
    again = opened(tmp_path / "new", tmp_path)
    assert again.read(good) == b"good"
    again.database.close()


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"complete.json": None}, "its end is missing"),
        ({"gobp-backup.json": None}, "does not begin as one"),
        ({"gobp-backup.json": b"{"}, "no whole backup"),
        ({"gobp-backup.json": b'{"format": 2}'}, "another version"),
        ({"gobp-backup.json": b'{"format": 1, "database": false}'}, "a service with PostgreSQL"),
    ],
)
def test_what_is_no_whole_backup_restores_no_service(
    history: History, root: Path, tmp_path: Path, change: dict[str, bytes | None], why: str
) -> None:
    history.built(b"x")
    back_up(place_of(root), tmp_path / "backup.tar")
    broken = rewritten(tmp_path / "backup.tar", change, tmp_path / "broken.tar")
    with pytest.raises(UserError, match=why):
        restore(place_of(tmp_path / "new"), broken)
    assert not (tmp_path / "new" / "builds.db").exists()


@pytest.mark.parametrize("part", [0, 100, 1000, 20_000])
def test_a_backup_that_was_cut_short_restores_no_service(
    history: History, root: Path, tmp_path: Path, part: int
) -> None:
    history.built(b"x")
    back_up(place_of(root), tmp_path / "backup.tar")
    (tmp_path / "short.tar").write_bytes((tmp_path / "backup.tar").read_bytes()[:part])
    with pytest.raises(UserError, match="no whole backup"):
        restore(place_of(tmp_path / "new"), tmp_path / "short.tar")
    assert not (tmp_path / "new" / "builds.db").exists()


@pytest.mark.parametrize(
    "name", ["artifacts/../../evil", "artifacts/blobs/../../../evil", "artifacts/builds/x.json"]
)
def test_names_in_a_backup_never_lead_out_of_the_place(
    history: History, root: Path, tmp_path: Path, name: str
) -> None:
    history.built(b"x")
    back_up(place_of(root), tmp_path / "backup.tar")
    with tarfile.open(tmp_path / "backup.tar", "a") as tar:
        tar.addfile(tarfile.TarInfo(name), io.BytesIO())
    with pytest.raises(UserError, match="nothing that is in a backup"):
        restore(place_of(tmp_path / "new"), tmp_path / "backup.tar")


def test_a_link_in_a_backup_is_refused(history: History, root: Path, tmp_path: Path) -> None:
    back_up(place_of(root), tmp_path / "backup.tar")
    link = tarfile.TarInfo("builds.db")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(tmp_path / "backup.tar", "a") as tar:
        tar.addfile(link)
    with pytest.raises(UserError, match="is no file"):
        restore(place_of(tmp_path / "new"), tmp_path / "backup.tar")


def test_nothing_is_restored_over_a_service_or_backed_up_over_a_file(
    history: History, root: Path, tmp_path: Path
) -> None:
    build = history.built(b"precious")
    file = tmp_path / "backup.tar"
    back_up(place_of(root), file)
    with pytest.raises(UserError, match="there already"):
        back_up(place_of(root), file)
    with pytest.raises(UserError, match="there are builds in"):
        restore(place_of(root), file)
    (root / "builds.db").rename(root / "elsewhere.db")
    with pytest.raises(UserError, match="there are builds in"):
        restore(place_of(root), file)
    (root / "elsewhere.db").rename(root / "builds.db")
    assert history.read(build) == b"precious"


def test_a_damaged_database_is_not_backed_up(root: Path, tmp_path: Path) -> None:
    (root / "builds.db").write_bytes(b"not a database" * 100)
    with pytest.raises(UserError, match="cannot be backed up: file is not a database"):
        back_up(place_of(root), tmp_path / "backup.tar")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["service"]


def test_a_backup_without_artifacts_has_the_database_only(
    history: History, root: Path, tmp_path: Path
) -> None:
    history.built(b"in the bucket")
    place = Place(root, root / "builds.db", root / "provenance.key", None)
    assert back_up(place, tmp_path / "backup.tar").blobs == 0
    assert members_of(tmp_path / "backup.tar") == [
        "gobp-backup.json",
        "builds.db",
        "provenance.key",
        "complete.json",
    ]


def test_a_backup_beside_postgresql_has_the_artifacts_only(
    history: History, root: Path, tmp_path: Path
) -> None:
    build = history.built(b"artifact")
    store = folder_store(tmp_path / "new")
    place = Place(root, None, None, history.store.objects)
    back_up(place, tmp_path / "backup.tar")
    restore(Place(tmp_path / "new", None, None, store.objects), tmp_path / "backup.tar")
    assert store.published(build.id) == history.store.published(build.id)
    assert "builds.db" not in members_of(tmp_path / "backup.tar")


@pytest.mark.slow
def test_a_backup_of_a_bucket_is_restored_to_a_folder(root: Path, tmp_path: Path) -> None:
    with store_of("s3", tmp_path) as store:
        history = History(SqliteDatabase(root / "builds.db"), store, tmp_path / "files")
        built = [history.built(content) for content in CONTENTS]
        place = Place(root, root / "builds.db", None, store.objects)
        assert back_up(place, tmp_path / "backup.tar").problems == ()
        history.database.close()
    restore(place_of(tmp_path / "new"), tmp_path / "backup.tar")
    again = opened(tmp_path / "new", tmp_path)
    assert [again.read(build) for build in built] == list(CONTENTS)
    assert [again.texts(build) for build in built] == [["building"]] * len(built)
    again.database.close()


def test_a_backup_that_cannot_be_written_leaves_nothing(
    history: History, root: Path, tmp_path: Path
) -> None:
    history.built(b"x")
    with pytest.raises(UserError, match="cannot be written: No such file"):
        back_up(place_of(root), tmp_path / "no-such-folder" / "backup.tar")
    assert {path.name for path in tmp_path.iterdir()} == {"service", "files"}


def test_storage_that_fails_is_told_by_the_commands(
    history: History, root: Path, tmp_path: Path
) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text(
        "store: {url: s3://bucket, endpoint: http://127.0.0.1:1, allow_http: true}\n"
    )
    arguments = [str(tmp_path / "backup.tar"), "--root", str(root), "--config", str(settings)]
    done = CliRunner().invoke(backup_command, arguments)
    assert isinstance(done.exception, UserError)
    assert done.exception.summary == "the storage cannot be used now"
    assert {path.name for path in tmp_path.iterdir()} == {"service", "files", settings.name}


def test_the_commands_back_up_restore_and_remove(
    history: History, root: Path, tmp_path: Path
) -> None:
    old, new = history.built(b"old"), history.built(b"new")
    file, copy = str(tmp_path / "backup.tar"), str(tmp_path / "copy")
    runner = CliRunner(env={"HOME": str(tmp_path)})

    done = runner.invoke(backup_command, [file, "--root", str(root)])
    assert done.output.startswith("copied 2 builds with 2 artifacts, "), done.output
    done = runner.invoke(restore_command, [file, "--root", copy])
    assert done.output.startswith("copied 2 builds with 2 artifacts, "), done.output

    done = runner.invoke(gc_command, ["--max-bytes", "3", "--root", copy, "--dry-run"])
    assert done.output.startswith(f"would remove {old.id}  example.com/m"), done.output
    done = runner.invoke(gc_command, ["--max-bytes", "3", "--last", "1", "--root", copy])
    assert done.output == "removed 1 build, 0 files of 0 B that no build has any more\n"
    again = opened(tmp_path / "copy", tmp_path)
    assert again.builds.get(old.id) is None
    assert again.read(new) == b"new"
    again.database.close()


@pytest.mark.parametrize("command", [gc_command, backup_command])
def test_where_there_is_no_service_that_is_said(tmp_path: Path, command: object) -> None:
    arguments = ["--root", str(tmp_path / "nothing")]
    if command is backup_command:
        arguments.append(str(tmp_path / "backup.tar"))
    done = CliRunner().invoke(command, arguments)  # type: ignore[arg-type] # a command
    assert isinstance(done.exception, UserError)
    assert "there are no builds in" in done.exception.summary
    assert not (tmp_path / "nothing").exists()


def test_the_head_says_what_is_in_a_backup(history: History, root: Path, tmp_path: Path) -> None:
    history.built(b"x")
    back_up(place_of(root), tmp_path / "backup.tar", clock=lambda: 1_700_000_000.5)
    with tarfile.open(tmp_path / "backup.tar") as tar:
        head = tar.extractfile("gobp-backup.json")
        assert head is not None
        found = json.load(head)
    assert found == {"format": 1, "time": 1_700_000_000, "artifacts": True, "database": True}
