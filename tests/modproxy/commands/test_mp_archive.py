"""Over an air gap: what goes into an archive comes out of it, and nothing else does."""

import hashlib
import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from gobp.errors import UserError
from gobp.modproxy.commands.archive import MANIFEST, Entry, encoded
from gobp.modproxy.commands.choices import came_since, parse_since
from gobp.modproxy.commands.export import Exported, export
from gobp.modproxy.commands.import_archive import Imported, import_archive
from gobp.modproxy.commands.outcome import Quiet
from gobp.modproxy.protocol.requests import Kind
from gobp.modproxy.tree.trees import Trees
from gobp.modproxy.tree.zip_check import zip_hash
from tests.modproxy.commands.made_modules import (
    UPPER,
    A,
    add_version,
    module_zip,
    new_trees,
    path_in,
    snapshot,
)

PRIVATE = "corp.example/p"


@pytest.fixture
def trees(tmp_path: Path) -> Trees:
    trees = new_trees(tmp_path / "root")
    add_version(trees.public, A, "v1.0.0")
    add_version(trees.public, A, "v1.1.0-0.20240102030405-abcdefabcdef", kinds="mod")
    add_version(trees.public, UPPER, "v1.2.3")
    add_version(trees.private, PRIVATE, "v0.1.0")
    return trees


def exported(trees: Trees, target: Path, *, private: bool = False) -> Exported:
    return export(
        trees, lambda _: True, target, private=private, zip_hash=zip_hash, progress=Quiet()
    )


def imported(root: Path, archive: Path, *, private: bool = False) -> Imported:
    return import_archive(new_trees(root), archive, zip_hash, Quiet(), private=private)


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz"])
def test_public_modules_arrive_whole_with_their_hashes_and_lists(
    trees: Trees, tmp_path: Path, name: str
) -> None:
    went = exported(trees, tmp_path / name)
    came = imported(tmp_path / "other", tmp_path / name)

    assert (went.files, went.modules) == (7, 2)
    assert (came.files, came.size, came.there, came.problems) == (7, went.size, 0, ())
    after = snapshot(tmp_path / "other")
    lists = {"public/example.com/a/@v/list", "public/example.com/!team/!b/@v/list"}
    before = {
        path: sha for path, sha in snapshot(tmp_path / "root").items() if path.startswith("public")
    }
    assert {path: sha for path, sha in after.items() if path not in lists} == before
    assert new_trees(tmp_path / "other").public.listed(A) == ("v1.0.0",)


def test_private_modules_go_and_come_only_when_it_is_said(trees: Trees, tmp_path: Path) -> None:
    archive = tmp_path / "all.tar"
    exported(trees, archive, private=True)

    without = imported(tmp_path / "without", archive)
    assert [problem.about for problem in without.problems] == [
        f"private/{PRIVATE}/@v/v0.1.0.{kind}" for kind in ("info", "mod", "zip")
    ]
    assert imported(tmp_path / "with", archive, private=True).problems == ()
    assert path_in(new_trees(tmp_path / "with").private, PRIVATE, "v0.1.0", Kind.ZIP).exists()


def test_an_archive_depends_on_nothing_but_the_files(trees: Trees, tmp_path: Path) -> None:
    exported(trees, tmp_path / "1.tar.gz")
    imported(tmp_path / "other", tmp_path / "1.tar.gz")
    exported(new_trees(tmp_path / "other"), tmp_path / "2.tar.gz")

    assert (tmp_path / "1.tar.gz").read_bytes() == (tmp_path / "2.tar.gz").read_bytes()


def test_a_second_import_takes_only_what_is_missing(trees: Trees, tmp_path: Path) -> None:
    exported(trees, tmp_path / "a.tar")
    imported(tmp_path / "other", tmp_path / "a.tar")
    path_in(new_trees(tmp_path / "other").public, UPPER, "v1.2.3", Kind.ZIP).unlink()

    again = imported(tmp_path / "other", tmp_path / "a.tar")

    assert (again.files, again.there) == (1, 6)


def test_only_what_came_since_a_time_is_exported(trees: Trees, tmp_path: Path) -> None:
    since = path_in(trees.public, A, "v1.0.0", Kind.ZIP).stat().st_ctime + 1000
    with pytest.raises(UserError, match="no module"):
        export(
            trees,
            came_since(since),
            tmp_path / "a.tar",
            private=False,
            zip_hash=zip_hash,
            progress=Quiet(),
        )
    assert not list(tmp_path.glob("*a.tar*"))


def test_a_version_with_another_hash_here_stays_and_is_told(trees: Trees, tmp_path: Path) -> None:
    exported(trees, tmp_path / "a.tar")
    other = new_trees(tmp_path / "other")
    add_version(other.public, A, "v1.0.0", kinds="info mod")
    pin = path_in(other.public, A, "v1.0.0", Kind.ZIP).with_suffix(".ziphash")
    pin.write_text("h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")

    came = imported(tmp_path / "other", tmp_path / "a.tar")

    assert [problem.about for problem in came.problems] == [f"public/{A}/@v/v1.0.0.zip"]
    assert "should be h1:47DEQ" in came.problems[0].reason
    assert not path_in(other.public, A, "v1.0.0", Kind.ZIP).exists()


