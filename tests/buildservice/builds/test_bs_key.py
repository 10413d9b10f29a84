import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildservice.builds.key import key_of, new_id
from gobp.buildservice.builds.order import GitSource, ModuleSource, Order, Pin, Recipe, Target

ORDER = Order(source=ModuleSource("example.com/app"), ref="v1.0.0", target=Target("linux", "amd64"))
PIN = Pin(version="v1.0.0", h1="h1:abc=")
OTHERS = {
    "source": GitSource("example.com", "app"),
    "target": Target("linux", "arm64"),
    "package": "./cmd/x",
    "tags": ("netgo",),
    "ldflags": "-s",
    "recipe": Recipe.MAKE,
    "verify": True,
    "go": "1.25.4",
}


def test_everything_that_decides_what_comes_out_is_in_the_key() -> None:
    keys = {key_of(ORDER, PIN, "1.26.8"), key_of(ORDER, PIN, "1.26.9")}
    for name, value in OTHERS.items():
        keys.add(key_of(msgspec.structs.replace(ORDER, **{name: value}), PIN, "1.26.8"))
    for name, value in {"version": "v1.0.1", "commit": "ab", "h1": "h1:def="}.items():
        keys.add(key_of(ORDER, msgspec.structs.replace(PIN, **{name: value}), "1.26.8"))

    assert set(OTHERS) == {field.name for field in msgspec.structs.fields(Order)} - {"ref"}
    assert len(keys) == 2 + len(OTHERS) + 3


def test_how_a_version_was_asked_for_is_not_in_the_key() -> None:
    asked_differently = msgspec.structs.replace(ORDER, ref="latest")

    assert key_of(ORDER, PIN, "1.26.8") == key_of(asked_differently, PIN, "1.26.8")


def test_a_branch_is_the_same_build_as_the_commit_that_it_stands_for() -> None:
    branch = Pin(version="main", commit="ab12", moving=True)
    renamed = Pin(version="trunk", commit="ab12", moving=True)

    assert key_of(ORDER, branch, "1") == key_of(ORDER, renamed, "1")


def test_naming_the_default_go_makes_no_other_build() -> None:
    named = msgspec.structs.replace(ORDER, go="1.26.8")

    assert key_of(ORDER, PIN, "1.26.8") == key_of(named, PIN, "1.26.8")


@given(st.lists(st.floats(0, 2**38), min_size=2, unique_by=lambda t: int(t * 1_000_000)))
def test_ids_sort_by_the_microsecond(times: list[float]) -> None:
    ids = [new_id(lambda time=time: time) for time in sorted(times)]  # type: ignore[misc] # bound

    assert ids == sorted(ids)
    assert all(len(each) == 32 for each in ids)
