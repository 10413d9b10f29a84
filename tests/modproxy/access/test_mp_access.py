import asyncio
import base64
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from gobp.errors import UserError
from gobp.modproxy.access.access import Access
from gobp.modproxy.access.audit import AuditLog
from gobp.modproxy.access.principal import Principal
from gobp.modproxy.protocol.answers import Answer
from gobp.modproxy.settings import schema
from gobp.modproxy.settings.load import load_settings
from gobp.serving.passwords import PasswordHash, format_token_hash, new_token

pytestmark = pytest.mark.slow

NOON = 1_800_000_000.0  # 2027-01-15T08:00:00Z
BOB = {"name": "bob", "password_hash": str(PasswordHash.of("geheim")), "modules": "corp.example"}
TOKEN = new_token()
CI = {
    "name": "ci",
    "token_hash": format_token_hash(TOKEN),
    "modules": "corp.example/a",
    "publish": True,
}


@dataclass
class Clock:
    now: float = NOON

    def __call__(self) -> float:
        return self.now


@dataclass
class World:
    """Access with these settings and a clock that stands still; one event loop for a test."""

    settings: dict[str, Any]
    clock: Clock = field(default_factory=Clock)
    access: Access = field(init=False)
    audited: bytes = b""

    def __post_init__(self) -> None:
        settings = msgspec.convert(self.settings, schema.Access)
        self.access = Access(settings, audit=AuditLog(self), clock=self.clock)

    def write(self, chunk: bytes) -> None:
        self.audited += chunk

    def close(self) -> None:
        pass

    async def who(self, header: str | None, client: str = "10.0.0.1") -> Principal:
        found = await self.access.identify(header, client)
        assert isinstance(found, Principal), found
        return found

    async def refused(self, header: str | None, client: str = "10.0.0.1") -> Answer:
        found = await self.access.identify(header, client)
        assert isinstance(found, Answer), found
        return found


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def text_of(answer: Answer) -> str:
    assert isinstance(answer.body, bytes)
    return answer.body.decode()


def test_without_users_everybody_is_anybody_whatever_is_sent() -> None:
    async def story() -> None:
        world = World({})
        assert world.access.recall(None) is not None
        who = await world.who(basic("bob", "from a netrc file"))
        assert who.anonymous
        assert who.may_read("any.example/module")
        assert not who.may_publish("any.example/module")

    asyncio.run(story())


def test_a_user_may_read_what_is_granted_and_what_is_for_anybody() -> None:
    async def story() -> None:
        world = World({"anonymous": "open.example", "users": [BOB]})
        bob = await world.who(basic("bob", "geheim"))
        assert bob.name == "bob"
        assert bob.may_read("corp.example/app")
        assert bob.may_read("open.example/lib")
        assert not bob.may_read("other.example/lib")
        assert not bob.may_publish("corp.example/app")

    asyncio.run(story())


@pytest.mark.parametrize("header", [f"Bearer {TOKEN}", basic("x", TOKEN), basic(TOKEN, "")])
def test_a_token_is_as_good_as_a_password(header: str) -> None:
    async def story() -> None:
        world = World({"anonymous": "open.example", "tokens": [CI]})
        token = await world.who(header)
        assert token.name == "ci"
        assert token.may_publish("corp.example/a/b")
        assert not token.may_publish("open.example/lib")

    asyncio.run(story())


def test_who_may_publish_may_not_do_so_for_modules_of_anybody() -> None:
    async def story() -> None:
        world = World({"anonymous": "*", "tokens": [CI]})
        assert not (await world.who(f"Bearer {TOKEN}")).may_publish("other.example/m")

    asyncio.run(story())


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (None, "a user and password are needed"),
        (basic("bob", "wrong"), "the user or the password is wrong: go has them from"),
        (basic("eve", "geheim"), "the user or the password is wrong: go has them from"),
        (f"Bearer {new_token()}", "the token is unknown"),
        ("Bearer nonsense", "the token is unknown"),
        ("Digest x", "not understood"),
    ],
)
def test_who_is_not_let_in_is_told_why_and_how_to_log_in(header: str | None, text: str) -> None:
    async def story() -> None:
        world = World({"anonymous": "", "users": [BOB], "tokens": [CI]})
        answer = await world.refused(header)
        assert answer.status == 401
        assert text in text_of(answer)
        assert dict(answer.headers)["www-authenticate"].startswith("Basic realm=")

    asyncio.run(story())


