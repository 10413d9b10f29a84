"""Layouts are written whole or not at all, and read with every digest checked."""

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

import pytest

from gobp.errors import UserError
from gobp.oci.blobs import BlobStore, BytesBlob, FileBlob, copy_verified, read_verified
from gobp.oci.digest import sha256_of
from gobp.oci.image import INDEX, MANIFEST, Descriptor, Image, Index, Layer, Platform
from gobp.oci.layout import REF_NAME, read_layout, write_layout
from tests.oci.oci_images import AMD64, sample_image


@dataclass(frozen=True)
class Claims:
    """A blob that is not what it says."""

    data: bytes
    digest: str
    size: int

    def open(self) -> IO[bytes]:
        return BytesBlob(self.data).open()


def contents(folder: Path) -> dict[str, bytes]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths}


def test_what_is_written_is_read(tmp_path: Path) -> None:
    image = sample_image(tmp_path / "blobs")
    digest = write_layout(tmp_path / "deep" / "layout", image, reference="v1")
    read = read_layout(tmp_path / "deep" / "layout", "v1", Platform("linux", "amd64"))
    assert (read.config, read.manifest) == (image.config, image.manifest)
    assert read.source_digest == digest == sha256_of(image.manifest.to_json())
    for ours, theirs in zip(image.layers, read.layers, strict=True):
        assert read_verified(ours.blob) == read_verified(theirs.blob)


def test_the_same_image_is_the_same_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        image = sample_image(tmp_path / f"blobs-{name}")
        write_layout(tmp_path / name, image, reference="v1")
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert contents(tmp_path / "a")["oci-layout"] == b'{"imageLayoutVersion":"1.0.0"}'


def test_a_layout_is_replaced_even_by_an_image_that_lives_in_it(tmp_path: Path) -> None:
    write_layout(tmp_path / "l", sample_image(tmp_path / "blobs"), reference="v1")
    image = read_layout(tmp_path / "l")
    write_layout(tmp_path / "l", Image.of(image.config, image.layers[:1]), reference="v2")
    assert len(read_layout(tmp_path / "l", "v2").layers) == 1
    assert len(list((tmp_path / "l" / "blobs" / "sha256").iterdir())) == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blobs", "l"]


def test_what_is_no_layout_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "thesis").write_text("years of work")
    with pytest.raises(UserError, match="home exists and is not an OCI image layout"):
        write_layout(tmp_path / "home", sample_image(tmp_path / "blobs"), reference="v1")
    assert (tmp_path / "home" / "thesis").read_text() == "years of work"


def test_an_empty_directory_becomes_a_layout(tmp_path: Path) -> None:
    (tmp_path / "l").mkdir()
    write_layout(tmp_path / "l", sample_image(tmp_path / "blobs"), reference="v1")
    assert read_layout(tmp_path / "l").layers


def test_a_damaged_blob_leaves_the_old_layout_in_place(tmp_path: Path) -> None:
    write_layout(tmp_path / "l", sample_image(tmp_path / "blobs"), reference="v1")
    before = contents(tmp_path / "l")
    descriptor = Descriptor("layer", sha256_of(b"x"), 1)
    bad = Layer(descriptor, sha256_of(b"x"), Claims(b"y", sha256_of(b"x"), 1))
    with pytest.raises(UserError, match="not what its digest says"):
        write_layout(tmp_path / "l", Image.of(AMD64, [bad]), reference="v2")
    assert contents(tmp_path / "l") == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blobs", "l"]


@pytest.mark.parametrize("data", [b"", b"ab", b"abcd", b"abd"])
def test_a_blob_with_other_content_is_never_taken(tmp_path: Path, data: bytes) -> None:
    claimed = Claims(data, sha256_of(b"abc"), 3)
    store = BlobStore(tmp_path)
    with pytest.raises(UserError, match="not what its digest says"):
        store.add(claimed)
    assert list(tmp_path.rglob("*.*")) == []
    assert store.find(claimed.digest) is None


def test_no_more_is_read_than_a_blob_claims_to_have(tmp_path: Path) -> None:
    (tmp_path / "long").write_bytes(bytes(10_000))
    out = (tmp_path / "out").open("wb")
    with out, pytest.raises(UserError):
        copy_verified(FileBlob(tmp_path / "long", sha256_of(b""), 5), out)
    assert (tmp_path / "out").stat().st_size == 5


