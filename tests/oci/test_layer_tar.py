"""Layers are reproducible and byte for byte those of Go's archive/tar."""

import gzip
import io
import json
import os
import shutil
import socket
import subprocess
import tarfile
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.oci import tar_header
from gobp.oci.blobs import BlobStore, FileBlob, read_verified
from gobp.oci.digest import sha256_of
from gobp.oci.image import LAYER, LAYER_GZIP
from gobp.oci.layer_tar import (
    Entry,
    FileContent,
    entries_of_tree,
    parents_of,
    store_layer,
    write_gzip_layer,
    write_layer,
)

# Reads lines of JSON headers, writes the tar: what the lifecycle's NormalizingTarWriter gives.
_GO_WRITER = """
package main

import (
	"archive/tar"
	"encoding/json"
	"io"
	"os"
	"time"
)

type entry struct {
	Name, Link []byte
	Content    []byte
	Kind       byte
	Mode       int64
	Uid, Gid   int
	Size       int64
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

func main() {
	in := json.NewDecoder(os.Stdin)
	out := tar.NewWriter(os.Stdout)
	for {
		var e entry
		err := in.Decode(&e)
		if err == io.EOF {
			break
		}
		check(err)
		check(out.WriteHeader(&tar.Header{
			Name: string(e.Name), Linkname: string(e.Link), Typeflag: e.Kind, Mode: e.Mode,
			Uid: e.Uid, Gid: e.Gid, Size: e.Size, ModTime: time.Unix(315532801, 0),
		}))
		if e.Size > int64(len(e.Content)) {
			return // only the header is wanted, of a file too large to write here
		}
		_, err = out.Write(e.Content)
		check(err)
	}
	check(out.Close())
}
"""


@pytest.fixture(scope="session")
def go_writer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if shutil.which("go") is None:
        pytest.skip("NOT TESTED against archive/tar: there is no go on PATH")
    folder = tmp_path_factory.mktemp("go-tar")
    (folder / "main.go").write_text(_GO_WRITER)
    subprocess.run(["go", "build", "-o", "writer", "main.go"], cwd=folder, check=True)
    return folder / "writer"


def as_go_reads(entry: Entry, content: bytes, size: int) -> str:
    return json.dumps(
        {
            "Name": b64encode(os.fsencode(entry.name)).decode(),
            "Link": b64encode(os.fsencode(entry.link)).decode(),
            "Content": b64encode(content).decode(),
            "Kind": entry.kind[0],
            "Mode": entry.mode,
            "Uid": entry.uid,
            "Gid": entry.gid,
            "Size": size,
        }
    )


def written_by_go(writer: Path, entries: list[Entry]) -> bytes:
    lines = []
    for entry in entries:
        content = b""
        if entry.content is not None:
            with entry.content.open() as file:
                content = file.read()
        lines.append(as_go_reads(entry, content, len(content)))
    run = subprocess.run([writer], input="\n".join(lines).encode(), stdout=-1, check=True)
    return run.stdout


def written(entries: list[Entry]) -> bytes:
    out = io.BytesIO()
    digests = write_layer(out, entries)
    data = out.getvalue()
    assert (digests.diff_id, digests.size) == (sha256_of(data), len(data))
    return data


_part = st.one_of(
    st.text("abz.-_ ", min_size=1, max_size=8),
    st.text("a", min_size=90, max_size=160),
    st.text("äé日\U0001f600\udcff\udc80x", min_size=1, max_size=60),
).filter(lambda part: part not in {".", ".."})
_name = st.lists(_part, min_size=1, max_size=6).map(lambda parts: "/" + "/".join(parts))
_id = st.one_of(st.integers(0, 70000), st.integers(2097150, 2097153), st.just(2**31))
_mode = st.integers(0, 0o7777)
_entry = st.one_of(
    st.builds(lambda n, m, u, g: Entry.directory(n, mode=m, uid=u, gid=g), _name, _mode, _id, _id),
    st.builds(
        lambda n, c, m, u, g: Entry.file(n, c, mode=m, uid=u, gid=g),
        _name,
        st.binary(max_size=1030),
        _mode,
        _id,
        _id,
    ),
    st.builds(lambda n, to, u, g: Entry.symlink(n, to, uid=u, gid=g), _name, _name, _id, _id),
    st.builds(lambda n, to: Entry.symlink(n, f"../{to}"), _name, _part),
)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(entries=st.lists(_entry, max_size=8))
@pytest.mark.slow
def test_any_entries_are_the_bytes_that_go_writes(go_writer: Path, entries: list[Entry]) -> None:
    assert written(entries) == written_by_go(go_writer, entries)


@pytest.mark.parametrize(
    "name",
    [
        "/" + "a" * 99,
        "/" + "a" * 100,
        "/" + "d" * 154 + "/" + "f" * 100,
        "/" + "d" * 155 + "/" + "f" * 100,
        "/" + "d" * 90 + "/" + "f" * 101,
        "/" + "d" * 98 + "/" + "é" * 30,
        "/" + "é" * 60 + "/" + "x" * 30,
        "/" + "d" * 98 + "/" + "e" * 200 + "/f",
    ],
)
def test_names_at_the_edges_of_the_fields_are_the_bytes_that_go_writes(
    go_writer: Path, name: str
) -> None:
    entries = [Entry.directory(name), Entry.file(name + "x", b"1"), Entry.symlink("/l", name)]
    assert written(entries) == written_by_go(go_writer, entries)


