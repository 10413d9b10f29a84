import json

import pytest

from gobp.cnb import labels, toml
from gobp.cnb.layer import LayerTypes
from gobp.cnb.lifecycle_metadata import (
    LifecycleMetadata,
    RunImageRecord,
    StoredBuildpack,
    StoredLayer,
)
from gobp.cnb.store import Store
from gobp.errors import UserError

METADATA = LifecycleMetadata(
    app=("sha256:a1", "sha256:a2"),
    sbom="sha256:b0",
    buildpacks=(
        StoredBuildpack(
            "gobp/go",
            "1.0.0",
            {
                "targets": StoredLayer("sha256:t", LayerTypes(launch=True), {"z": 1, "a": ["x"]}),
                "empty": StoredLayer("sha256:e", LayerTypes(build=True, cache=True)),
            },
            Store({"runs": 2}),
        ),
        StoredBuildpack("other", "2.0.0"),
    ),
    config="sha256:c",
    launcher="sha256:l",
    process_types="sha256:p",
    run_image=RunImageRecord("sha256:r", "example.com/run@sha256:d", "example.com/run", ("m1",)),
)

LABEL = (
    '{"app":[{"sha":"sha256:a1"},{"sha":"sha256:a2"}],"sbom":{"sha":"sha256:b0"},'
    '"buildpacks":[{"key":"gobp/go","version":"1.0.0","layers":{'
    '"empty":{"sha":"sha256:e","data":null,"build":true,"launch":false,"cache":true},'
    '"targets":{"sha":"sha256:t","data":{"a":["x"],"z":1},"build":false,"launch":true,'
    '"cache":false}},"store":{"metadata":{"runs":2}}},'
    '{"key":"other","version":"2.0.0","layers":{}}],'
    '"config":{"sha":"sha256:c"},"launcher":{"sha":"sha256:l"},"process-types":{"sha":"sha256:p"},'
    '"runImage":{"topLayer":"sha256:r","reference":"example.com/run@sha256:d",'
    '"image":"example.com/run","mirrors":["m1"]},'
    '"stack":{"runImage":{"image":"example.com/run","mirrors":["m1"]}}}'
)


def test_the_label_is_as_the_lifecycle_writes_it() -> None:
    assert labels.to_json(METADATA.to_json()) == LABEL


def test_the_label_is_read_back() -> None:
    assert LifecycleMetadata.from_json(json.loads(LABEL), source="label") == METADATA


@pytest.mark.parametrize("metadata", [METADATA, LifecycleMetadata()])
def test_metadata_survives_its_toml(metadata: LifecycleMetadata) -> None:
    document = toml.loads(toml.dumps(metadata.to_toml()), source="analyzed.toml")

    assert LifecycleMetadata.from_toml(document, source="analyzed.toml") == metadata


def test_nulls_of_go_are_nothing() -> None:
    document = {"app": None, "buildpacks": [{"key": "a", "version": "1", "layers": None}]}

    metadata = LifecycleMetadata.from_json(document, source="label")

    assert metadata == LifecycleMetadata(buildpacks=(StoredBuildpack("a", "1"),))


def test_a_buildpack_is_found_by_id() -> None:
    assert METADATA.buildpack("other").version == "2.0.0"
    assert METADATA.buildpack("unknown") == StoredBuildpack("unknown", "")


def test_a_damaged_label_is_named() -> None:
    with pytest.raises(UserError, match="layers in label is not a table"):
        LifecycleMetadata.from_json({"buildpacks": [{"layers": []}]}, source="label")
