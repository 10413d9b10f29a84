"""Archives: one file that is a layout and a docker archive; both kinds are read."""

import io
import json
import tarfile
from pathlib import Path

import pytest

from gobp.errors import UserError
from gobp.oci.archive import read_archive, write_archive
from gobp.oci.blobs import read_verified
from gobp.oci.digest import sha256_of
from gobp.oci.image import LAYER_GZIP, Image, Platform
from gobp.oci.reference import Reference
from tests.oci.oci_images import sample_image

NAME = Reference.parse("demo/web:v1")


@pytest.fixture
def image(tmp_path: Path) -> Image:
    return sample_image(tmp_path / "blobs")


@pytest.fixture
def archive(tmp_path: Path, image: Image) -> Path:
    write_archive(tmp_path / "image.tar", image, reference=NAME)
    return tmp_path / "image.tar"


def files_of(archive: Path) -> dict[str, bytes]:
    files = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            content = tar.extractfile(member)
            assert content is not None
            files[member.name] = content.read()
    return files


def tar_of(path: Path, files: dict[str, bytes], links: dict[str, str] | None = None) -> Path:
    with tarfile.open(path, "w") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
        for name, to in (links or {}).items():
            member = tarfile.TarInfo(name)
            member.type = tarfile.SYMTYPE
            member.linkname = to
            tar.addfile(member)
    return path


def docker_archive(archive: Path, path: Path, layers: list[str] | None = None) -> Path:
    """What docker save writes: the same image without OCI's documents."""
    files = files_of(archive)
    del files["index.json"], files["oci-layout"]
    if layers is not None:
        (entry,) = json.loads(files["manifest.json"])
        files["manifest.json"] = json.dumps([entry | {"Layers": layers}]).encode()
    return tar_of(path, files)


def test_what_is_written_is_read(archive: Path, image: Image) -> None:
    read = read_archive(archive, str(NAME), Platform("linux", "amd64"))
    assert (read.config, read.manifest) == (image.config, image.manifest)
    assert read.source_digest == sha256_of(image.manifest.to_json())
    for ours, theirs in zip(image.layers, read.layers, strict=True):
        assert read_verified(ours.blob) == read_verified(theirs.blob)


def test_the_same_image_and_name_are_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    write_archive(tmp_path / "b.tar", sample_image(tmp_path / "more"), reference=NAME)
    assert (tmp_path / "b.tar").read_bytes() == archive.read_bytes()


def test_the_archive_lists_its_documents_first_and_every_blob_once(
    archive: Path, image: Image
) -> None:
    names = list(files_of(archive))
    blobs = {layer.descriptor.digest for layer in image.layers} | {
        image.manifest.config.digest,
        sha256_of(image.manifest.to_json()),
    }
    assert names[:3] == ["oci-layout", "index.json", "manifest.json"]
    assert names[3:] == sorted(f"blobs/sha256/{digest[7:]}" for digest in blobs)


def test_docker_is_told_the_name_only_where_there_is_a_tag(tmp_path: Path, image: Image) -> None:
    for reference, tags in ((NAME, ["index.docker.io/demo/web:v1"]), (by_digest(image), [])):
        write_archive(tmp_path / "a.tar", image, reference=reference)
        (entry,) = json.loads(files_of(tmp_path / "a.tar")["manifest.json"])
        assert entry["RepoTags"] == tags


def by_digest(image: Image) -> Reference:
    return NAME.with_digest(image.layers[0].diff_id)


def test_a_docker_archive_is_read_by_its_list(archive: Path, tmp_path: Path, image: Image) -> None:
    read = read_archive(docker_archive(archive, tmp_path / "d.tar"), "demo/web:v1")
    assert read.config == image.config
    assert [layer.descriptor for layer in read.layers] == [
        layer.descriptor for layer in image.layers
    ]
    assert read.layers[1].descriptor.media_type == LAYER_GZIP
    assert read_verified(read.layers[0].blob) == read_verified(image.layers[0].blob)


def test_a_linked_layer_of_a_docker_archive_is_followed(
    archive: Path, tmp_path: Path, image: Image
) -> None:
    files = files_of(archive)
    (entry,) = json.loads(files["manifest.json"])
    real = entry["Layers"][0]
    entry["Layers"][0] = "twice/layer.tar"
    documents = {"manifest.json": json.dumps([entry]).encode()}
    files = {name: data for name, data in files.items() if name.startswith("blobs")} | documents
    linked = tar_of(tmp_path / "d.tar", files, {"twice/layer.tar": f"../{real}"})
    assert read_archive(linked).manifest.layers == image.manifest.layers


def test_a_docker_archive_for_another_platform_is_refused(archive: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="is for linux/amd64, not for linux/arm64"):
        read_archive(
            docker_archive(archive, tmp_path / "d.tar"), platform=Platform("linux", "arm64")
        )


def test_a_name_that_is_not_there_is_answered_with_those_that_are(
    archive: Path, tmp_path: Path
) -> None:
    for path in (archive, docker_archive(archive, tmp_path / "d.tar")):
        with pytest.raises(UserError) as caught:
            read_archive(path, "demo/web:v2")
        assert "it has: index.docker.io/demo/web:v1" in str(caught.value)


@pytest.mark.parametrize("layers", [[], ["gone.tar", "gone.tar"]])
def test_a_docker_archive_whose_layers_are_wrong_is_refused(
    archive: Path, tmp_path: Path, layers: list[str]
) -> None:
    with pytest.raises(UserError, match=r"other layers than|lacks the file gone\.tar"):
        read_archive(docker_archive(archive, tmp_path / "d.tar", layers))


def test_a_damaged_layer_is_found_out(archive: Path, tmp_path: Path, image: Image) -> None:
    files = files_of(archive)
    blob = f"blobs/sha256/{image.layers[0].descriptor.digest[7:]}"
    files[blob] = files[blob].replace(b"workspace", b"workspaze")
    damaged = tar_of(tmp_path / "bad.tar", files)
    with pytest.raises(UserError, match="not what its digest says"):
        write_archive(tmp_path / "copy.tar", read_archive(damaged), reference=NAME)
    with pytest.raises(UserError, match="is damaged"):
        read_archive(docker_archive(damaged, tmp_path / "d.tar"))
    assert not (tmp_path / "copy.tar").exists()


def test_what_is_no_image_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("hello")
    for path, words in (
        (tmp_path / "text", "is not a plain tar"),
        (tmp_path / "gone", "is not a plain tar"),
        (tar_of(tmp_path / "t.tar", {"a": b""}), "is a tar, but not one of an image"),
        (
            tar_of(tmp_path / "l.tar", {"manifest.json": b"{}"}),
            "the document is not a list",
        ),
    ):
        with pytest.raises(UserError, match=words):
            read_archive(path)


def test_links_that_go_in_circles_end(tmp_path: Path) -> None:
    files = {"manifest.json": b'[{"Config":"a","Layers":[]}]'}
    circle = tar_of(tmp_path / "c.tar", files, {"a": "b", "b": "a"})
    with pytest.raises(UserError, match="lacks the file a"):
        read_archive(circle)


def test_names_may_start_with_a_slash_as_packs_do(archive: Path, tmp_path: Path) -> None:
    files = {f"/{name}": data for name, data in files_of(archive).items()}
    assert read_archive(tar_of(tmp_path / "cnb.tar", files)).layers
