import pytest

from gobp.cnb.buildpack import (
    BuildpackTarget,
    BuildpackToml,
    Distro,
    GroupElement,
    escape_id,
)
from gobp.cnb.toml import Table, loads
from gobp.errors import UserError

_COMPONENT = """
api = "0.10"

[buildpack]
id = "gobp/go"
version = "1.2.3"
name = "Go"
homepage = "https://example.com"
clear-env = true
sbom-formats = ["application/spdx+json"]
keywords = ["unknown keys are ignored"]

[[targets]]
os = "linux"
arch = "arm64"
variant = "v8"

[[targets.distros]]
name = "debian"
version = "12"

[[targets]]

[[stacks]]
id = "*"

[metadata]
default = "1.25.*"
"""

_COMPOSITE = """
api = "0.10"

[buildpack]
id = "gobp"
version = "0.0.1"

[[order]]

[[order.group]]
id = "a/b"
version = "1.0.0"
optional = true

[[order.group]]
id = "c"

[[order]]

[[order.group]]
id = "d"
version = "v2-beta"
"""


def _read(text: str) -> BuildpackToml:
    return BuildpackToml.from_toml(loads(text, source="buildpack.toml"), source="buildpack.toml")


def test_a_component_has_targets_and_metadata() -> None:
    assert _read(_COMPONENT) == BuildpackToml(
        api="0.10",
        id="gobp/go",
        version="1.2.3",
        name="Go",
        homepage="https://example.com",
        clear_env=True,
        sbom_formats=("application/spdx+json",),
        targets=(
            BuildpackTarget("linux", "arm64", "v8", (Distro("debian", "12"),)),
            BuildpackTarget(),
        ),
        stacks=("*",),
        metadata={"default": "1.25.*"},
    )


def test_a_composite_has_groups() -> None:
    assert _read(_COMPOSITE).order == (
        (GroupElement("a/b", "1.0.0", optional=True), GroupElement("c")),
        (GroupElement("d", "v2-beta"),),
    )


def test_both_spellings_of_the_variant_are_read() -> None:
    text = _COMPONENT.replace("variant =", "arch-variant =")

    assert _read(text).targets[0].variant == "v8"


def test_an_order_beside_targets_is_refused() -> None:
    with pytest.raises(UserError, match="an order and targets or stacks too"):
        _read(_COMPOSITE + '[[targets]]\nos = "linux"\n')


@pytest.mark.parametrize("bad", ["app", "sbom", "a b", "a_b", "..", "ä"])
def test_an_id_that_is_not_allowed_is_refused(bad: str) -> None:
    with pytest.raises(UserError, match="cannot be the ID of a buildpack"):
        _read(_COMPONENT.replace("gobp/go", bad))
    with pytest.raises(UserError, match="cannot be the ID of a buildpack"):
        _read(_COMPOSITE.replace("a/b", bad))


@pytest.mark.parametrize("bad", ["1", "1.2", "1.2.3-rc1", "01.2.3", "v1.2.3"])
def test_a_version_has_three_numbers(bad: str) -> None:
    with pytest.raises(UserError, match="is not of the form"):
        _read(_COMPONENT.replace("1.2.3", bad))


@pytest.mark.parametrize("bad", ["..", "../x", "a/b"])
def test_a_version_in_an_order_cannot_lead_elsewhere(bad: str) -> None:
    with pytest.raises(UserError, match="cannot be the name of a folder"):
        _read(_COMPOSITE.replace("v2-beta", bad))


@pytest.mark.parametrize("line", ['api = "0.10"', 'id = "gobp/go"', 'version = "1.2.3"'])
def test_what_must_be_there_is_named(line: str) -> None:
    with pytest.raises(UserError, match=rf"{line.partition(' ')[0]} is missing in buildpack\.toml"):
        _read(_COMPONENT.replace(line, "", 1))


def test_an_api_that_is_no_version_is_refused() -> None:
    with pytest.raises(UserError, match=r"API version in buildpack\.toml is 'ten'"):
        _read(_COMPONENT.replace("0.10", "ten"))


def test_an_id_is_escaped_for_a_folder() -> None:
    assert escape_id("gobp/go") == "gobp_go"


def test_a_table_of_the_wrong_type_is_refused() -> None:
    document: Table = {"api": "0.10", "buildpack": []}

    with pytest.raises(UserError, match="buildpack in x is not a table"):
        BuildpackToml.from_toml(document, source="x")
