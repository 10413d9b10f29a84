import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from release.deb import ar_members, merge, read_deb
from tests.release.fake_debs import ar, deb

NAMES = st.text("abcdefgh.-_", min_size=1, max_size=15)


@given(st.dictionaries(NAMES, st.binary(max_size=50), max_size=5))
def test_every_member_of_an_ar_archive_is_read_back(members: dict[str, bytes]) -> None:
    assert dict(ar_members(ar(members), source="x.deb")) == members


@given(st.binary(max_size=200))
def test_nothing_but_a_deb_is_read_as_one(data: bytes) -> None:
    with pytest.raises(UserError, match=r"x\.deb is not a sound Debian package"):
        read_deb(b"!<arch>\n" + data, source="x.deb")


def test_a_member_that_is_cut_off_is_refused() -> None:
    whole = ar({"debian-binary": b"2.0\n"})

    with pytest.raises(UserError, match="cut off"):
        list(ar_members(whole[:-1], source="x.deb"))


def test_a_tar_that_is_cut_off_is_refused() -> None:
    packed = dict(ar_members(deb({"./a": b"a" * 1000}), source="x.deb"))["data.tar.xz"]

    with pytest.raises(UserError, match="cut off"):
        read_deb(ar({"data.tar.xz": packed[:-40]}), source="x.deb")


@pytest.mark.parametrize("path", ["../out", "./usr/../../out", "/etc/passwd"])
def test_a_file_outside_the_root_is_refused(path: str) -> None:
    with pytest.raises(UserError, match="outside its root"):
        read_deb(deb({path: b""}), source="x.deb")


def test_links_to_files_and_folders_are_followed_across_packages() -> None:
    library = read_deb(
        deb(
            {"./usr/lib/libz.so.1.3": b"zlib", "./usr/share/doc/base/copyright": b"text"},
            {"./usr/lib/libz.so.1": "libz.so.1.3", "./lib": "usr/lib"},
        ),
        source="libz.deb",
    )
    other = read_deb(deb({}, {"./usr/share/doc/other": "base"}), source="other.deb")

    merged = merge([library, other])

    assert merged.read("lib/libz.so.1") == b"zlib"
    assert merged.read("usr/share/doc/other/copyright") == b"text"


def test_a_link_that_leads_out_stays_inside_the_packages() -> None:
    files = read_deb(
        deb({"./etc/hosts": b"ours"}, {"./a": "../../../etc/hosts", "./b": "/etc/hosts"}),
        source="x.deb",
    )

    assert files.read("a") == b"ours"
    assert files.read("b") == b"ours"


def test_links_in_a_circle_end_as_a_missing_file() -> None:
    files = read_deb(deb({}, {"./a": "b", "./b": "a"}), source="x.deb")

    with pytest.raises(UserError, match="hold no a"):
        files.read("a")
