"""Layers restored, judged and written; the variables they bring."""

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildpack.environment_variables.variables import launch_variables
from gobp.buildpack.layers import Layers
from gobp.cnb import toml
from gobp.cnb.env import LayerEnvironment, Modification, Operation
from gobp.cnb.layer import LayerTypes
from gobp.errors import UserError

CACHED = LayerTypes(build=True, cache=True)
KEY = {"go": "1.26.8"}


def written(root: Path) -> Layers:
    """Write a cached layer with two files, as an earlier build did."""
    layers = Layers(root)
    layer = layers.layer("go")
    folder = layer.reset()
    (folder / "bin").mkdir()
    (folder / "bin/go").write_text("program")
    (folder / "VERSION").write_text("1.26.8")
    layers.contribute(layer, CACHED, metadata=KEY)
    return layers


def test_a_whole_layer_with_the_same_key_is_not_stale(tmp_path: Path) -> None:
    written(tmp_path)

    assert Layers(tmp_path).layer("go").stale_because(KEY) == []


def test_a_layer_is_whole_after_the_lifecycle_took_its_types(tmp_path: Path) -> None:
    written(tmp_path)
    document = toml.loads((tmp_path / "go.toml").read_text(), source="go.toml")
    (tmp_path / "go.toml").write_text(toml.dumps({"metadata": document["metadata"]}))

    assert Layers(tmp_path).layer("go").stale_because(KEY) == []


def test_every_reason_is_told(tmp_path: Path) -> None:
    written(tmp_path)

    reasons = Layers(tmp_path).layer("go").stale_because({"go": "1.27.0", "arch": "arm64"})

    assert reasons == ["go changed from 1.26.8 to 1.27.0", "arch changed from nothing to arm64"]


def test_a_layer_that_was_never_there_says_so(tmp_path: Path) -> None:
    assert Layers(tmp_path).layer("go").stale_because(KEY) == ["nothing was restored"]


@pytest.mark.parametrize("damage", ["one file", "one byte", "a file more", "all files"])
def test_a_layer_restored_half_is_stale(tmp_path: Path, damage: str) -> None:
    written(tmp_path)
    layer = tmp_path / "go"
    if damage == "one file":
        (layer / "VERSION").unlink()
    elif damage == "one byte":
        (layer / "VERSION").write_text("1.26.")
    elif damage == "a file more":
        (layer / "more").write_text("")
    else:
        shutil.rmtree(layer / "bin")

    assert Layers(tmp_path).layer("go").stale_because(KEY) == [
        "the restored files are not complete"
    ]


def test_metadata_without_files_and_files_without_metadata_are_stale(tmp_path: Path) -> None:
    written(tmp_path)
    shutil.rmtree(tmp_path / "go")
    assert Layers(tmp_path).layer("go").stale_because(KEY) == ["nothing was restored"]

    written(tmp_path)
    (tmp_path / "go.toml").unlink()
    assert Layers(tmp_path).layer("go").stale_because({}) == ["nothing was restored"]


def test_a_reset_layer_is_empty_and_forgotten(tmp_path: Path) -> None:
    layer = written(tmp_path).layer("go")

    assert [*layer.reset().iterdir()] == []
    assert not (tmp_path / "go.toml").exists()
    assert layer.stale_because(KEY) == ["nothing was restored"]


def test_a_layer_toml_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "go.toml").write_text("[metadata")

    with pytest.raises(UserError, match=r"go\.toml"):
        Layers(tmp_path).layer("go")


