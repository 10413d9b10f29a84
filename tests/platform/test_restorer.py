import pytest

from gobp.cnb.layer import LayerTypes
from gobp.cnb.lifecycle_metadata import StoredLayer
from gobp.platform.restorer import restorable


def stored(flags: str, sha: str = "image") -> StoredLayer:
    """Return a layer whose types are letters: b(uild), c(ache), l(aunch)."""
    return StoredLayer(sha, LayerTypes(launch="l" in flags, build="b" in flags, cache="c" in flags))


@pytest.mark.parametrize(
    ("image", "cache", "source"),
    [
        ("bcl", "bcl", "image"),
        ("cl", "cl", "image"),
        ("cl", "", None),
        ("", "cl", "cache"),
        ("", "bcl", "cache"),
        ("", "bc", "cache"),
        ("", "c", "cache"),
        ("l", "", "image"),
        ("bl", "", None),
        ("bl", "cl", None),
        ("cl", "c", "cache"),
        ("l", "c", "cache"),
    ],
)
def test_metadata_is_restored_by_the_lifecycles_table(
    image: str, cache: str, source: str | None
) -> None:
    restored = restorable(
        {"layer": stored(image)} if image else {},
        {"layer": stored(cache, "cache")} if cache else {},
    )

    assert {name: layer.sha for name, layer in restored.items()} == (
        {} if source is None else {"layer": source}
    )