def test_a_login_ends_with_its_last_day_even_where_it_was_just_used() -> None:
    async def story() -> None:
        world = World({"users": [{**BOB, "expires": "2027-01-15"}]})
        header = basic("bob", "geheim")
        world.clock.now = NOON + 16 * 3600 - 1
        await world.who(header)
        world.clock.now += 1
        answer = await world.refused(header)
        assert (answer.status, "login of bob has expired" in text_of(answer)) == (401, True)

    asyncio.run(story())


def test_that_a_login_has_expired_is_told_only_to_who_knows_the_password() -> None:
    async def story() -> None:
        world = World({"users": [{**BOB, "expires": "2020-01-01"}]})
        assert "expired" not in text_of(await world.refused(basic("bob", "wrong")))
        assert "expired" in text_of(await world.refused(basic("bob", "geheim")))

    asyncio.run(story())


def test_a_right_password_is_compared_again_only_after_a_while() -> None:
    async def story() -> None:
        world = World({"users": [BOB]})
        header = basic("bob", "geheim")
        assert world.access.recall(header) is None
        bob = await world.who(header)
        assert world.access.recall(header) is bob
        world.clock.now += 301
        assert world.access.recall(header) is None

    asyncio.run(story())


def test_who_guesses_is_soon_told_to_wait_and_others_are_not() -> None:
    async def story() -> None:
        world = World({"users": [BOB]})
        guesses = [await world.refused(basic("bob", f"guess {n}")) for n in range(12)]
        assert [answer.status for answer in guesses] == [401] * 10 + [429] * 2
        assert dict(guesses[-1].headers)["retry-after"] == "5"
        assert (await world.who(basic("bob", "geheim"), "10.0.0.2")).name == "bob"

    asyncio.run(story())


def test_guesses_of_many_clients_are_counted_together() -> None:
    async def story() -> None:
        world = World({"users": [BOB]})
        answers = await asyncio.gather(
            *(world.refused(basic("bob", f"guess {n}"), f"10.0.1.{n}") for n in range(24))
        )
        assert [answer.status for answer in answers].count(401) == 20

    asyncio.run(story())


def test_one_wrong_password_is_one_try_however_often_go_sends_it() -> None:
    async def story() -> None:
        world = World({"users": [BOB]})
        wrong = basic("bob", "wrong")
        answers = await asyncio.gather(*(world.refused(wrong) for _ in range(100)))
        assert {answer.status for answer in answers} == {401}
        assert (await world.who(basic("bob", "geheim"))).name == "bob"

    asyncio.run(story())


def test_right_passwords_cost_no_try_however_many_log_in() -> None:
    async def story() -> None:
        hashes = {f"user{n}": BOB["password_hash"] for n in range(30)}
        users = [{"name": name, "password_hash": known} for name, known in hashes.items()]
        world = World({"users": users})
        who = await asyncio.gather(*(world.who(basic(name, "geheim")) for name in hashes))
        assert [one.name for one in who] == list(hashes)

    asyncio.run(story())


def test_a_token_is_let_in_while_others_guess() -> None:
    async def story() -> None:
        world = World({"users": [BOB], "tokens": [CI]})
        for n in range(30):
            await world.refused(basic("bob", f"guess {n}"), f"10.0.1.{n}")
        assert (await world.who(f"Bearer {TOKEN}")).name == "ci"

    asyncio.run(story())