def test_metadata_is_a_function_of_what_the_layer_holds(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        written(tmp_path / name)

    one, two = ((tmp_path / name / "go.toml").read_bytes() for name in ("one", "two"))
    assert one == two


def test_the_environment_has_the_build_layers_in_the_order_of_their_names(tmp_path: Path) -> None:
    layers = Layers(tmp_path)
    for name, types in (("b", CACHED), ("a", CACHED), ("c", LayerTypes(launch=True))):
        layer = layers.layer(name)
        (layer.reset() / "bin").mkdir()
        environment = LayerEnvironment(
            build=(Modification("ORDER", Operation.APPEND, name),),
            launch=(Modification("AT_LAUNCH", Operation.OVERRIDE, name),),
        )
        layers.contribute(layer, types, environment=environment)

    env = layers.build_environment({"PATH": "/bin"})

    assert env["ORDER"] == "ab"
    assert env["PATH"] == f"{tmp_path}/b/bin:{tmp_path}/a/bin:/bin"
    assert "AT_LAUNCH" not in env
    assert (tmp_path / "c/env.launch/AT_LAUNCH.override").read_text() == "c"


def test_values_that_are_not_utf_8_are_written_byte_for_byte(tmp_path: Path) -> None:
    layers = Layers(tmp_path)
    layer = layers.layer("v")
    layer.reset()
    value = b"caf\xe9".decode("utf-8", "surrogateescape")

    layers.contribute(
        layer,
        LayerTypes(launch=True),
        environment=LayerEnvironment(launch=(Modification("X", Operation.OVERRIDE, value),)),
    )

    assert (tmp_path / "v/env.launch/X.override").read_bytes() == b"caf\xe9"


@pytest.mark.parametrize(
    ("key", "name", "operation"),
    [
        ("BPE_X", "X", Operation.SET),
        ("BPE_APPEND_X", "X", Operation.APPEND),
        ("BPE_DEFAULT_X", "X", Operation.DEFAULT),
        ("BPE_DELIM_X", "X", Operation.DELIMITER),
        ("BPE_OVERRIDE_X", "X", Operation.OVERRIDE),
        ("BPE_PREPEND_X", "X", Operation.PREPEND),
        ("BPE_APPENDX", "APPENDX", Operation.SET),
        ("BPE_DEFAULT_DEFAULT_X", "DEFAULT_X", Operation.DEFAULT),
    ],
)
def test_a_variable_is_set_as_its_name_says(key: str, name: str, operation: Operation) -> None:
    assert launch_variables({key: " v\n"}) == (Modification(name, operation, " v\n"),)


@pytest.mark.parametrize("key", ["BPE_", "BP_X", "X", "xBPE_X"])
def test_other_variables_set_nothing(key: str) -> None:
    assert launch_variables({key: "v"}) == ()


@given(st.dictionaries(st.from_regex(r"BPE_(APPEND_|DEFAULT_)?[A-C]", fullmatch=True), st.text()))
def test_every_variable_of_the_platform_is_set_once(platform_env: dict[str, str]) -> None:
    variables = launch_variables(platform_env)

    assert len({(v.name, v.operation) for v in variables}) == len(variables) == len(platform_env)
    assert sorted(v.value for v in variables) == sorted(platform_env.values())


def test_a_retained_layer_is_declared_as_it_was_restored_and_not_looked_into(
    tmp_path: Path,
) -> None:
    written(tmp_path)
    before = toml.loads((tmp_path / "go.toml").read_text(), source="go.toml")
    (tmp_path / "go/VERSION").unlink()
    layers = Layers(tmp_path)
    restores = LayerEnvironment(build=(Modification("X", Operation.OVERRIDE, "1"),))

    assert layers.retain("go", LayerTypes(cache=True, build=True), restores)

    after = toml.loads((tmp_path / "go.toml").read_text(), source="go.toml")
    assert after == before
    assert layers.build_environment({})["X"] == "1"
    assert [(each.name, each.reused) for each in layers.outcomes()] == [("go", True)]


def test_a_layer_that_was_not_restored_cannot_be_retained(tmp_path: Path) -> None:
    layers = Layers(tmp_path)

    assert not layers.retain("go", CACHED)

    assert not (tmp_path / "go.toml").exists()


def test_what_is_known_later_is_added_to_the_metadata_of_a_layer(tmp_path: Path) -> None:
    layers = written(tmp_path)

    layers.annotate("go", {"inputs": {"app": "1"}})

    metadata = Layers(tmp_path).layer("go").restored
    assert metadata["inputs"] == {"app": "1"}
    assert metadata["go"] == KEY["go"]
    assert Layers(tmp_path).layer("go").stale_because(KEY) == []
