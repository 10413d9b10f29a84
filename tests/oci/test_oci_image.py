"""The documents of an image: canonical bytes, docker's forms, and what is refused."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.oci.digest import check_digest, hex_of, sha256_of, sha256_of_file
from gobp.oci.image import (
    CONFIG,
    INDEX,
    LAYER_GZIP,
    LAYER_LIMIT,
    MANIFEST,
    ContainerConfig,
    Descriptor,
    History,
    Image,
    ImageConfig,
    Index,
    Manifest,
    Platform,
)
from gobp.oci.json_document import DOCUMENT_LIMIT
from tests.oci.oci_images import AMD64, sample_image

DIGEST = sha256_of(b"")
_text = st.text(max_size=10) | st.just("\ud800")
_texts = st.lists(_text, max_size=3).map(tuple)
_map = st.dictionaries(_text, _text, max_size=3)
_digest = st.binary(max_size=2).map(sha256_of)
_platform = st.builds(Platform, st.just("linux"), st.sampled_from(["arm", "amd64"]), _text)
_descriptor = st.builds(
    Descriptor, _text, _digest, st.integers(0, 2**40), st.none() | _platform, _map
)
_container = st.builds(
    ContainerConfig,
    _texts,
    _texts,
    _texts,
    _text,
    _text,
    _map,
    st.lists(_text, max_size=3, unique=True).map(lambda ports: tuple(sorted(ports))),
    st.dictionaries(st.sampled_from(["StopSignal", "Shell"]), _texts.map(list)),
)
_config = st.builds(
    ImageConfig,
    _text,
    _text,
    _text,
    _text,
    _container,
    st.lists(_digest, max_size=3).map(tuple),
    st.lists(st.builds(History, _text, _text, st.booleans(), _text, _text), max_size=3).map(tuple),
    st.dictionaries(st.just("os.version"), _text),
)


@given(_config)
def test_every_config_survives_its_bytes(config: ImageConfig) -> None:
    assert ImageConfig.from_json(config.to_json(), source="config") == config


@given(st.builds(Manifest, _descriptor, st.lists(_descriptor, max_size=3).map(tuple), _map))
def test_every_manifest_survives_its_bytes(manifest: Manifest) -> None:
    assert Manifest.from_json(manifest.to_json(), source="manifest") == manifest


@given(st.builds(Index, st.lists(_descriptor, max_size=3).map(tuple), _map))
def test_every_index_survives_its_bytes(index: Index) -> None:
    assert Index.from_json(index.to_json(), source="index") == index


def test_documents_are_canonical_bytes() -> None:
    config = ImageConfig("arm64", variant="v8", config=ContainerConfig(labels={"b": "é", "a": "<"}))
    assert config.to_json() == (
        b'{"architecture":"arm64","config":{"Labels":{"a":"<","b":"\\u00e9"}},'
        b'"created":"1980-01-01T00:00:01Z","os":"linux",'
        b'"rootfs":{"diff_ids":[],"type":"layers"},"variant":"v8"}'
    )
    manifest = Manifest(Descriptor(CONFIG, DIGEST, 0))
    assert (
        manifest.to_json()
        == (
            f'{{"config":{{"digest":"{DIGEST}","mediaType":"{CONFIG}","size":0}},"layers":[],'
            f'"mediaType":"{MANIFEST}","schemaVersion":2}}'
        ).encode()
    )


def test_dockers_media_types_and_nulls_are_read_as_ocis() -> None:
    docker = "application/vnd.docker."
    manifest = Manifest.from_json(
        json.dumps(
            {
                "schemaVersion": 2,
                "config": {
                    "mediaType": f"{docker}container.image.v1+json",
                    "digest": DIGEST,
                    "size": 1,
                },
                "layers": [
                    {
                        "mediaType": f"{docker}image.rootfs.diff.tar.gzip",
                        "digest": DIGEST,
                        "size": 2,
                    }
                ],
            }
        ).encode(),
        source="m",
    )
    assert manifest.config.media_type == CONFIG
    assert manifest.layers[0].media_type == LAYER_GZIP
    config = ImageConfig.from_json(
        b'{"os":"linux","architecture":"amd64","config":{"Cmd":null,"Labels":null},"rootfs":{}}',
        source="c",
    )
    assert config.config == ContainerConfig()


def test_what_a_run_image_says_beyond_our_words_is_kept() -> None:
    text = b'{"os.version":"1","config":{"Healthcheck":{"Test":["CMD","x"]}},"rootfs":{}}'
    again = ImageConfig.from_json(text, source="c").to_json()
    assert json.loads(again)["config"] == {"Healthcheck": {"Test": ["CMD", "x"]}}
    assert json.loads(again)["os.version"] == "1"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "it is not JSON"),
        (b"[]", "it is not a JSON object"),
        (b"[" * 100_000, "it is not JSON"),
        (b" " * (DOCUMENT_LIMIT + 1), "it is larger than"),
        (b'{"schemaVersion":1}', "it is not an image manifest of schema version 2"),
        (b'{"schemaVersion":2,"config":3}', "it: config is not a JSON object"),
        (b'{"schemaVersion":2,"config":{"digest":"sha256:../.."}}', "is not a digest"),
        (b'{"schemaVersion":2,"config":{"digest":"%s"}}' % DIGEST.encode(), "it: size is not"),
        (
            b'{"schemaVersion":2,"config":{"digest":"%s","size":-1}}' % DIGEST.encode(),
            "it: size is not",
        ),
        (
            b'{"schemaVersion":2,"config":{"digest":"%s","size":1},"layers":{}}' % DIGEST.encode(),
            "it: layers is not a list",
        ),
    ],
)
def test_a_wrong_manifest_is_refused_by_name(data: bytes, words: str) -> None:
    with pytest.raises(UserError) as caught:
        Manifest.from_json(data, source="it")
    assert words in caught.value.summary


def test_more_layers_than_an_engine_mounts_are_refused() -> None:
    manifest = Manifest(Descriptor(CONFIG, DIGEST, 1), (Descriptor("l", DIGEST, 1),) * 1001)
    with pytest.raises(UserError, match=f"more than {LAYER_LIMIT}"):
        Manifest.from_json(manifest.to_json(), source="m")


def test_a_config_with_a_list_of_numbers_for_env_is_refused() -> None:
    with pytest.raises(UserError, match="c: Env is not a text"):
        ImageConfig.from_json(b'{"config":{"Env":[1]}}', source="c")


def test_an_image_takes_its_diff_ids_from_its_layers(tmp_path: Path) -> None:
    image = sample_image(tmp_path)
    assert image.config.diff_ids == tuple(layer.diff_id for layer in image.layers)
    assert image.manifest.config.digest == sha256_of(image.config.to_json())
    with pytest.raises(ValueError, match="diff_ids"):
        replace(image, layers=image.layers[:1])


def test_a_manifest_and_a_config_that_disagree_are_refused() -> None:
    config = replace(AMD64, diff_ids=(DIGEST,))
    manifest = Manifest(Descriptor(CONFIG, DIGEST, 1))
    with pytest.raises(UserError, match="x: the manifest has 0 layers, the config 1"):
        Image.read(manifest, config, [], source_digest=DIGEST, source="x")


@pytest.mark.parametrize("text", ["linux/amd64", "linux/arm/v7"])
def test_a_platform_reads_what_it_writes(text: str) -> None:
    assert str(Platform.parse(text)) == text


@pytest.mark.parametrize("text", ["linux", "linux/", "a/b/c/d", ""])
def test_what_is_no_platform_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="is not a platform"):
        Platform.parse(text)


def test_digests_of_files_and_bytes_agree(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    assert sha256_of_file(tmp_path / "f") == sha256_of(b"abc")
    assert hex_of(sha256_of(b"")) == (
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    )


@pytest.mark.parametrize("text", ["", "sha256:", "md5:" + "0" * 32, "sha256:" + "G" * 64])
def test_what_is_no_digest_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="is not a digest"):
        check_digest(text)


def test_the_media_type_of_an_index_is_ocis() -> None:
    assert json.loads(Index().to_json())["mediaType"] == INDEX