def test_a_client_that_leaves_does_not_stop_who_waits_for_the_same() -> None:
    async def story() -> None:
        world = World({"users": [BOB]})
        header = basic("bob", "geheim")
        impatient = asyncio.ensure_future(world.access.identify(header))
        patient = asyncio.ensure_future(world.access.identify(header))
        await asyncio.sleep(0)
        impatient.cancel()
        assert isinstance(await patient, Principal)

    asyncio.run(story())


def test_the_server_answers_others_while_it_compares_a_password() -> None:
    async def story() -> None:
        world = World({"users": [BOB]})
        login = asyncio.ensure_future(world.access.identify(basic("bob", "geheim")))
        turns = 0
        while not login.done():
            await asyncio.sleep(0.001)
            turns += 1
        assert turns > 5

    asyncio.run(story())


def test_what_is_not_granted_is_401_404_or_403() -> None:
    async def story() -> None:
        world = World({"anonymous": "open.example", "users": [BOB]})
        bob, anybody = await world.who(basic("bob", "geheim")), await world.who(None)
        refusal = world.access.refusal
        assert refusal(bob, "corp.example/app", private=True) is None
        assert refusal(anybody, "open.example/app", private=False) is None
        statuses = [
            refusal(anybody, "secret.example/m", private=True),
            refusal(bob, "secret.example/m", private=True),
            refusal(bob, "other.example/m", private=False),
        ]
        assert [answer and answer.status for answer in statuses] == [401, 404, 403]

    asyncio.run(story())


def test_each_refusal_is_recorded_once_without_what_was_sent() -> None:
    async def story() -> None:
        world = World({"users": [BOB, {**BOB, "name": "old", "expires": "2020-01-01"}]})
        for header in (basic("bob", "wrong"), basic("s3cret", ""), f"Bearer {TOKEN}"):
            for _ in range(3):
                await world.access.identify(header, "10.0.0.1", "7f-1")
        await world.refused(basic("old", "geheim"))
        lines = [line.partition(" audit ")[2] for line in world.audited.decode().splitlines()]
        assert lines == [
            'login-refused who=bob client=10.0.0.1 request=7f-1 reason="wrong password"',
            'login-refused client=10.0.0.1 request=7f-1 reason="unknown user"',
            'login-refused client=10.0.0.1 request=7f-1 reason="unknown token"',
            "login-refused who=old client=10.0.0.1 reason=expired",
        ]

    asyncio.run(story())


def test_no_password_stays_in_what_is_remembered() -> None:
    async def story() -> None:
        world = World({"users": [BOB]})
        header = basic("bob", "geheim")
        await world.who(header)
        assert header.encode() not in next(iter(world.access._verified._values))

    asyncio.run(story())


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"anonymous": ""}, "nobody may ask for anything"),
        ({"anonymous": "a["}, r"access\.anonymous: 'a\['"),
        ({"users": [{**BOB, "password_hash": "geheim"}]}, "users: bob: password_hash is no hash"),
        ({"tokens": [{**CI, "token_hash": TOKEN}]}, "tokens: ci: token_hash is no hash"),
        ({"users": [BOB, BOB]}, "two users or tokens with the name bob"),
        ({"users": [BOB], "tokens": [{**CI, "name": "bob"}]}, "two users or tokens"),
        ({"users": [{**BOB, "name": "a:b"}]}, "'a:b' is no name"),
        ({"users": [{**BOB, "modules": "a["}]}, r"users: bob: modules: 'a\['"),
    ],
)
def test_settings_that_cannot_be_meant_are_told_without_secrets(
    settings: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(UserError, match=complaint) as error:
        World(settings)
    assert TOKEN not in str(error.value)
    assert "geheim" not in str(error.value)


@pytest.mark.parametrize("written", ["2027-01-15", '"2027-01-15"'])
def test_the_last_day_may_be_written_with_and_without_quotes(written: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(
        "upstream: {proxies: off.example}\n"
        f"access: {{users: [{{name: bob, password_hash: x, expires: {written}}}]}}\n"
    )
    settings = load_settings(file, {}, {})
    assert settings.access.users[0].expires == date(2027, 1, 15)
