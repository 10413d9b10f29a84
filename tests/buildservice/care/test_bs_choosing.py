"""Which builds are kept no longer."""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildservice.care.choosing import Kept, no_longer_kept
from gobp.buildservice.settings.schema import Keep
from gobp.serving.settings.values import Duration, Size

NOW = 1_000_000.0
HOUR = 3600


def kept(
    name: str,
    hours_ago: float,
    *,
    program: str = "tool",
    blobs: Mapping[str, int] | None = None,
    succeeded: bool = True,
    pinned: bool = False,
) -> Kept:
    found = {name: 10} if blobs is None else blobs
    return Kept(
        name, program, NOW - hours_ago * HOUR, succeeded, pinned, found if succeeded else {}
    )


def gone(builds: list[Kept], **settings: int) -> str:
    sizes = {name: Size(value) for name, value in settings.items() if name == "bytes"}
    ages = {
        name: Duration(value * HOUR)
        for name, value in settings.items()
        if name in {"age", "failed"}
    }
    keep = Keep(
        age=ages.get("age", Duration(0)),
        failed=ages.get("failed", Duration(0)),
        bytes=sizes.get("bytes", Size(0)),
        last=settings.get("last", 0),
    )
    return "".join(build.id for build in no_longer_kept(builds, keep, NOW))


HISTORY = [kept("c", 1), kept("a", 3), kept("b", 2)]


@pytest.mark.parametrize(
    ("builds", "settings", "expected"),
    [
        (HISTORY, {}, ""),
        (HISTORY, {"age": 2}, "a"),
        (HISTORY, {"age": 1}, "ab"),
        (HISTORY, {"age": 1, "last": 2}, "a"),
        (HISTORY, {"bytes": 29}, "a"),
        (HISTORY, {"bytes": 10}, "ab"),
        (HISTORY, {"bytes": 1}, "abc"),
        (HISTORY, {"bytes": 1, "last": 1}, "ab"),
        (HISTORY, {"age": 2, "bytes": 20}, "a"),
        ([kept("a", 9, pinned=True), kept("b", 8)], {"age": 1, "bytes": 1}, "b"),
        ([kept("a", 9), kept("b", 8, program="other")], {"age": 1, "last": 1}, ""),
        ([kept("a", 9, succeeded=False), kept("b", 9)], {"failed": 2}, "a"),
        ([kept("a", 9, succeeded=False), kept("b", 9)], {"age": 2, "last": 1}, "a"),
        ([kept("a", 1, succeeded=False)], {"failed": 2, "bytes": 1}, ""),
        ([kept("a", 1, succeeded=False)], {"last": 5, "age": 2}, ""),
        # nothing is won by removing one of two that have the same blob, but by removing both
        ([kept("a", 3, blobs={"x": 9}), kept("b", 2, blobs={"x": 9}), kept("c", 1)],
         {"bytes": 18}, "ab"),
        ([kept("a", 3, blobs={"x": 9}), kept("b", 2, blobs={"x": 9}), kept("c", 1)],
         {"bytes": 19}, ""),
    ],
)  # fmt: skip
def test_the_oldest_goes_first_and_what_is_to_stay_stays(
    builds: list[Kept], settings: dict[str, int], expected: str
) -> None:
    assert gone(builds, **settings) == expected


@given(
    st.lists(
        st.builds(
            Kept,
            id=st.uuids().map(str),
            program=st.sampled_from("pq"),
            ended=st.floats(0, NOW),
            succeeded=st.sampled_from([True]),
            pinned=st.booleans(),
            blobs=st.dictionaries(st.sampled_from("abcdef"), st.just(7), max_size=3),
        ),
        max_size=12,
    ),
    st.integers(1, 50),
    st.integers(0, 2),
)
def test_what_is_left_is_within_the_bound_or_is_to_stay_and_nothing_went_in_vain(
    builds: list[Kept], most: int, last: int
) -> None:
    keep = Keep(bytes=Size(most), last=last)
    removed = no_longer_kept(builds, keep, NOW)
    left = [build for build in builds if build not in removed]

    assert not any(build.pinned for build in removed)
    if _size(left) > most:
        for build in left:
            newer = [b for b in builds if b.program == build.program and b.ended > build.ended]
            assert build.pinned or not build.blobs or len(newer) < last
    if removed:
        assert _size([*left, removed[-1]]) > most


def _size(builds: list[Kept]) -> int:
    return 7 * len({sha256 for build in builds for sha256 in build.blobs})
