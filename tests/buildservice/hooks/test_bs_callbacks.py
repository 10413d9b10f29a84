"""Callbacks: signed, told again until they arrive, and only where they may."""

import hashlib
import hmac
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gobp.buildservice.builds.build import Build
from gobp.buildservice.builds.order import ModuleSource, Order, Target
from gobp.buildservice.hooks.callbacks import Callbacks
from gobp.buildservice.service import Asker
from gobp.buildservice.settings.schema import Callback, Settings
from gobp.errors import UserError
from tests.buildservice.hooks.hook_world import Asked, Listener, World, listening

SECRET = b"a long secret"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    (tmp_path / "secret").write_bytes(SECRET)
    yield made
    made.database.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening(lambda _: (200, b"")) as server:
        yield server


def ended(world: World) -> Build:
    order = Order(
        source=ModuleSource("example.com/app"), ref="v1.0.0", target=Target("linux", "amd64")
    )
    world.service.order([order], Asker("10.1.2.3"))
    return world.finish()[0]


def callbacks(world: World, url: str, *, private: bool = True, patterns: str = "*") -> Callbacks:
    callback = Callback(
        url=url,
        secret_file=str(world.root / "secret"),
        repositories=patterns,
        private_addresses=private,
    )
    settings = Settings(public_url="https://builds.example/", callbacks=(callback,))
    return Callbacks(settings, world.database)


def test_a_build_is_told_signed_and_once(world: World, listener: Listener) -> None:
    build = ended(world)
    told = callbacks(world, f"{listener.url}/hook?a=b")
    told.ended(build)
    told.ended(build)
    assert told.run_once() == 1
    assert told.run_once() == 0
    (asked,) = listener.asked
    signature = hmac.new(SECRET, asked.body, hashlib.sha256).hexdigest()
    assert asked.headers["x-gobp-signature"] == f"sha256={signature}"
    assert asked.headers["x-gobp-delivery"] == build.id
    assert asked.path == "/hook?a=b"


def test_what_is_told_names_the_build_and_its_artifacts(world: World, listener: Listener) -> None:
    build = ended(world)
    told = callbacks(world, listener.url)
    told.ended(build)
    told.run_once()
    document = json.loads(listener.asked[0].body)
    assert document["event"] == "build.ended"
    about = document["build"]
    assert about["url"] == f"https://builds.example/api/v1/builds/{build.id}"
    assert (about["state"], about["repository"], about["version"], about["target"]) == (
        "succeeded",
        "example.com/app",
        "v1.0.0",
        "linux/amd64",
    )
    artifact = about["artifacts"][0]
    assert artifact["sha256"] == build.artifacts[0].sha256
    assert artifact["url"] == f"{about['url']}/artifacts/app_linux_amd64.tar.gz"
    assert "10.1.2.3" not in listener.asked[0].body.decode()


def test_a_callback_that_fails_is_told_again_with_the_same_bytes(
    world: World, listener: Listener
) -> None:
    answers = [500, 302, 200]

    def answer(_: Asked) -> tuple[int, bytes]:
        return answers.pop(0), b""

    listener.answer = answer
    told = callbacks(world, listener.url)
    told.ended(ended(world))
    for _ in range(3):
        assert told.run_once() == 1
        assert told.run_once() == 0
        world.skip_pauses()
    assert told.run_once() == 0
    assert len({asked.body for asked in listener.asked}) == 1
    assert len(listener.asked) == 3


def test_a_callback_that_is_gone_is_told_no_more(world: World, listener: Listener) -> None:
    listener.answer = lambda _: (410, b"")
    told = callbacks(world, listener.url)
    told.ended(ended(world))
    told.run_once()
    world.skip_pauses()
    assert told.run_once() == 0


def test_what_was_to_be_told_survives_the_service(world: World, listener: Listener) -> None:
    callbacks(world, listener.url).ended(ended(world))
    assert callbacks(world, listener.url).run_once() == 1
    assert len(listener.asked) == 1


def test_a_private_address_is_only_told_where_that_is_set(
    world: World, listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    told = callbacks(world, listener.url, private=False)
    told.ended(ended(world))
    assert told.run_once() == 1
    assert listener.asked == []
    assert "does not connect to" in caplog.text


def test_only_builds_that_a_callback_is_for_are_told(world: World, listener: Listener) -> None:
    told = callbacks(world, listener.url, patterns="corp.example/*")
    told.ended(ended(world))
    assert told.run_once() == 0


def test_a_callback_that_was_removed_is_not_told(world: World, listener: Listener) -> None:
    callbacks(world, listener.url).ended(ended(world))
    other = callbacks(world, f"{listener.url}/other")
    assert other.run_once() == 1
    assert listener.asked == []
    assert Callbacks(Settings(), world.database).run_once() == 0


def test_a_url_that_is_none_is_refused_at_once(world: World) -> None:
    with pytest.raises(UserError, match=r"callbacks\[0\]\.url"):
        callbacks(world, "example.com/hook")
