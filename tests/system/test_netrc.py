"""netrc files, read as go reads them; vectors in our own words after cmd/go's netrc_test."""

from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.system.netrc import Entry, basic_authorization, find, parse, read_netrc

WORD = st.text(st.characters(exclude_categories=("Z", "C")), min_size=1).filter(
    lambda word: word not in {"machine", "login", "password", "macdef", "default", "account"}
)


def basic(user: str, password: str) -> str:
    return f"Basic {b64encode(f'{user}:{password}'.encode()).decode()}"


def test_entries_may_be_on_one_line_or_on_many() -> None:
    text = (
        "machine incomplete\npassword none\n\n"
        "machine api.example.com\n  login user\n  password pwd\n\n"
        "machine oneline login user2 password pwd2\n"
        "machine account.example.com login a account b password c\n"
    )

    assert parse(text) == (
        Entry("api.example.com", "user", "pwd"),
        Entry("oneline", "user2", "pwd2"),
        Entry("account.example.com", "a", "c"),
    )


def test_macros_and_the_default_are_passed_over() -> None:
    text = (
        "machine a login b password c\nmacdef init\nmachine x login y password z\n\n"
        "machine d login e password f\ndefault login g password h\n"
    )

    assert [entry.machine for entry in parse(text)] == ["a", "d"]


@given(st.lists(st.tuples(WORD, WORD, WORD)))
def test_what_is_written_is_read(entries: list[tuple[str, str, str]]) -> None:
    text = "".join(f"machine {m} login {u} password {p}\n" for m, u, p in entries)

    assert [(e.machine, e.login, e.password) for e in parse(text)] == entries


@given(st.text())
def test_no_text_is_too_odd(text: str) -> None:
    assert all(each.machine and each.login and each.password for each in parse(text))


def test_a_representation_shows_no_secret() -> None:
    assert repr(Entry("host", "user", "secret")) == "Entry(machine='host')"


@pytest.mark.parametrize(
    ("location", "login"),
    [
        ("example.com", "host"),
        ("example.com/a/b.zip", "host"),
        ("example.com/team", "team"),
        ("example.com/team/x", "team"),
        ("example.com/teams", "host"),
        ("example.com:8443/x", "port"),
        ("www.example.com", ""),
        ("example.org", ""),
    ],
)
def test_the_entry_that_says_most_of_a_place_is_found(location: str, login: str) -> None:
    entries = parse(
        "machine example.com login host password x\n"
        "machine example.com login second password x\n"
        "machine example.com/team/ login team password x\n"
        "machine example.com:8443 login port password x\n"
    )

    found = find(entries, location)

    assert (found.login if found else "") == login


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://h.example.com/x", basic("me", "secret")),
        ("https://H.example.com:443/x", basic("me", "secret")),
        ("https://h.example.com:8443/x", ""),
        ("http://h.example.com/x", ""),
        ("http://127.0.0.1:80/x", basic("here", "secret")),
        ("https://other.example.com/x", ""),
        ("https://a:b%2Fc@h.example.com/x", basic("a", "b/c")),
        ("https://token@h.example.com/x", basic("token", "")),
    ],
)
def test_who_the_user_is_at_an_address(tmp_path: Path, url: str, expected: str) -> None:
    file = tmp_path / "netrc"
    file.write_text(
        "machine h.example.com login me password secret\n"
        "machine 127.0.0.1 login here password secret\n"
    )

    assert basic_authorization(url, {"NETRC": str(file)}) == expected


def test_the_file_is_named_by_a_variable_else_in_the_users_home(tmp_path: Path) -> None:
    (tmp_path / ".netrc").write_text("machine a login b password c\n")
    home = {"HOME": str(tmp_path)}

    assert len(read_netrc(home)) == 1
    assert read_netrc({**home, "NETRC": str(tmp_path / "absent")}) == ()
    assert read_netrc({}) == ()
