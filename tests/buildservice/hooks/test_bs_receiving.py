"""Webhooks: the builds of a tag, once, whatever happens on the way."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gobp.buildservice.builds.build import Reason
from gobp.buildservice.builds.order import GitSource, ModuleSource, Target
from gobp.buildservice.hooks.receiving import MOST_BYTES, Receiver, Reply
from gobp.buildservice.resolving.resolver import NotResolvedError
from gobp.buildservice.settings.schema import GitHost, Hook, Settings, Sources
from gobp.errors import UserError
from tests.buildservice.hooks.hook_world import World
from tests.buildservice.hooks.payloads import payload, signed

SECRET = "a long secret"
TAG = payload("github", "refs/tags/v1.2.3")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.database.close()


def hook(world: World, **changes: Any) -> Hook:
    secret = world.root / "secret"
    secret.write_text(f"{SECRET}\n")
    given = {"name": "gh", "kind": "github", "secret_file": str(secret)}
    return Hook(**{**given, "targets": ("linux/amd64", "windows/amd64"), **changes})


def receiver(world: World, *hooks: Hook, git: tuple[GitHost, ...] = ()) -> Receiver:
    settings = Settings(root=str(world.root), hooks=hooks, sources=Sources(git=git))
    return Receiver(settings, world.service, world.database)


def push(receiver: Receiver, body: bytes = TAG, delivery: str = "guid-1") -> Reply:
    return receiver.receive("gh", signed(body, SECRET, delivery), body)


def test_a_tag_is_built_for_all_targets(world: World) -> None:
    hooked = receiver(world, hook(world, package="./cmd/app"))
    reply = push(hooked)
    builds = world.builds()
    assert reply.status == 202
    assert {build.id for build in builds} == set(reply.text.removeprefix("builds ").split())
    targets = {build.order.target for build in builds}
    assert targets == {Target("linux", "amd64"), Target("windows", "amd64")}
    first = builds[0]
    assert first.order.source == ModuleSource("git.example/team/app")
    assert (first.order.ref, first.order.package) == ("v1.2.3", "./cmd/app")
    assert (first.reason, first.who) == (Reason.WEBHOOK, "hook:gh")


def test_a_host_that_may_be_cloned_from_is_built_from_git(world: World) -> None:
    hooked = receiver(world, hook(world), git=(GitHost(host="git.example"),))
    push(hooked, payload("github", "refs/tags/cmd/v1.0.0"))
    order = world.builds()[0].order
    assert (order.source, order.ref) == (GitSource("git.example", "team/app"), "cmd/v1.0.0")


def test_a_tag_of_a_folder_is_of_the_module_there(world: World) -> None:
    push(receiver(world, hook(world)), payload("github", "refs/tags/cmd/v1.0.0"))
    order = world.builds()[0].order
    assert (order.source, order.ref) == (ModuleSource("git.example/team/app/cmd"), "v1.0.0")


def test_a_delivery_that_is_sent_again_builds_nothing_again(world: World) -> None:
    hooked = receiver(world, hook(world))
    first = push(hooked)
    world.finish()
    again = push(hooked)
    assert again == Reply(200, f"this delivery was taken before: {first.text}")
    assert len(world.builds()) == 2
    assert hooked.run_once() == 0


def test_the_same_delivery_many_times_at_once_is_one(world: World) -> None:
    hooked = receiver(world, hook(world))
    replies: list[Reply] = []
    threads = [threading.Thread(target=lambda: replies.append(push(hooked))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(world.builds()) == 2
    assert all(reply.status in {200, 202} for reply in replies)


def test_a_tag_that_the_proxy_does_not_know_yet_is_built_later(world: World) -> None:
    hooked = receiver(world, hook(world))
    world.resolver.trouble = NotResolvedError(404, "not there")
    assert push(hooked) == Reply(202, "it will be tried again: not there")
    assert hooked.run_once() == 0
    world.resolver.trouble = None
    world.skip_pauses()
    assert hooked.run_once() == 1
    assert len(world.builds()) == 2


def test_a_delivery_survives_the_service(world: World) -> None:
    world.resolver.trouble = NotResolvedError(502, "down")
    push(receiver(world, hook(world)))
    world.resolver.trouble = None
    world.skip_pauses()
    assert receiver(world, hook(world)).run_once() == 1
    assert len(world.builds()) == 2


def test_it_is_given_up_in_the_end_and_may_be_sent_anew(world: World) -> None:
    hooked = receiver(world, hook(world))
    world.resolver.trouble = NotResolvedError(404, "not there")
    push(hooked)
    for _ in range(7):
        world.skip_pauses()
        assert hooked.run_once() == 1
    world.skip_pauses()
    assert hooked.run_once() == 0
    world.resolver.trouble = None
    assert push(hooked).text.startswith("builds ")


def test_what_may_not_be_built_is_said_and_not_tried_again(world: World) -> None:
    hooked = receiver(world, hook(world))
    world.resolver.trouble = NotResolvedError(403, "not allowed")
    assert push(hooked) == Reply(403, "not allowed")
    world.skip_pauses()
    assert hooked.run_once() == 0


def test_a_hook_that_was_removed_does_nothing_more(world: World) -> None:
    world.resolver.trouble = NotResolvedError(502, "down")
    push(receiver(world, hook(world)))
    world.skip_pauses()
    other = receiver(world, hook(world, name="other"))
    assert other.run_once() == 1
    world.skip_pauses()
    assert other.run_once() == 0


def test_only_who_knows_the_secret_is_heard(world: World) -> None:
    hooked = receiver(world, hook(world))
    assert hooked.receive("gh", signed(TAG, "another secret"), TAG).status == 403
    assert hooked.receive("gh", {}, TAG).status == 403
    assert hooked.receive("nobody", signed(TAG, SECRET), TAG).status == 404
    assert world.builds() == []


def test_a_delivery_has_a_size_and_a_form(world: World) -> None:
    hooked = receiver(world, hook(world))
    assert push(hooked, b"x" * (MOST_BYTES + 1)).status == 413
    assert push(hooked, b"{").status == 400
    assert push(hooked, payload("github", "refs/heads/main")).status == 200
    assert world.builds() == []


def test_a_repository_that_the_hook_is_not_for_is_refused(world: World) -> None:
    hooked = receiver(world, hook(world, repositories="git.example/other/*"))
    assert push(hooked).status == 403
    assert world.builds() == []


def test_a_database_that_is_away_is_told_to_the_sender(world: World) -> None:
    hooked = receiver(world, hook(world))
    push(hooked, payload("github", "refs/tags/v1.0.0"), "first")
    (world.root / "builds.db").rename(world.root / "gone")
    assert push(hooked).status == 503


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"secret_file": ""}, "holds less than 8"),
        ({"secret_file": "/nonexistent"}, "cannot be read"),
        ({"targets": ("linux",)}, r"hooks\.gh\.targets"),
        ({"repositories": "["}, r"hooks\.gh\.repositories"),
        ({"release": True}, r"hooks\.gh\.token_file"),
        ({"release": True, "kind": "gitlab"}, "for GitHub"),
        ({"release": True, "kind": "gitea"}, r"hooks\.gh\.api"),
        ({"release": True, "api": "http://git.example/api"}, "without TLS"),
    ],
)
def test_a_hook_that_cannot_work_is_refused_at_once(
    world: World, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        receiver(world, hook(world, **changes))
