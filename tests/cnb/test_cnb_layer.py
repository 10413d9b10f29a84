from types import MappingProxyType

import pytest
from hypothesis import given

from gobp.cnb import toml
from gobp.cnb.build import BuildToml
from gobp.cnb.layer import LayerContent, LayerTypes
from gobp.cnb.store import Store
from gobp.errors import UserError
from tests.strategies_cnb import documents


@given(documents)
def test_a_layers_metadata_survives_its_file(metadata: dict[str, object]) -> None:
    content = LayerContent(LayerTypes(launch=True, cache=True), metadata)

    document = toml.loads(toml.dumps(content.to_toml()), source="l.toml")

    assert LayerContent.from_toml(document, source="l.toml") == content


def test_all_types_are_written_out() -> None:
    content = LayerContent(LayerTypes(build=True), MappingProxyType({"go": "1.25"}))

    assert toml.dumps(content.to_toml()) == (
        '[metadata]\ngo = "1.25"\n\n[types]\nbuild = true\ncache = false\nlaunch = false\n'
    )


def test_a_restored_layer_has_no_types() -> None:
    content = LayerContent.from_toml({"metadata": {"go": "1.25"}}, source="l.toml")

    assert content == LayerContent(LayerTypes(), {"go": "1.25"})


def test_types_at_the_top_level_are_refused_as_by_the_lifecycle() -> None:
    with pytest.raises(UserError, match=r"l\.toml has launch, cache at the top level"):
        LayerContent.from_toml({"cache": True, "launch": True}, source="l.toml")


def test_a_type_is_true_or_false() -> None:
    with pytest.raises(UserError, match=r"launch in l\.toml is not true or false"):
        LayerContent.from_toml({"types": {"launch": "yes"}}, source="l.toml")


@given(documents)
def test_a_store_survives_its_file(metadata: dict[str, object]) -> None:
    store = Store(metadata)

    document = toml.loads(toml.dumps(store.to_toml()), source="store.toml")

    assert Store.from_toml(document, source="store.toml") == store


@pytest.mark.parametrize("unmet", [(), ("go", "git")])
def test_build_toml_survives_its_file(unmet: tuple[str, ...]) -> None:
    build = BuildToml(unmet)

    document = toml.loads(toml.dumps(build.to_toml()), source="build.toml")

    assert BuildToml.from_toml(document, source="build.toml") == build


def test_an_unmet_entry_without_name_is_refused() -> None:
    with pytest.raises(UserError, match=r"name is missing in build\.toml"):
        BuildToml.from_toml({"unmet": [{}]}, source="build.toml")
