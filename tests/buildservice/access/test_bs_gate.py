import base64
from dataclasses import dataclass
from datetime import date
from typing import Any, cast

import msgspec
import pytest

from gobp.buildservice.access.gate import Gate, RefusedError, shown_name
from gobp.buildservice.access.principal import Principal
from gobp.buildservice.settings import schema
from gobp.buildservice.state.builds import Builds
from gobp.errors import UserError
from gobp.serving.passwords import format_token_hash, new_token

NOON = 1_800_000_000.0  # 2027-01-15T08:00:00Z
TOKEN, OTHER = new_token(), new_token()
CI = schema.Token(
    name="ci", token_hash=format_token_hash(TOKEN), repositories="git.example/corp/*", priority=7
)
ADMIN = schema.Token(name="root", token_hash=format_token_hash(OTHER), scopes=("admin",))
HERE = "203.0.113.9"


@dataclass
class Clock:
    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class Waiting:
    """Of the table of builds only how many of somebody's wait and run."""

    waiting: int = 0
    running: int = 0

    def waiting_of(self, who: str) -> tuple[int, int]:
        return self.waiting, self.running

    def as_builds(self) -> Builds:
        return cast("Builds", self)


def gate(clock: Clock | None = None, **settings: Any) -> Gate:
    return Gate(schema.Access(**{"tokens": (CI, ADMIN), **settings}), clock=clock or Clock())


def ci(at: Gate) -> Principal:
    return at.identify(f"Bearer {TOKEN}", HERE)


def anybody(at: Gate) -> Principal:
    return at.identify("", HERE)


def refusal_of(at: Gate, header: str) -> RefusedError:
    with pytest.raises(RefusedError) as refused:
        at.identify(header, HERE)
    return refused.value


@pytest.mark.parametrize(
    "header",
    [
        f"Bearer {TOKEN}",
        f"bearer  {TOKEN}",
        f"token {TOKEN}",
        TOKEN,
        "Basic " + base64.b64encode(f"anyone:{TOKEN}".encode()).decode(),
        "Basic " + base64.b64encode(f"{TOKEN}:".encode()).decode(),
    ],
    ids=["bearer", "any case", "cargo", "bare", "as password", "as user"],
)
def test_a_token_is_known_however_it_is_sent(header: str) -> None:
    who = gate().identify(header, HERE)
    assert (who.name, who.priority, who.anonymous) == ("ci", 7, False)


@pytest.mark.parametrize(
    "header",
    ["Bearer gobp_nothing", "token  ", "Digest x", "Basic !!", f"Bearer {TOKEN}x", "x" * 5000, "é"],
    ids=["short", "blank", "other scheme", "no base64", "longer", "endless", "not ascii"],
)
def test_what_is_no_token_of_ours_is_refused_and_not_repeated(header: str) -> None:
    refused = refusal_of(gate(), header)
    assert refused.status == 401
    assert header not in refused.text


def test_a_token_is_good_until_the_end_of_its_last_day() -> None:
    token = msgspec.structs.replace(CI, expires=date(2027, 1, 15))
    clock = Clock()
    at = gate(clock, tokens=(token,))
    assert ci(at).name == "ci"

    clock.now = 1_800_057_600.0  # 2027-01-16T00:00:00Z

    assert refusal_of(at, f"Bearer {TOKEN}").status == 401


def test_who_has_no_token_is_known_by_the_address() -> None:
    assert anybody(gate()).name == HERE
    assert gate().identify("", "").name == "unix"


def test_a_trusted_proxy_tells_who_asks_and_nobody_else_does() -> None:
    at = gate(trusted_proxies=("10.0.0.0/8", "unix"))
    assert at.identify("", "10.1.1.1", "198.51.100.3").name == "198.51.100.3"
    assert at.identify("", "10.1.1.1", "6.6.6.6, 198.51.100.3, 10.2.2.2").name == "198.51.100.3"
    assert at.identify("", "", "198.51.100.3").name == "198.51.100.3"
    assert at.identify("", HERE, "198.51.100.3").name == HERE
    assert at.identify("", "10.1.1.1", "nonsense").name == "10.1.1.1"
    assert at.identify("", "::ffff:10.1.1.1", "[2001:db8::1]").name == "2001:db8::1"


@pytest.mark.parametrize(
    "repository",
    [
        "git.example/corp/secret",
        "git.example/Corp/SECRET",
        "git.example/corp/secret.git",
        "GIT.example:443/corp/secret",
        "git.example./corp/secret",
        "git.example/corp//secret/",
    ],
)
def test_a_private_repository_is_private_however_it_is_spelled(repository: str) -> None:
    at = gate(private="git.example/corp/secret")
    assert at.is_private(repository)
    assert not at.may_see(anybody(at), repository)
    assert at.may_see(ci(at), repository)
    assert at.may_see(at.identify(f"Bearer {OTHER}", HERE), repository)