@pytest.mark.parametrize("size", [8 * 1024**3 - 1, 8 * 1024**3, 2**40])
def test_the_header_of_a_huge_file_is_what_go_writes(go_writer: Path, size: int) -> None:
    entry = Entry.file("/huge", FileContent(Path("unread"), size))
    asked = as_go_reads(entry, b"", size).encode()
    go = subprocess.run([go_writer], input=asked, stdout=subprocess.PIPE, check=True).stdout
    ours = tar_header.header(
        tar_header.Fields(b"/huge", tar_header.REGULAR, 0o644, 0, 0, size, 315532801)
    )
    assert ours == go


@pytest.fixture
def tree(tmp_path: Path) -> Iterator[Path]:
    root = tmp_path / "layer"
    (root / "bin").mkdir(parents=True)
    (root / "bin" / "app").write_bytes(b"\x7fELF" + bytes(5000))
    (root / "bin" / "app").chmod(0o4755)
    (root / "bin" / "again").hardlink_to(root / "bin" / "app")
    (root / "bin-2").write_text("sorts before the content of bin, by bytes")
    (root / "closed").mkdir()
    (root / "closed").chmod(0o500)
    (root / "link").symlink_to("bin/app")
    (root / "dangling").symlink_to("/nowhere")
    (root / "Ünïcode").write_text("")
    Path(os.fsdecode(os.fsencode(root) + b"/latin\xe9")).write_text("not UTF-8")
    yield root
    (root / "closed").chmod(0o700)


def test_a_tree_is_listed_in_lexical_order_below_its_parents(tree: Path) -> None:
    target = "/layers/gobp_go/app"
    entries = entries_of_tree(tree, target, uid=1000, gid=1001, parents=parents_of(target))
    seen = [(entry.name, entry.mode, entry.uid, entry.gid) for entry in entries]
    assert [name for name, *_ in seen] == [
        "/layers",
        "/layers/gobp_go",
        target,
        f"{target}/bin",
        f"{target}/bin/again",
        f"{target}/bin/app",
        f"{target}/bin-2",
        f"{target}/closed",
        f"{target}/dangling",
        f"{target}/latin\udce9",
        f"{target}/link",
        f"{target}/Ünïcode",
    ]
    assert seen[0] == ("/layers", 0o755, 0, 0)
    assert seen[5] == (f"{target}/bin/app", 0o4755, 1000, 1001)
    assert seen[7] == (f"{target}/closed", 0o500, 1000, 1001)


def test_a_tree_is_the_bytes_that_go_writes(go_writer: Path, tree: Path) -> None:
    entries = list(entries_of_tree(tree, "/workspace", uid=1000, gid=1000))
    assert written(entries) == written_by_go(go_writer, entries)


def test_the_same_tree_at_another_time_and_place_is_the_same_layer(
    tree: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tree, copy, symlinks=True)
    os.utime(copy / "bin-2", (1, 1))
    first = written(list(entries_of_tree(tree, "/w", uid=1, gid=1)))
    assert written(list(entries_of_tree(copy, "/w", uid=1, gid=1))) == first


def test_other_readers_see_what_was_written(tree: Path) -> None:
    data = written(list(entries_of_tree(tree, "/w", uid=7, gid=8)))
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members = {member.name: member for member in tar}
        again = tar.extractfile("/w/bin/again")
        assert again is not None
        assert again.read().startswith(b"\x7fELF")
    assert members["/w/bin/again"].isreg()
    assert members["/w/link"].linkname == "bin/app"
    assert {member.mtime for member in members.values()} == {315532801}
    assert {(member.uid, member.gid, member.uname) for member in members.values()} == {(7, 8, "")}


def test_a_layer_ends_with_two_blocks_and_no_more() -> None:
    assert written([]) == bytes(1024)


def test_sockets_are_left_out(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "s"))
        entries = list(entries_of_tree(tmp_path, "/w", uid=0, gid=0))
    assert [entry.name for entry in entries] == ["/w"]


def test_a_named_pipe_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UserError, match="pipe is a device or a named pipe"):
        list(entries_of_tree(tmp_path, "/w", uid=0, gid=0))


@pytest.mark.parametrize("size", [3, 5])
def test_a_file_that_changes_while_it_is_read_is_refused(tmp_path: Path, size: int) -> None:
    (tmp_path / "f").write_bytes(b"1234")
    with pytest.raises(UserError, match="/f changed while"):
        write_layer(io.BytesIO(), [Entry.file("/f", FileContent(tmp_path / "f", size))])


@pytest.mark.parametrize("name", ["/", "/a/", "/a//b", "/../a", "/a/./b", "", "/a\0b"])
def test_a_name_that_is_not_clean_is_a_bug(name: str) -> None:
    with pytest.raises(ValueError, match="not a clean name"):
        Entry.directory(name)


def test_a_compressed_layer_has_the_digests_of_both_its_forms() -> None:
    entries = [Entry.file("/f", b"content" * 1000)]
    out = io.BytesIO()
    digests = write_gzip_layer(out, entries)
    blob = out.getvalue()
    plain = gzip.decompress(blob)
    assert plain == written(entries)
    assert (digests.diff_id, digests.digest) == (sha256_of(plain), sha256_of(blob))
    assert (digests.size, digests.media_type) == (len(blob), LAYER_GZIP)
    assert blob[3:8] == bytes(5)  # neither a name nor a time


def test_a_stored_layer_can_be_read_back_by_its_descriptor(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    layer = store_layer(store, [Entry.file("/f", b"content")], compressed=False)
    found = store.find(layer.descriptor.digest)
    assert layer.blob == found
    assert isinstance(found, FileBlob)
    assert sha256_of(read_verified(found)) == layer.diff_id
    assert layer.descriptor.media_type == LAYER
    assert [path.name for path in (tmp_path / "sha256").iterdir()] == [layer.diff_id[7:]]
