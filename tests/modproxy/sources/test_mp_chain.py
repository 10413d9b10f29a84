"""Chains of sources: who is asked next, and which error is told in the end."""

import asyncio
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.modproxy.protocol.requests import ModuleFile
from gobp.modproxy.protocol.version_info import VersionInfo
from gobp.modproxy.sources.chain import ChainSource, Link, OffSource, first
from gobp.modproxy.sources.source import (
    NotFoundError,
    RefusedError,
    Sink,
    Source,
    SourceError,
    UnavailableError,
)
from tests.modproxy.sources.upstreams import MODULE, ZIP, KeptSink

FINE = VersionInfo.make("v1.0.0", "")


class OneAnswer:
    """A source that gives one answer to all; of a file it may give the beginning first."""

    def __init__(
        self, answer: SourceError | None, name: str = "one", *, begun: bool = False
    ) -> None:
        self.name = name
        self.asked = 0
        self._answer = answer
        self._begun = begun

    async def versions(self, _: str) -> tuple[str, ...]:
        self._tell()
        return ("v1.0.0",)

    async def latest(self, _: str) -> VersionInfo:
        self._tell()
        return FINE

    async def info(self, _: str, __: str) -> VersionInfo:
        self._tell()
        return FINE

    async def fetch(self, _: ModuleFile, sink: Sink) -> None:
        if self._begun:
            await sink.write(b"begin")
        self._tell()
        await sink.write(b"whole")

    async def close(self) -> None:
        pass

    def _tell(self) -> None:
        self.asked += 1
        if self._answer is not None:
            raise self._answer


def ask(*links: Link) -> VersionInfo:
    return asyncio.run(ChainSource(links).latest(MODULE))


def missing(text: str = "missing") -> OneAnswer:
    return OneAnswer(NotFoundError(text))


def trouble(text: str = "trouble") -> OneAnswer:
    return OneAnswer(UnavailableError(text))


@pytest.mark.parametrize("error", [NotFoundError("gone", status=410), NotFoundError("missing")])
def test_the_next_one_is_asked_for_what_is_not_there(error: SourceError) -> None:
    assert ask(Link(OneAnswer(error)), Link(OneAnswer(None))) == FINE


@pytest.mark.parametrize("error", [UnavailableError("down"), RefusedError("forbidden")])
def test_after_a_comma_any_other_error_ends_it(error: SourceError) -> None:
    last = OneAnswer(None)

    with pytest.raises(type(error)):
        ask(Link(OneAnswer(error)), Link(last))

    assert last.asked == 0


@pytest.mark.parametrize("error", [UnavailableError("down"), RefusedError("forbidden")])
def test_after_a_bar_the_next_one_is_asked_whatever_the_error(error: SourceError) -> None:
    assert ask(Link(OneAnswer(error), falls_back=True), Link(OneAnswer(None))) == FINE


def test_trouble_is_told_rather_than_that_the_last_one_does_not_have_it() -> None:
    with pytest.raises(UnavailableError, match="trouble"):
        ask(Link(trouble(), falls_back=True), Link(missing()))


def test_the_last_of_several_misses_is_told() -> None:
    with pytest.raises(NotFoundError, match="second"):
        ask(Link(missing("first")), Link(missing("second")))


def test_what_version_control_says_is_told_before_all() -> None:
    with pytest.raises(NotFoundError, match="no such repository"):
        ask(Link(trouble(), falls_back=True), Link(missing("no such repository"), direct=True))


def test_off_ends_a_chain_with_its_own_words() -> None:
    with pytest.raises(NotFoundError, match="module lookup disabled by GOPROXY=off"):
        ask(Link(missing()), Link(OffSource()))


def test_off_gives_nothing() -> None:
    off = OffSource()
    for question in (
        off.versions(""),
        off.latest(""),
        off.info("", ""),
        off.fetch(ZIP, KeptSink()),
    ):
        with pytest.raises(NotFoundError):
            asyncio.run(question)


def test_all_questions_go_along_the_chain() -> None:
    chain = ChainSource((Link(missing()), Link(OneAnswer(None))))
    sink = KeptSink()

    assert asyncio.run(chain.versions(MODULE)) == ("v1.0.0",)
    assert asyncio.run(chain.info(MODULE, "main")) == FINE
    asyncio.run(chain.fetch(ZIP, sink))
    assert sink.content == b"whole"


def test_once_a_file_was_begun_no_other_source_is_asked_for_it() -> None:
    begun = OneAnswer(UnavailableError("broke off"), begun=True)
    last = OneAnswer(None)
    chain = ChainSource((Link(begun, falls_back=True), Link(last)))

    with pytest.raises(UnavailableError, match="broke off"):
        asyncio.run(chain.fetch(ZIP, KeptSink()))

    assert last.asked == 0


def test_before_a_file_was_begun_another_source_may_give_it() -> None:
    sink = KeptSink()
    chain = ChainSource((Link(trouble(), falls_back=True), Link(OneAnswer(None))))

    asyncio.run(chain.fetch(ZIP, sink))

    assert sink.content == b"whole"


def test_a_chain_is_named_as_in_goproxy() -> None:
    links = (
        Link(OneAnswer(None, "https://a.example.com"), falls_back=True),
        Link(OneAnswer(None, "https://b.example.com")),
        Link(OffSource()),
    )

    assert ChainSource(links).name == "https://a.example.com|https://b.example.com,off"


def as_go_does(entries: Sequence[tuple[str, bool, bool]]) -> int:
    """Return which entry's error is told, by cmd/go's TryProxies; -1 where one succeeds."""
    best, rank = 0, 0
    for number, (outcome, falls_back, direct) in enumerate(entries):
        if outcome == "fine":
            return -1
        is_missing = outcome == "missing"
        if direct:
            best, rank = number, 2
        elif rank <= 1 and not is_missing:
            best, rank = number, 1
        elif rank == 0:
            best = number
        if not falls_back and not is_missing:
            break
    return best


entries = st.lists(
    st.tuples(st.sampled_from(["fine", "missing", "trouble"]), st.booleans(), st.booleans()),
    min_size=1,
    max_size=6,
)


@given(entries)
def test_the_error_of_every_chain_is_the_one_that_go_tells(
    chain: list[tuple[str, bool, bool]],
) -> None:
    links = tuple(
        Link(
            {"fine": OneAnswer(None), "missing": missing(str(n)), "trouble": trouble(str(n))}[kind],
            falls_back=falls_back,
            direct=direct,
        )
        for n, (kind, falls_back, direct) in enumerate(chain)
    )

    async def latest(source: Source) -> VersionInfo:
        return await source.latest(MODULE)

    try:
        asyncio.run(first(links, latest))
        told = -1
    except SourceError as error:
        told = int(error.text)
    assert told == as_go_does(chain)