def test_a_blob_that_is_here_is_not_read_again(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    store.add(BytesBlob(b"abc"))
    assert read_verified(store.add(Claims(b"???", sha256_of(b"abc"), 3))) == b"abc"


def test_a_missing_or_cut_blob_is_named(tmp_path: Path) -> None:
    image = sample_image(tmp_path / "blobs")
    write_layout(tmp_path / "l", image, reference="v1")
    digest = image.layers[1].descriptor.digest
    (tmp_path / "l" / "blobs" / "sha256" / digest[7:]).write_bytes(b"")
    with pytest.raises(UserError, match=f"lacks the blob {digest}"):
        read_layout(tmp_path / "l")


def test_a_changed_config_is_found_out(tmp_path: Path) -> None:
    image = sample_image(tmp_path / "blobs")
    write_layout(tmp_path / "l", image, reference="v1")
    path = tmp_path / "l" / "blobs" / "sha256" / image.manifest.config.digest[7:]
    path.write_bytes(path.read_bytes().replace(b"1000:1000", b"0000:0000"))
    with pytest.raises(UserError, match="not what its digest says"):
        read_layout(tmp_path / "l")


def test_a_name_that_is_not_there_is_answered_with_those_that_are(tmp_path: Path) -> None:
    write_layout(tmp_path / "l", sample_image(tmp_path / "blobs"), reference="v1")
    with pytest.raises(UserError) as caught:
        read_layout(tmp_path / "l", "v2")
    assert "it has: v1" in str(caught.value)


def test_what_is_no_layout_is_not_read(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is not an OCI image layout"):
        read_layout(tmp_path)


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """A layout of an index in an index, with two platforms and an attestation."""
    store = BlobStore(tmp_path / "l" / "blobs")
    entries = []
    for architecture, variant in (("amd64", ""), ("arm64", "v8")):
        config = replace(AMD64, architecture=architecture, variant=variant)
        image = sample_image(tmp_path / "l" / "blobs", config)
        store.add(BytesBlob(image.config.to_json()))
        blob = store.add(BytesBlob(image.manifest.to_json()))
        entries.append(Descriptor(MANIFEST, blob.digest, blob.size, config.platform))
    note = {"vnd.docker.reference.type": "attestation-manifest"}
    entries.append(replace(entries[0], platform=None, annotations=note))
    inner = store.add(BytesBlob(Index(tuple(entries)).to_json()))
    outer = Descriptor(INDEX, inner.digest, inner.size, annotations={REF_NAME: "v1"})
    (tmp_path / "l" / "index.json").write_bytes(Index((outer,)).to_json())
    (tmp_path / "l" / "oci-layout").write_text("{}")
    return tmp_path / "l"


@pytest.mark.parametrize("text", ["linux/amd64", "linux/arm64", "linux/arm64/v8"])
def test_the_platform_chooses_within_an_index(many: Path, text: str) -> None:
    assert str(read_layout(many, "v1", Platform.parse(text)).config.platform).startswith(text)


@pytest.mark.parametrize("text", ["linux/arm", "linux/arm64/v9", "windows/amd64"])
def test_a_platform_that_is_not_there_is_answered_with_those_that_are(
    many: Path, text: str
) -> None:
    with pytest.raises(UserError) as caught:
        read_layout(many, platform=Platform.parse(text))
    assert "it has: linux/amd64, linux/arm64/v8" in str(caught.value)


def test_several_images_need_a_platform(many: Path) -> None:
    with pytest.raises(UserError, match="holds 2 images, not one"):
        read_layout(many)


def test_a_single_image_for_another_platform_is_refused(tmp_path: Path) -> None:
    write_layout(tmp_path / "l", sample_image(tmp_path / "blobs"), reference="v1")
    index = json.loads((tmp_path / "l" / "index.json").read_text())
    del index["manifests"][0]["platform"]
    (tmp_path / "l" / "index.json").write_text(json.dumps(index))
    with pytest.raises(UserError, match="no image for linux/arm64"):
        read_layout(tmp_path / "l", platform=Platform("linux", "arm64"))


def test_an_endless_chain_of_indexes_ends(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "blobs")
    entry = Descriptor(INDEX, sha256_of(b""), 0)
    for _ in range(9):
        blob = store.add(BytesBlob(Index((entry,)).to_json()))
        entry = Descriptor(INDEX, blob.digest, blob.size)
    (tmp_path / "index.json").write_bytes(Index((entry,)).to_json())
    (tmp_path / "oci-layout").write_text("{}")
    with pytest.raises(UserError, match="is not an image but"):
        read_layout(tmp_path)
