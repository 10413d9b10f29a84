import asyncio
import hashlib
import hmac
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

from gobp.errors import UserError
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.routing import Route
from gobp.modproxy.rules.router import RulesRouter
from gobp.modproxy.rules.validated import ValidatedSource
from gobp.modproxy.rules.validator import SIGNATURE, Validator
from gobp.modproxy.settings import schema
from gobp.modproxy.sources.source import RefusedError, SourceError, UnavailableError
from gobp.modproxy.tree.trees import Trees
from tests.modproxy.rules.upstreams import Upstream, Upstreams, settings_of


class Webhook(ThreadingHTTPServer):
    """Answers by the module's name: its last element is the status."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.bodies: list[bytes] = []
        self.signatures: list[str] = []
        self.hold = threading.Event()
        self.hold.set()

    @property
    def url(self) -> str:
        return f"http://user:geheim@127.0.0.1:{self.server_port}/check"


class _Handler(BaseHTTPRequestHandler):
    server: Webhook

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.bodies.append(body)
        self.server.signatures.append(self.headers.get(SIGNATURE, ""))
        self.server.hold.wait(10)
        status = int(json.loads(body)["Module"].rpartition("/")[2])
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere/200")
        self.end_headers()
        if status != 204:
            self.wfile.write(b"has a licence\nthat we may not use\n")

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture
def webhook() -> Iterator[Webhook]:
    server = Webhook()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield server
    server.hold.set()
    server.shutdown()
    server.server_close()


def run(webhook: Webhook, story: Callable[[Validator], Awaitable[None]], **settings: Any) -> None:
    async def main() -> None:
        given = msgspec.convert({"url": webhook.url}, schema.Validator)
        async with aiohttp.ClientSession() as session:
            await story(Validator(msgspec.structs.replace(given, **settings), session))

    asyncio.run(main())


async def failure_of(waited: Awaitable[object]) -> SourceError:
    with pytest.raises(SourceError) as error:
        await waited
    return error.value


def test_200_allows_and_is_believed_for_a_while(webhook: Webhook) -> None:
    async def story(validator: Validator) -> None:
        for _ in range(3):
            await validator.check("m.example/200", "v1.0.0")
        await validator.check("m.example/200", "v1.1.0")

    run(webhook, story)
    assert [json.loads(body) for body in webhook.bodies] == [
        {"Module": "m.example/200", "Version": "v1.0.0"},
        {"Module": "m.example/200", "Version": "v1.1.0"},
    ]


def test_403_denies_in_the_words_of_the_webhook(webhook: Webhook) -> None:
    async def story(validator: Validator) -> None:
        for _ in range(2):
            error = await failure_of(validator.check("m.example/403", "v1.0.0"))
            assert isinstance(error, RefusedError)
            assert (error.status, error.text) == (403, "has a licence\nthat we may not use")

    run(webhook, story)
    assert len(webhook.bodies) == 1


@pytest.mark.parametrize("status", [204, 302, 401, 404, 500])
def test_anything_else_is_trouble_and_is_not_believed(status: int, webhook: Webhook) -> None:
    async def story(validator: Validator) -> None:
        for _ in range(2):
            error = await failure_of(validator.check(f"m.example/{status}", "v1.0.0"))
            assert isinstance(error, UnavailableError)
            assert (error.status, error.retry_after) == (503, 10)
            assert f"answered {status}" in error.text
            assert "geheim" not in error.text

    run(webhook, story)
    assert len(webhook.bodies) == 2


def test_a_webhook_that_hangs_or_is_gone_is_trouble(webhook: Webhook) -> None:
    webhook.hold.clear()

    async def story(validator: Validator) -> None:
        error = await failure_of(validator.check("m.example/200", "v1.0.0"))
        assert (error.status, "does not answer" in error.text) == (503, True)

    run(webhook, story, timeout=0.2)
    run(webhook, story, url="http://127.0.0.1:9/", timeout=2.0)


def test_many_who_ask_at_once_are_one_question(webhook: Webhook) -> None:
    async def story(validator: Validator) -> None:
        await asyncio.gather(*(validator.check("m.example/200", "v1.0.0") for _ in range(50)))

    run(webhook, story)
    assert len(webhook.bodies) == 1


def test_a_question_is_signed(webhook: Webhook, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("s3cret\n")

    async def story(validator: Validator) -> None:
        await validator.check("m.example/200", "v1.0.0")

    run(webhook, story, secret_file=str(secret))
    expected = hmac.new(b"s3cret", webhook.bodies[0], hashlib.sha256).hexdigest()
    assert webhook.signatures == [expected]


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ({"url": "ftp://x"}, "no http or https URL"),
        ({"secret_file": "/nowhere/secret"}, "/nowhere/secret cannot be read"),
        ({"secret_file": "/dev/null"}, "/dev/null is empty"),
    ],
)
def test_settings_that_cannot_be_meant_are_told(
    settings: dict[str, str], complaint: str, webhook: Webhook
) -> None:
    async def story(_: Validator) -> None: ...

    with pytest.raises(UserError, match=complaint):
        run(webhook, story, **settings)


class _No:
    async def check(self, module: str, version: str) -> None:
        raise RefusedError(f"no {module}@{version}")


def test_a_source_gives_nothing_that_is_not_allowed() -> None:
    async def story() -> None:
        upstream = Upstream("u", ("v1.0.0",), {"main": "v1.1.0-0.20200101000000-abcdefabcdef"})
        source = ValidatedSource(upstream, _No())
        assert await source.versions("m.example") == ("v1.0.0",)
        mod = ModuleFile("m.example", "v1.0.0", Kind.MOD)
        errors = [
            await failure_of(source.latest("m.example")),
            await failure_of(source.info("m.example", "v1.0.0")),
            await failure_of(source.info("m.example", "main")),
            await failure_of(source.fetch(mod, _Nobody())),
        ]
        assert [error.text.partition("@")[2] for error in errors] == [
            "v1.0.0",
            "v1.0.0",
            "v1.1.0-0.20200101000000-abcdefabcdef",
            "v1.0.0",
        ]
        assert str(mod) not in upstream.asked
        assert "m.example@v1.0.0" not in upstream.asked

    asyncio.run(story())


class _Nobody:
    def expect(self, length: int) -> None:
        raise AssertionError

    async def write(self, chunk: bytes) -> None:
        raise AssertionError


def test_the_rules_put_the_validator_before_every_source(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, {"modules": "corp.example", "private": True, "upstream": "x"})
    router = RulesRouter(
        settings, trees=Trees.below(tmp_path), sources=Upstreams(), validator=_No()
    )
    for module in ("m.example", "corp.example"):
        route = router.route(module)
        assert isinstance(route, Route)
        error = asyncio.run(failure_of(route.source.info(module, "v1.0.0")))
        assert error.text == f"no {module}@v1.0.0"
