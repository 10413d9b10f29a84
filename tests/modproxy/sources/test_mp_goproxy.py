"""GOPROXY as the go command reads it."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.modproxy.settings.schema import Upstream
from gobp.modproxy.sources.chain import ChainSource, OffSource
from gobp.modproxy.sources.files import FileSource
from gobp.modproxy.sources.goproxy import Entry, Sources, parse_goproxy

A, B = "https://a.example.com", "https://b.example.com/go/"


def sources(proxies: str = A) -> Sources:
    return Sources(Upstream(proxies=proxies), direct=OffSource(), env={})


@pytest.mark.parametrize(
    ("goproxy", "entries"),
    [
        (A, (Entry(A),)),
        (f"{A},{B}", (Entry(A), Entry(B))),
        (f"{A}|{B},direct", (Entry(A, falls_back=True), Entry(B), Entry("direct"))),
        (f" {A} , ,, | direct ", (Entry(A), Entry("direct"))),
        (f"direct,{A}", (Entry("direct"),)),
        (f"off,{A}", (Entry("off"),)),
        ("a.example.com/go", (Entry("https://a.example.com/go"),)),
        ("localhost:3000", (Entry("https://localhost:3000"),)),
        ("file:///srv/go", (Entry("file:///srv/go"),)),
        ("file:/srv/go", (Entry("file:/srv/go"),)),
        ("https://ann:p@a.example.com", (Entry("https://ann:p@a.example.com"),)),
        ("http://ann:p@127.0.0.1:80", (Entry("http://ann:p@127.0.0.1:80"),)),
    ],
)
def test_a_goproxy_has_entries(goproxy: str, entries: tuple[Entry, ...]) -> None:
    assert parse_goproxy(goproxy) == entries


@pytest.mark.parametrize(
    ("goproxy", "reason"),
    [
        ("", "contains no entries"),
        (" , |", "contains no entries"),
        ("noproxy", "scheme is none of"),
        ("/srv/go", "scheme is none of"),
        ("ftp://a.example.com", "scheme is none of"),
        ("https://", "names no host"),
        ("https:///go", "names no host"),
        ("https://a.example.com:port", "is no URL"),
        ("https://[", "is no URL"),
        ("file://host/srv", "nothing but an absolute path"),
        ("file:///srv?x=y", "nothing but an absolute path"),
        ("http://ann:hunter2@a.example.com", "password over plain http"),
        (f"{A},nonsense", "scheme is none of"),
    ],
)
def test_nonsense_is_refused(goproxy: str, reason: str) -> None:
    with pytest.raises(UserError) as caught:
        parse_goproxy(goproxy)

    assert reason in str(caught.value)
    assert "hunter2" not in str(caught.value)


places = st.sampled_from([A, B, "file:///srv", "https://c.example.com:8443"])


@given(st.lists(st.tuples(places, st.sampled_from(",|")), min_size=1))
def test_every_entry_keeps_its_place_and_separator(parts: list[tuple[str, str]]) -> None:
    goproxy = "".join(place + separator for place, separator in parts)

    assert parse_goproxy(goproxy) == tuple(Entry(place, sep == "|") for place, sep in parts)


@given(st.text(alphabet="afh:/.,|@ directoff0[]?#%", max_size=30))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    with contextlib.suppress(UserError):
        assert parse_goproxy(text)


def test_the_same_url_is_the_same_source() -> None:
    made = sources()

    assert made.chain(A) is made.chain(A)
    assert made.chain(f"{A},{B}") is made.chain(f"{A},{B}")
    assert made.links(f"{B},{A}")[1].source is made.chain(A)
    assert made.proxy(A) is made.chain(A)


def test_an_empty_goproxy_is_that_of_the_settings() -> None:
    made = sources(f"{A}|{B}")

    assert isinstance(made.chain(""), ChainSource)
    assert made.chain("").name == f"{A}|{B}"
    assert made.first_url("") == A


def test_direct_and_off_are_sources() -> None:
    direct = OffSource()
    made = Sources(Upstream(), direct=direct, env={})

    assert made.chain("direct") is direct
    assert made.links("direct")[0].direct
    assert isinstance(made.chain("off"), OffSource)
    assert made.chain("off") is not direct


def test_a_file_url_is_a_folder() -> None:
    source = sources().chain("file:///srv/go%20modules")

    assert isinstance(source, FileSource)
    assert source.name == "file:///srv/go%20modules"


@pytest.mark.parametrize(
    ("goproxy", "url"),
    [
        ("file:///srv,https://ann:secret@a.example.com/x,direct", "https://a.example.com/x"),
        ("direct", ""),
        ("file:///srv", ""),
    ],
)
def test_the_first_url_is_without_credentials(goproxy: str, url: str) -> None:
    assert sources().first_url(goproxy) == url


def test_names_have_no_credentials() -> None:
    assert sources().chain("https://ann:secret@a.example.com,direct").name == f"{A},off"
