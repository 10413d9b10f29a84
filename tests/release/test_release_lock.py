from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from release.lock import Lock, Package, PoolFile, format_lock, parse_lock, read_lock
from release.recipe import LICENCE_PACKAGES, PACKAGES
from release.runtime import LOCK

TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=20)
POOL_FILES = st.builds(
    PoolFile,
    st.from_regex(
        r"pool/main/[a-z]/[a-z0-9.+-]{1,9}/[a-z][a-z0-9.+_~-]{1,9}\.deb", fullmatch=True
    ).filter(lambda path: "/." not in path and "/+" not in path and "/-" not in path),
    st.integers(1, 10**7),
    st.binary(min_size=32, max_size=32).map(bytes.hex),
)
PACKAGE = st.builds(
    Package,
    TEXTS,
    TEXTS,
    TEXTS,
    TEXTS,
    st.fixed_dictionaries(dict.fromkeys(("amd64", "arm64"), POOL_FILES)),
)
LOCKS = st.builds(Lock, TEXTS, TEXTS, TEXTS, st.lists(PACKAGE, min_size=1, max_size=3).map(tuple))


@given(LOCKS)
def test_every_lock_survives_its_text(lock: Lock) -> None:
    assert parse_lock(format_lock(lock), source="lock.toml") == lock


def test_the_repositorys_lock_names_every_package_of_the_recipe() -> None:
    lock = read_lock(LOCK)

    assert [package.name for package in lock.packages] == [*PACKAGES, *LICENCE_PACKAGES]
    assert LOCK.read_text(encoding="utf-8") == format_lock(lock)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("format = 1", "format = 2"),
        ('suite = "trixie"', ""),
        ("[[package]]", "[package]"),
        ("pool/", "../pool/"),
        ("pool/main", "pool/../main"),
        ('sha256 = "', 'sha256 = "x'),
        ("size = ", "size = -"),
        ("amd64 = ", "i386 = "),
        ("format = 1", "format = "),
    ],
)
def test_a_damaged_lock_is_refused_by_name(old: str, new: str) -> None:
    text = LOCK.read_text(encoding="utf-8")

    with pytest.raises(UserError, match=r"lock\.toml is not a lock") as caught:
        parse_lock(text.replace(old, new), source="lock.toml")

    assert "make runtime-lock" in caught.value.remedy


def test_a_package_larger_than_any_is_refused() -> None:
    file = read_lock(LOCK).packages[0].files["amd64"]

    with pytest.raises(ValueError, match="no size of a package"):
        replace(file, size=10**9)
