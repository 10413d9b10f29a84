import pytest

from gobp.buildservice.recipes.buildpack_recipe import image_name
from gobp.oci.reference import Reference


@pytest.mark.parametrize(
    ("source", "version", "name"),
    [
        ("github.com/rakyll/hey", "v0.1.4", "hey:v0.1.4"),
        ("example.com/Tool/v2", "v2.0.0+incompatible", "tool:v2.0.0_incompatible"),
        ("git.example:8443/owner/a.b_c", "feature/x", "a-b-c:feature_x"),
        ("git.example/~", "-", "app:latest"),
        ("git.example/a", "v" * 200, f"a:{'v' * 128}"),
    ],
)
def test_an_image_is_named_after_its_source_and_version(
    source: str, version: str, name: str
) -> None:
    assert image_name(source, version) == name
    assert Reference.parse(name).tag == name.partition(":")[2]
