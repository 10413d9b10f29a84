"""Tests of what pages and scripts ask for: builds, their end, and programs to install."""

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.buildservice.builds.build import State
from gobp.buildservice.pages.ansi import pieces
from gobp.buildservice.pages.badge import width
from gobp.buildservice.pages.installing import script_of_failure
from gobp.buildservice.pages.links import BadNameError, Links, Program, parse_program
from gobp.buildservice.pages.words import span
from gobp.buildservice.state.builds import Filter
from gobp.serving.passwords import format_token_hash, new_token
from tests.buildservice.pages.asking import Client
from tests.buildservice.pages.small_service import AGE, SmallService

pytestmark = pytest.mark.slow  # real tools and servers

FORM = {"repository": AGE, "target": "linux/amd64"}


def all_builds(small: SmallService) -> list[str]:
    return [str(build.order.target) for build in small.builds.listed(Filter())]


def test_a_form_asks_for_a_build_once(small: SmallService, client: Client) -> None:
    first = client.post("/new", FORM)
    second = client.post("/new", FORM)

    assert first.status == 303
    assert first.headers["location"] == second.headers["location"]
    assert all_builds(small) == ["linux/amd64"]


@pytest.mark.parametrize(
    ("fields", "said", "status"),
    [
        ({"repository": "a b"}, "is no name of a repository", 400),
        ({"target": ""}, "choose a platform", 400),
        ({"target": "linux"}, "is no platform", 400),
        ({"target": "plan10/amd64"}, "is no platform of Go", 400),
        ({"package": "../x"}, "is no name of a package", 400),
        ({"ref": "-x"}, "is no name of a version", 400),
        ({"repository": "example.com/missing"}, "there is no example.com/missing", 404),
        ({"target": " ".join(f"os{number}/x" for number in range(61))}, "more than 60", 400),
    ],
)
def test_a_form_that_cannot_be_done_comes_back_with_what_is_wrong(
    small: SmallService, client: Client, fields: dict[str, str], said: str, status: int
) -> None:
    reply = client.post("/new", FORM | fields)

    assert (reply.status, said in reply.text) == (status, True)
    assert 'role="alert"' in reply.text
    assert all_builds(small) == []


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_nothing_is_asked_for_by_another_site(
    small: SmallService, client: Client, site: str
) -> None:
    build = small.queued("example.com/other")
    paths = ["/new", f"/b/{build.id}/cancel", f"/b/{build.id}/retry", f"/get/{AGE}@v1/linux/arm"]

    replies = [client.post(path, FORM, sec_fetch_site=site) for path in paths]

    assert [reply.status for reply in replies[:3]] == [403, 403, 403]
    assert replies[3].facts["state"] == "refused"
    assert all_builds(small) == ["linux/amd64"]


def test_a_build_is_cancelled_by_who_asked_for_it_only(small: SmallService, client: Client) -> None:
    mine, other = small.queued(version="v1.0.0"), small.queued(version="v2.0.0")
    token = new_token()
    tokens = [{"name": "ann", "token_hash": format_token_hash(token)}]
    ann = small.with_settings(access={"tokens": tokens}).client(token)

    assert ann.post(f"/b/{other.id}/cancel").status == 403
    assert client.post(f"/b/{mine.id}/cancel").status == 303
    assert client.post("/b/none/cancel").status == 404

    states = {build.id: build.state for build in small.builds.listed(Filter())}
    assert states == {mine.id: State.CANCELLED, other.id: State.QUEUED}


def test_what_failed_is_built_again_from_the_same_source(
    small: SmallService, client: Client
) -> None:
    failed = small.end(small.queued(), State.FAILED)

    reply = client.post(f"/b/{failed.id}/retry")

    again = small.builds.get(reply.headers["location"].rpartition("/")[2])
    assert again
    assert again.id != failed.id
    assert (again.order, again.pin) == (failed.order, failed.pin)


def test_who_may_only_read_asks_for_nothing(small: SmallService) -> None:
    reading = small.with_settings(access={"anonymous": ["read"]})

    text = reading.client().get("/").text
    refused = reading.client().post("/new", FORM)
    offer = reading.client().post(f"/get/{AGE}@v1/linux/amd64").facts

    assert "New build" not in text
    assert refused.status == 401
    assert offer["state"] == "refused"
    assert all_builds(small) == []


def test_what_was_built_is_offered_without_asking_its_source(
    small: SmallService, client: Client
) -> None:
    build = small.end(small.queued("example.com/gone", "v1.0.0"))
    small.service.resolver.known = False  # type: ignore[attr-defined] # see SmallResolver

    offer = client.get("/get/example.com/gone@v1.0.0/linux/amd64").facts

    assert offer["state"] == "succeeded"
    assert offer["sha256"] == build.artifacts[0].sha256
    assert offer["url"].endswith(f"/api/v1/builds/{build.id}/artifacts/gone_linux_amd64.tar.gz")


