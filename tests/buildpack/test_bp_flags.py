"""Flags of go build; vectors in our own words after Paketo's build_configuration tests."""

import pytest

from gobp.buildpack.go.flags import build_flags, flag_name, tags_of, user_flags
from gobp.errors import UserError


def test_flags_are_words_with_variables_replaced() -> None:
    env = {
        "BP_GO_BUILD_FLAGS": "-buildmode=default -tags=paketo "
        '-ldflags="-X main.variable=some-value"'
        " -first=$FIRST -second=${SECOND}",
        "FIRST": "1",
        "SECOND": "2",
    }

    assert user_flags(env) == (
        "-buildmode=default",
        "-tags=paketo",
        "-ldflags=-X main.variable=some-value",
        "-first=1",
        "-second=2",
    )


def test_a_value_that_follows_its_flag_is_joined_to_it() -> None:
    env = {"BP_GO_BUILD_FLAGS": "-tags a,b -race -p 4 --ldflags '-s -w'"}

    assert user_flags(env) == ("-tags=a,b", "-race", "-p=4", "--ldflags=-s -w")


def test_ldflags_are_one_word_and_replace_every_other() -> None:
    env = {
        "BP_GO_BUILD_FLAGS": "-ldflags=-s -v --ldflags '-w'",
        "BP_GO_BUILD_LDFLAGS": "-X main.variable=some-value -envFlag=$ENVVAR",
        "ENVVAR": "env-value",
    }

    assert user_flags(env) == ("-v", "-ldflags=-X main.variable=some-value -envFlag=env-value")


@pytest.mark.parametrize("text", ["-v ./cmd/web", "-", "cmd"])
def test_what_is_no_flag_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="which is not a flag"):
        user_flags({"BP_GO_BUILD_FLAGS": text})


@pytest.mark.parametrize("flag", ["-o /bin/x", "-o=x", "--o=x", "-C dir", "-C=dir"])
def test_flags_that_move_the_build_are_refused_with_what_to_do(flag: str) -> None:
    with pytest.raises(UserError, match="cannot pass on") as caught:
        user_flags({"BP_GO_BUILD_FLAGS": flag})

    assert "BP_GO_" in caught.value.remedy


def test_defaults_are_added_where_nobody_gave_the_flag() -> None:
    assert build_flags((), "", mod="") == ("-buildmode=pie", "-trimpath")
    assert build_flags((), "", mod="vendor") == ("-mod=vendor", "-buildmode=pie", "-trimpath")


@pytest.mark.parametrize(
    ("user", "goflags", "added"),
    [
        (("--buildmode=default",), "", ("-trimpath",)),
        (("-trimpath=false",), "", ("-buildmode=pie",)),
        (("-tags=mod",), "-buildmode=exe -trimpath", ()),
        (("-buildmode=exe", "-trimpath"), "-buildvcs=false", ()),
    ],
)
def test_a_default_gives_way_however_the_flag_is_written(
    user: tuple[str, ...], goflags: str, added: tuple[str, ...]
) -> None:
    assert build_flags(user, goflags, mod="") == (*added, *user)


def test_a_mod_flag_of_the_user_wins_over_vendoring() -> None:
    assert "-mod=vendor" not in build_flags(("-mod=mod",), "", mod="vendor")
    assert "-mod=vendor" not in build_flags((), "-mod=readonly", mod="vendor")


@pytest.mark.parametrize(
    ("flag", "name"), [("-v", "v"), ("--tags=a=b", "tags"), ("-ldflags=-X a=b", "ldflags")]
)
def test_a_flag_has_one_name(flag: str, name: str) -> None:
    assert flag_name(flag) == name


@pytest.mark.parametrize(
    ("flags", "goflags", "tags"),
    [
        ((), "", set()),
        (("-tags=a,b",), "", {"a", "b"}),
        (("--tags=a b",), "", {"a", "b"}),
        (("-tags=b",), "-tags=a", {"b"}),
        ((), "-tags=a", {"a"}),
        (("-tags=a", "-tags=b"), "", {"b"}),
        (("-tags=",), "", set()),
    ],
)
def test_the_last_tags_flag_counts(flags: tuple[str, ...], goflags: str, tags: set[str]) -> None:
    assert tags_of(flags, goflags) == tags
