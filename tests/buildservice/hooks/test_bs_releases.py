"""Uploads to releases, at servers that answer as GitHub and Gitea do."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gobp.buildservice.builds.build import State
from gobp.buildservice.hooks.receiving import Receiver
from gobp.buildservice.hooks.releases import Releases
from gobp.buildservice.settings.schema import Hook, Settings
from tests.buildservice.hooks.forge import TOKEN, Forge
from tests.buildservice.hooks.hook_world import Listener, World, listening
from tests.buildservice.hooks.payloads import GITEA, payload, signed

pytestmark = pytest.mark.slow  # real tools and servers

SECRET = "a long secret"
TAG = payload("github", "refs/tags/v1.2.3")


@pytest.fixture
def forge() -> Forge:
    return Forge()


@pytest.fixture
def server(forge: Forge) -> Iterator[Listener]:
    with listening(forge) as running:
        forge.url = running.url
        yield running


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "token").write_text(TOKEN)
    yield made
    made.database.close()


def settings(world: World, server: Listener, kind: str = "github") -> Settings:
    hook = Hook(
        name="gh",
        kind="gitea" if kind == "gitea" else "github",
        secret_file=str(world.root / "secret"),
        token_file=str(world.root / "token"),
        targets=("linux/amd64", "windows/amd64"),
        release=True,
        api=f"{server.url}/api/",
    )
    return Settings(root=str(world.root), hooks=(hook,))


def push(world: World, given: Settings) -> Releases:
    """Push a tag; return what uploads its builds."""
    Receiver(given, world.service, world.database).receive("gh", signed(TAG, SECRET), TAG)
    return Releases(given, world.service, world.database)


FILES = {
    "app_linux_amd64.tar.gz": b"archive of linux/amd64",
    "app_linux_amd64.tar.gz.sha256": b"sums of linux/amd64",
    "app_windows_amd64.tar.gz": b"archive of windows/amd64",
    "app_windows_amd64.tar.gz.sha256": b"sums of windows/amd64",
}


@pytest.mark.parametrize("there", [True, False])
def test_what_was_built_of_a_tag_is_at_its_release(
    world: World, forge: Forge, server: Listener, *, there: bool
) -> None:
    forge.made = there
    releases = push(world, settings(world, server))
    assert releases.run_once() == 2  # which wait for their builds
    assert forge.files == {}
    world.finish()
    world.skip_pauses()
    assert releases.run_once() == 2
    assert forge.files == FILES
    world.skip_pauses()
    assert releases.run_once() == 0


def test_gitea_takes_the_files_in_forms(world: World, forge: Forge, server: Listener) -> None:
    given = settings(world, server, "gitea")
    receiver = Receiver(given, world.service, world.database)
    signature = signed(TAG, SECRET)["X-Hub-Signature-256"].removeprefix("sha256=")
    assert receiver.receive("gh", {**GITEA, "X-Gitea-Signature": signature}, TAG).status == 202
    world.finish()
    assert Releases(given, world.service, world.database).run_once() == 2
    assert forge.files == FILES


def test_the_receivers_rounds_upload_in_a_thread(
    world: World, forge: Forge, server: Listener
) -> None:
    given = settings(world, server)
    receiver = Receiver(given, world.service, world.database)
    receiver.receive("gh", signed(TAG, SECRET), TAG)
    world.finish()
    receiver.run_once()
    end = time.monotonic() + 10
    while forge.files != FILES and time.monotonic() < end:
        time.sleep(0.02)
    assert forge.files == FILES


def test_a_build_that_failed_is_not_uploaded(world: World, forge: Forge, server: Listener) -> None:
    releases = push(world, settings(world, server))
    world.finish(State.FAILED)
    assert releases.run_once() == 2
    world.skip_pauses()
    assert releases.run_once() == 0
    assert server.asked == []


def test_a_file_that_is_there_is_left_as_it_is(
    world: World, forge: Forge, server: Listener
) -> None:
    forge.made = True
    forge.assets = [{"id": 1, "name": "app_linux_amd64.tar.gz", "size": 3}]
    releases = push(world, settings(world, server))
    world.finish()
    releases.run_once()
    assert "app_linux_amd64.tar.gz" not in forge.files
    assert len(forge.files) == 3
    assert forge.removed == []


def test_a_file_that_was_never_uploaded_whole_is_uploaded_anew(
    world: World, forge: Forge, server: Listener
) -> None:
    forge.made = True
    forge.assets = [{"id": 1, "name": "app_linux_amd64.tar.gz", "size": 0, "state": "starter"}]
    releases = push(world, settings(world, server))
    world.finish()
    releases.run_once()
    assert forge.removed == ["/api/repos/team/app/releases/assets/1"]
    assert forge.files["app_linux_amd64.tar.gz"] == FILES["app_linux_amd64.tar.gz"]


def test_trouble_is_tried_again(world: World, forge: Forge, server: Listener) -> None:
    releases = push(world, settings(world, server))
    world.finish()
    forge.trouble = 503
    assert releases.run_once() == 2
    forge.trouble = 0
    assert releases.run_once() == 0
    world.skip_pauses()
    assert releases.run_once() == 2
    assert forge.files == FILES


def test_the_token_is_not_sent_to_another_host(
    world: World, forge: Forge, server: Listener
) -> None:
    with listening(lambda _: (201, b"{}")) as other:
        forge.uploads = other.url
        releases = push(world, settings(world, server))
        world.finish()
        releases.run_once()
        assert other.asked == []
    world.skip_pauses()
    assert releases.run_once() == 0


def test_the_token_is_in_no_log(
    world: World, forge: Forge, server: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    forge.trouble = 500
    releases = push(world, settings(world, server))
    world.finish()
    releases.run_once()
    assert "the API answered 500" in caplog.text
    assert TOKEN not in caplog.text
