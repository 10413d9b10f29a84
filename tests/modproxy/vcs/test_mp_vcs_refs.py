import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.modproxy.vcs.refs import AmbiguousError, Refs, version_of_tag, versions_of_tags

A, B, C = "a" * 40, "ab" * 20, "c" * 40
LISTING = f"""\
{A}\tHEAD
{A}\trefs/heads/main
{B}\trefs/heads/feature/x
{B}\trefs/tags/v1.0.0
{C}\trefs/tags/v1.1.0
{A}\trefs/tags/v1.1.0^{{}}
{C}\trefs/pull/1/head
"""
REFS = Refs.parse(LISTING)


def test_branches_and_tags_are_read_and_other_refs_are_not() -> None:
    assert REFS.tags == {"v1.0.0": B, "v1.1.0": A}
    assert set(REFS.commits) == {
        *("HEAD", "refs/heads/main", "refs/heads/feature/x"),
        *("refs/tags/v1.0.0", "refs/tags/v1.1.0"),
    }


def test_an_annotated_tag_is_that_of_its_commit() -> None:
    assert REFS.tags_of(A) == ("v1.1.0",)
    assert REFS.tags_of(C) == ()


@pytest.mark.parametrize(
    ("revision", "ref", "commit"),
    [
        ("v1.0.0", "refs/tags/v1.0.0", B),
        ("main", "refs/heads/main", A),
        ("HEAD", "HEAD", A),
        (B[:7], "refs/heads/feature/x", B),
        (A, "HEAD", A),
        (B[:6], "", ""),
        ("c" * 12, "", ""),  # only a pull request has it
        ("refs/heads/main", "", ""),
    ],
)
def test_revisions_are_found(revision: str, ref: str, commit: str) -> None:
    assert REFS.find(revision) == (ref, commit)


def test_a_tag_is_found_before_a_branch_of_its_name() -> None:
    refs = Refs({"refs/heads/v1": A, "refs/tags/v1": B})

    assert refs.find("v1") == ("refs/tags/v1", B)


def test_a_prefix_of_several_commits_is_told() -> None:
    refs = Refs({"refs/heads/x": "abcdefa" + "0" * 33, "refs/heads/y": "abcdefa" + "1" * 33})

    with pytest.raises(AmbiguousError, match="abcdefa"):
        refs.find("abcdefa")


def test_the_object_format_is_seen_from_the_hashes() -> None:
    assert REFS.object_format == "sha1"
    assert Refs({"HEAD": "a" * 64}).object_format == "sha256"
    assert Refs({}).object_format == "sha1"


@pytest.mark.parametrize(
    ("tag", "prefix", "version", "in_full"),
    [
        ("v1.2.3", "", "v1.2.3", True),
        ("v1.2.3-rc.1", "", "v1.2.3-rc.1", True),
        ("sub/v1.2.3", "sub/", "v1.2.3", True),
        ("sub/v1.2.3", "", "", False),
        ("v1.2.3", "sub/", "", False),
        ("v1.2", "", "", False),
        ("v1.2.3+meta", "", "v1.2.3", False),
        ("v2.0.0+incompatible", "", "v2.0.0", False),
        ("v0.0.0-20200101000000-abcdefabcdef", "", "", False),
        ("1.2.3", "", "", False),
        ("release", "", "", False),
    ],
)
def test_which_version_a_tag_names(tag: str, prefix: str, version: str, *, in_full: bool) -> None:
    assert version_of_tag(tag, prefix) == (version, in_full)


def test_only_full_versions_of_a_folder_are_its_tags() -> None:
    tags = ("sub/v1.0.0", "sub/v1.1", "v1.0.0", "sub/v0.0.0-20200101000000-abcdefabcdef")

    assert versions_of_tags(tags, "sub/") == {"v1.0.0": "sub/v1.0.0"}


def test_the_sum_of_tags_changes_with_those_that_may_be_versions_only() -> None:
    plain = Refs({"refs/tags/v1.0.0": A})
    with_branch = Refs({**plain.commits, "refs/tags/release": B, "refs/heads/main": B})
    with_tag = Refs({**plain.commits, "refs/tags/v1.0.1": B})
    moved = Refs({"refs/tags/v1.0.0": B})

    assert plain.tag_sum("") == with_branch.tag_sum("")
    assert len({plain.tag_sum(""), with_tag.tag_sum(""), moved.tag_sum("")}) == 3


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    for name in Refs.parse(text).commits:
        assert name == "HEAD" or name.startswith(("refs/heads/", "refs/tags/"))
