import json
from typing import Any

import pytest
import requests

from gobp.buildservice.builds.build import State
from tests.buildservice.api.api_service import ApiService, Soon

pytestmark = pytest.mark.slow  # real tools and servers


def events(reply: requests.Response) -> list[dict[str, str]]:
    """Return the events of a stream, as the fields that they have."""
    blocks = [block for block in reply.text.split("\n\n") if block]
    return [
        dict(line.partition(": ")[::2] for line in block.splitlines() if not line.startswith(":"))
        for block in blocks
    ]


def read(client: requests.Session, build_id: str, query: str = "", **headers: str) -> Any:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.get(f"/api/v1/builds/{build_id}/logs{query}", headers=sent)


def a_log(api: ApiService, *lines: str, over: bool = True) -> str:
    """Return the id of a build with these lines."""
    build = api.queued()
    with api.writing(build) as log:
        for line in lines:
            log.say(line, "output")
    if over:
        api.end(build)
    return build.id


def test_a_log_is_text(api: ApiService, client: requests.Session) -> None:
    reply = read(client, a_log(api, "one", "<b>two</b>"))
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"
    assert reply.text == "one\n<b>two</b>\n"
    assert reply.headers["x-accel-buffering"] == "no"


def test_a_log_is_json_lines_where_these_are_asked_for(
    api: ApiService, client: requests.Session
) -> None:
    build_id = a_log(api, "one", "two")
    for reply in (
        read(client, build_id, accept="application/x-ndjson"),
        read(client, build_id, "?form=json"),
    ):
        lines = [json.loads(line) for line in reply.text.splitlines()]
        assert [(line["number"], line["text"]) for line in lines] == [(1, "one"), (2, "two")]
        assert lines[0]["level"] == "output"
    assert len(read(client, build_id, "?form=json&after=1").text.splitlines()) == 1


def test_events_have_the_numbers_of_lines_and_end_with_how_the_build_ended(
    api: ApiService, client: requests.Session
) -> None:
    retry, first, second, last = events(
        read(client, a_log(api, "one", "two"), accept="text/event-stream")
    )
    assert retry == {"retry": "300"}
    assert (first["id"], first["event"], json.loads(first["data"])["text"]) == ("1", "line", "one")
    assert second["id"] == "2"
    assert last["event"] == "status"
    assert json.loads(last["data"])["state"] == "succeeded"


def test_events_go_on_after_the_last_one_that_arrived(
    api: ApiService, client: requests.Session
) -> None:
    build_id = a_log(api, "one", "two", "three")
    reply = read(client, build_id, accept="text/event-stream", last_event_id="2")
    assert [event["id"] for event in events(reply) if "id" in event] == ["3"]
    odd = read(client, build_id, accept="text/event-stream", last_event_id="²")
    assert len(events(odd)) == 5


def test_a_log_that_is_followed_has_what_comes_later(
    api: ApiService, client: requests.Session
) -> None:
    build = api.queued()

    def go_on() -> None:
        with api.writing(build) as log:
            log.say("later")
        api.end(build, State.FAILED, "no")

    with Soon(go_on):
        followed = read(client, build.id, "?follow=1")

    assert followed.text == "later\n"


def test_a_log_that_is_not_followed_ends_where_it_is(
    api: ApiService, client: requests.Session
) -> None:
    assert read(client, a_log(api, "one", over=False)).text == "one\n"


def test_a_log_of_many_lines_is_whole(api: ApiService, client: requests.Session) -> None:
    lines = [f"line {number}" for number in range(2500)]
    assert read(client, a_log(api, *lines)).text.splitlines() == lines


def test_a_kept_log_is_read_like_a_new_one(api: ApiService, client: requests.Session) -> None:
    build_id = a_log(api, "one", "two")
    api.logs.keep(build_id)
    assert read(client, build_id, "?after=1").text == "two\n"


def test_a_head_of_events_ends_at_once(api: ApiService, client: requests.Session) -> None:
    build_id = a_log(api, over=False)
    reply = client.head(f"/api/v1/builds/{build_id}/logs", headers={"accept": "text/event-stream"})
    assert (reply.status_code, reply.headers["content-type"]) == (
        200,
        "text/event-stream; charset=utf-8",
    )


def test_a_server_that_stops_lets_go_of_who_follows(
    api: ApiService, client: requests.Session
) -> None:
    build_id = a_log(api, "one", over=False)
    with Soon(api.draining.begin):
        told = events(read(client, build_id, accept="text/event-stream"))
    assert [event.get("event") for event in told] == [None, "line"]