def write_archive(path: Path, files: Iterable[tuple[str, bytes]], *, listed: bool = True) -> Path:
    """Write an archive whose list says what it holds, whatever that is."""
    entries = tuple(
        Entry(name, len(data), hashlib.sha256(data).hexdigest(), "h1:x") for name, data in files
    )
    with tarfile.open(path, "w") as tar:
        for name, data in [(MANIFEST, encoded(entries if listed else ())), *files]:
            header = tarfile.TarInfo(name)
            header.size = len(data)
            tar.addfile(header, io.BytesIO(data))
    return path


@pytest.mark.parametrize(
    "name",
    [
        "public/../../etc/passwd",
        "/etc/passwd",
        "published/example.com/a/@v/v1.0.0.mod",
        "public/example.com/a/@v/list",
        "public/example.com/a/@v/main.info",
        "public/example.com/A/@v/v1.0.0.mod",
        "public/.gobp/locks/x",
        "public/sumdb/sum.example/../../x",
        "",
    ],
)
def test_a_path_that_no_tree_has_refuses_the_whole_archive(tmp_path: Path, name: str) -> None:
    archive = write_archive(tmp_path / "a.tar", [(name, b"x")])

    with pytest.raises(UserError, match="no archive of modules"):
        imported(tmp_path / "other", archive)
    assert snapshot(tmp_path / "other") == {}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a/@v/v1.0.0.zip", b"no zip", "is not served"),
        ("a/@v/v1.0.0.zip", module_zip(A, "v1.0.1"), "is not served"),
        ("a/@v/v1.0.0.zip", module_zip(A, "v1.0.0"), "should be h1:x"),
        ("a/@v/v1.0.0.mod", b"\0\0", "NUL bytes"),
        ("a/@v/v1.0.0.mod", b"module example.com/a\n", "should be h1:x"),
        ("a/@v/v1.0.0.info", b'{"Version":"v1.0.1"}', "that of version v1.0.1"),
    ],
)
def test_a_file_that_is_not_right_is_not_published(
    tmp_path: Path, name: str, content: bytes, reason: str
) -> None:
    archive = write_archive(tmp_path / "a.tar", [(f"public/example.com/{name}", content)])

    came = imported(tmp_path / "other", archive)

    assert reason in came.problems[0].reason
    assert snapshot(tmp_path / "other") == {}


def test_a_file_that_was_changed_in_the_archive_is_not_published(
    trees: Trees, tmp_path: Path
) -> None:
    archive = tmp_path / "a.tar"
    exported(trees, archive)
    content = archive.read_bytes()
    changed = content.replace(
        b"module example.com/a\n\ngo 1.21", b"module example.com/a\n\ngo 1.22"
    )
    assert changed != content
    archive.write_bytes(changed)

    came = imported(tmp_path / "other", archive)

    assert {problem.reason for problem in came.problems} == {
        "it is not what the archive's list says"
    }


def test_a_file_that_the_list_does_not_have_refuses_the_archive(tmp_path: Path) -> None:
    archive = write_archive(tmp_path / "a.tar", [("public/x", b"x")], listed=False)

    with pytest.raises(UserError, match="holds more than"):
        imported(tmp_path / "other", archive)


@pytest.mark.parametrize("keep", [0, 1, 600, 3000, 7000])
@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz"])
def test_a_cut_archive_leaves_nothing_half_written(
    trees: Trees, tmp_path: Path, name: str, keep: int
) -> None:
    archive = tmp_path / name
    exported(trees, archive)
    content = archive.read_bytes()
    archive.write_bytes(content[: min(keep, len(content) - 600)])

    with pytest.raises(UserError):
        imported(tmp_path / "other", archive)

    here = snapshot(tmp_path / "other")
    assert here.items() <= snapshot(tmp_path / "root").items()


def test_a_header_that_asks_for_gigabytes_is_refused(tmp_path: Path) -> None:
    header = tarfile.TarInfo("x")
    header.type = tarfile.XHDTYPE
    header.size = 8 * 1024**3 - 1
    archive = tmp_path / "a.tar"
    archive.write_bytes(header.tobuf() + b"\0" * 1024)

    with pytest.raises(UserError, match="too large"):
        imported(tmp_path / "other", archive)


def test_other_names_of_archives_are_refused(trees: Trees, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no name for an archive"):
        exported(trees, tmp_path / "a.zip")


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("1970-01-02", 86_400.0),
        ("1970-01-01T01:00:00Z", 3600.0),
        ("1970-01-01T02:00:00+01:00", 3600.0),
        ("1h", 6400.0),
    ],
)
def test_times_are_dates_or_ages(text: str, moment: float) -> None:
    assert parse_since(text, now=10_000.0) == moment


def test_what_is_no_time_is_refused() -> None:
    with pytest.raises(UserError, match="'yesterday' is no time"):
        parse_since("yesterday", now=0.0)