def test_a_token_that_does_not_name_a_private_repository_does_not_see_it() -> None:
    at = gate(private="git.example/secret/*")
    assert not at.may_see(ci(at), "git.example/secret/x")
    with pytest.raises(RefusedError) as refused:
        at.require_build(ci(at), "git.example/secret/x")
    assert refused.value.status == 403


def test_a_token_may_also_do_what_anybody_may() -> None:
    at = gate()
    assert at.may_see(ci(at), "elsewhere.example/public")
    at.require_build(ci(at), "elsewhere.example/public")


def test_a_closed_service_asks_for_a_token_and_keeps_to_its_patterns() -> None:
    at = gate(anonymous=())
    with pytest.raises(RefusedError) as refused:
        at.require(anybody(at), "read")
    assert refused.value.status == 401
    assert at.may_see(ci(at), "git.example/corp/app")
    assert not at.may_see(ci(at), "git.example/other/app")
    assert at.is_private("anything.example/x")


def test_reading_does_not_allow_building() -> None:
    reader = msgspec.structs.replace(CI, scopes=("read",))
    at = gate(anonymous=("read",), tokens=(reader,))
    for who, status in ((anybody(at), 401), (ci(at), 403)):
        with pytest.raises(RefusedError) as refused:
            at.require_build(who, "git.example/corp/app")
        assert refused.value.status == status


def test_only_who_asked_for_a_build_and_admins_may_change_it() -> None:
    at = gate()
    repository = "git.example/corp/app"
    assert at.may_change(ci(at), "ci", repository)
    assert not at.may_change(anybody(at), "ci", repository)
    assert at.may_change(anybody(at), HERE, repository)
    assert at.may_change(at.identify(f"Bearer {OTHER}", HERE), "ci", repository)


def test_requests_are_counted_by_token_and_by_address_and_come_back_with_time() -> None:
    clock = Clock()
    at = gate(clock, quota=schema.Quota(requests=2))
    anybody(at), anybody(at)
    ci(at)
    refused = refusal_of(at, "")
    assert (refused.status, refused.retry_after) == (429, 30)
    assert at.identify("", "203.0.113.10").anonymous

    clock.now += 30

    assert anybody(at).anonymous


def test_wrong_tokens_are_counted_too() -> None:
    at = gate(quota=schema.Quota(requests=1))
    assert [refusal_of(at, "Bearer x").status for _ in range(2)] == [401, 429]


def test_addresses_of_one_ipv6_network_are_counted_as_one() -> None:
    at = gate(quota=schema.Quota(requests=1))
    at.identify("", "2001:db8:1:1::1")
    with pytest.raises(RefusedError):
        at.identify("", "2001:db8:1:1:ffff::2")
    at.identify("", "2001:db8:1:2::1")


def test_builds_are_bounded_by_how_many_are_under_way_and_by_the_minute() -> None:
    at = gate(quota=schema.Quota(builds=4, waiting=10))
    who = ci(at)
    at.count_builds(who, 4, Waiting(3, 3).as_builds())
    with pytest.raises(RefusedError, match="in a minute") as minute:
        at.count_builds(who, 1, Waiting().as_builds())
    with pytest.raises(RefusedError, match="10 may at the same time") as same_time:
        at.count_builds(who, 5, Waiting(3, 3).as_builds())
    assert (minute.value.status, minute.value.retry_after) == (429, 15)
    assert (same_time.value.status, same_time.value.retry_after) == (429, 30)


def test_addresses_are_not_told_to_others() -> None:
    names = [HERE, "2001:db8::1", "unix", "ci"]
    assert [shown_name(name) for name in names] == ["anonymous"] * 3 + ["ci"]


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"tokens": (CI, CI)}, "access.tokens: ci: another token"),
        ({"tokens": (msgspec.structs.replace(CI, name="10.0.0.1"),)}, "no name of a token"),
        ({"tokens": (msgspec.structs.replace(CI, name=""),)}, "no name of a token"),
        ({"tokens": (msgspec.structs.replace(CI, token_hash=TOKEN),)}, "access.tokens: ci"),
        ({"tokens": (msgspec.structs.replace(CI, repositories="a[b"),)}, "ci: repositories"),
        ({"private": "a[b"}, "access.private"),
        ({"trusted_proxies": ("10.0.0.0/99",)}, "access.trusted_proxies: '10.0.0.0/99'"),
    ],
    ids=["twice", "address", "nameless", "hash", "pattern", "private", "network"],
)
def test_settings_that_are_wrong_are_named(wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(UserError) as error:
        gate(**wrong)
    assert text in error.value.summary
    assert TOKEN not in str(error.value)