@pytest.mark.parametrize("more", [{"package": "./x"}, {"tags": ("a",)}, {"ldflags": "-s"}])
def test_what_was_built_in_another_way_is_not_offered(
    small: SmallService, client: Client, more: dict[str, str]
) -> None:
    small.end(small.queued(version="v1.0.0", **more))

    assert client.get(f"/get/{AGE}@v1.0.0/linux/amd64").facts == {"state": "missing"}


def test_a_script_hears_how_its_build_is_going(small: SmallService, client: Client) -> None:
    asked = client.post(f"/get/{AGE}@latest/linux/arm?package=./cmd/age&variant=7").facts
    again = asked["again"].removeprefix("http://builds.example")

    assert asked["state"] == "queued"
    assert asked["version"] == "v1.2.1"
    build = small.builds.get(asked["id"])
    assert build
    assert str(build.order.target) == "linux/arm/7"
    small.end(build, State.FAILED, "it\nfailed")
    told = client.get(again).facts
    assert (told["state"], told["text"]) == ("failed", "it failed")


@pytest.mark.parametrize("path", ["a%20b@v1", "example.com/x@-v", "x@v1'$(id)'", "@"])
def test_a_program_that_is_none_gives_a_script_that_fails(client: Client, path: str) -> None:
    reply = client.get(f"/get/{path}/install.sh")

    assert reply.status == 200
    done = subprocess.run(["sh"], input=reply.content, capture_output=True, check=False)
    assert done.returncode == 1
    assert b"is no name of a" in done.stderr
    assert done.stdout == b""


@given(st.text(max_size=50))
def test_whatever_a_failure_says_the_script_only_says_it(text: str) -> None:
    script = bytes(script_of_failure(text).body)

    assert script.startswith(b"#!/bin/sh\nprintf 'error: %s\\n' ")
    assert script.rstrip().endswith(b" >&2\nexit 1")
    quoted = script.decode().partition("%s\\n' ")[2].rpartition(" >&2")[0]
    assert "\n" not in quoted
    assert not quoted.replace("'\\''", "").strip("'").count("'")


NAMES = st.from_regex(
    r"[a-z0-9]([a-z0-9.-]{0,8}[a-z0-9])?(/[a-zA-Z0-9_~-]{1,8}){0,4}", fullmatch=True
)
REFS = st.from_regex(r"[a-z0-9][a-zA-Z0-9._+-]{0,8}(/[a-z0-9]{1,5})?", fullmatch=True)


@given(NAMES, REFS)
def test_programs_survive_being_written(repository: str, ref: str) -> None:
    program = Program(repository, ref)

    assert parse_program(str(program)) == program
    assert Links("").program(program).startswith(f"/get/{repository}@")


@given(st.text(max_size=40))
def test_no_name_of_a_program_has_anything_for_a_shell_or_a_path(text: str) -> None:
    try:
        program = parse_program(text)
    except BadNameError:
        return
    assert not set(str(program)) & set(" \t\n'\"\\$`;&|<>*?!#(){}[]")
    assert ".." not in str(program).replace("@", "/").split("/")


@given(st.text(st.characters(codec="utf-8")))
def test_pieces_of_a_line_have_its_text_and_nothing_that_steers(line: str) -> None:
    text = "".join(piece.text for piece in pieces(line))

    assert not {letter for letter in text if ord(letter) < 32 and letter != "\t"}
    assert "\x1b" not in text
    assert set(text) <= set(line)


@pytest.mark.parametrize(
    ("line", "classes"),
    [
        ("\x1b[31mx", "c1"),
        ("\x1b[1;91mx", "c9 bold"),
        ("\x1b[31m\x1b[39mx", ""),
        ("\x1b[31;1m\x1b[mx", ""),
        ("\x1b[38;5;12mx", "c12"),
        ("\x1b[31;38;5;200mx", ""),
        ("\x1b[38;2;1;2;3;4mx", "under"),
        ("\x1b[41mx", ""),
        ("\x1b[1;2;22;3mx", "italic"),
        ("\x1b[38mx", ""),
    ],
)
def test_colours_are_those_of_terminals(line: str, classes: str) -> None:
    assert [piece.classes for piece in pieces(line)] == [classes]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-1, "0.0 s"),
        (0.44, "0.4 s"),
        (9.94, "9.9 s"),
        (9.96, "10 s"),
        (59.6, "1 min 0 s"),
        (185, "3 min 5 s"),
        (7620, "2 h 7 min"),
    ],
)
def test_how_long_it_took_is_said_as_people_do(seconds: float, text: str) -> None:
    assert span(seconds) == text


def test_a_badge_is_as_wide_as_its_text() -> None:
    assert width("il") < width("ab") < width("MW")
