"""Tests of the pages that show builds, for those who may see them."""

import pytest

from gobp.buildservice.builds.build import State
from gobp.serving.passwords import format_token_hash, new_token
from tests.buildservice.pages.asking import Client
from tests.buildservice.pages.small_service import AGE, SmallService

pytestmark = pytest.mark.slow  # real tools and servers

SECRET = "corp.example/very/secret"
SCRIPT = "<script>alert(1)</script>"
PAGES = ["/", f"/?q={AGE}", "/new", f"/r/{AGE}", f"/b/{'0' * 32}"]


def test_builds_are_listed_the_newest_first(small: SmallService, client: Client) -> None:
    small.end(small.queued(version="v1.0.0"))
    small.queued(version="v1.1.0")

    text = client.get("/").text

    assert text.index("v1.1.0") < text.index("v1.0.0")
    assert '<span class="state queued">queued</span>' in text
    assert '<span class="state succeeded">succeeded</span>' in text


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("q=FILIPPO", {"v1.0.0", "v1.1.0"}),
        ("q=nothing", set()),
        ("state=succeeded", {"v1.0.0"}),
        ("state=queued", {"v1.1.0"}),
        ("state=nonsense", {"v1.0.0", "v1.1.0"}),
        ("version=v1.1.0", {"v1.1.0"}),
        ("goos=linux&goarch=amd64", {"v1.0.0", "v1.1.0"}),
        ("goos=windows", set()),
    ],
)
def test_builds_are_filtered(
    small: SmallService, client: Client, query: str, shown: set[str]
) -> None:
    small.end(small.queued(version="v1.0.0"))
    small.queued(version="v1.1.0")

    text = client.get(f"/?{query}").text

    table = text.partition("<tbody>")[2]
    assert {version for version in ("v1.0.0", "v1.1.0") if version in table} == shown
    assert ("No build is like this" in text) == (not shown)


def test_long_lists_go_on_with_the_same_filters(small: SmallService, client: Client) -> None:
    builds = [small.queued(version=f"v1.{number}.0") for number in range(51)]
    small.queued("example.com/other")

    first = client.get("/?q=filippo")
    older = first.text.partition('rel="next" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = client.get(older)

    assert first.text.count("<tr>") == 51
    assert second.text.count("<tr>") == 2
    assert builds[0].id in second.text
    assert "Newest" in second.text


@pytest.mark.parametrize("path", PAGES)
def test_nothing_but_what_is_the_services_own_runs_or_is_loaded(client: Client, path: str) -> None:
    reply = client.get(path)

    assert (
        "default-src 'none'; style-src 'self'; script-src 'self'"
        in reply.headers["content-security-policy"]
    )
    assert reply.headers["cache-control"] == "no-store"
    assert " style=" not in reply.text
    assert " on" + "click=" not in reply.text


def test_what_others_wrote_is_text(small: SmallService, client: Client) -> None:
    build = small.queued(version="v1.0.0", ldflags=SCRIPT, tags=(SCRIPT,))
    small.say(build, f"\x1b[31m{SCRIPT}")
    small.end(build, State.FAILED, SCRIPT)

    for path in (f"/b/{build.id}", f"/?q={SCRIPT}"):
        assert SCRIPT not in client.get(path).text
    assert client.get(f"/b/{build.id}").text.count("&lt;script&gt;alert(1)") == 4


def test_a_build_has_its_files_and_how_it_was_asked_for(
    small: SmallService, client: Client
) -> None:
    build = small.end(small.queued(package="./cmd/age", tags=("a", "b"), verify=True))

    text = client.get(f"/b/{build.id}").text

    assert f"/api/v1/builds/{build.id}/artifacts/age_linux_amd64.tar.gz" in text
    assert build.artifacts[0].sha256 in text
    assert "h1:v1.2.1" in text
    assert "./cmd/age" in text
    assert "a,b" in text
    assert "built twice and compared" in text


def test_nobody_is_told_the_address_of_who_asked(small: SmallService, client: Client) -> None:
    text = client.get(f"/b/{small.queued().id}").text

    assert "anonymous" in text
    assert "192.0.2.1" not in text


def test_a_log_is_in_the_page_with_its_colours(small: SmallService, client: Client) -> None:
    build = small.queued()
    small.say(build, "plain \x1b[1;32mgood\x1b[0m")

    text = client.get(f"/b/{build.id}").text

    assert '<code>plain <span class="c2 bold">good</span></code>' in text
    assert '<li id="L1" value="1" class="output">' in text


def test_a_long_log_is_turned_page_by_page(small: SmallService, client: Client) -> None:
    build = small.queued()
    small.say(build, *(f"line {number}" for number in range(2001)))

    first = client.get(f"/b/{build.id}").text
    second = client.get(f"/b/{build.id}?after=2000").text

    assert 'href="?after=2000"' in first
    assert "build.js" not in first
    assert '<li id="L2001"' not in first
    assert '<li id="L2001"' in second
    assert "build.js" in second


@pytest.mark.parametrize("after", ["-1", "x", "9" * 30, "", "²"])
def test_a_number_of_a_line_that_is_none_is_the_first(
    small: SmallService, client: Client, after: str
) -> None:
    build = small.queued()
    small.say(build, "hello")

    assert "hello" in client.get(f"/b/{build.id}?after={after}").text


def test_a_repository_has_its_versions_with_the_newest_build_of_each_target(
    small: SmallService, client: Client
) -> None:
    failed = small.end(small.queued(version="v1.0.0"), State.FAILED)
    small.claims.clear()
    again = small.end(small.queued(version="v1.0.0"))
    small.end(small.queued(version="v1.1.0"))

    text = client.get(f"/r/{AGE}").text

    assert failed.id not in text
    assert again.id in text
    assert text.count("<details") == 2
    assert f"http://builds.example/get/{AGE}@v1.1.0/install.sh" in text
    assert f"[![gobp](http://builds.example/badge/{AGE}.svg)]" in text


def test_the_highest_release_is_offered_to_install_whatever_was_built_last(
    small: SmallService, client: Client
) -> None:
    for version in ("v1.9.0", "v1.10.0", "v2.0.0-rc.1", "v1.2.0"):
        small.end(small.queued(version=version))

    assert f"/get/{AGE}@v1.10.0/install.sh" in client.get(f"/r/{AGE}").text


def test_what_cannot_be_installed_plainly_is_not_offered_to_install(
    small: SmallService, client: Client
) -> None:
    small.end(small.queued(version="main"))
    small.end(small.queued(version="v1.0.0", tags=("odd",)))

    text = client.get(f"/r/{AGE}").text

    assert "main" in text
    assert "install.sh" not in text


@pytest.mark.parametrize("path", [f"/r/{AGE}", "/r/%22%3E%3Cscript%3E", "/b/nothing", "/r/"])
def test_what_is_not_there_is_told_in_a_page(client: Client, path: str) -> None:
    reply = client.get(path)

    assert reply.status == 404
    assert "<h1>Not found</h1>" in reply.text


def test_a_private_repository_is_as_if_it_were_not_there(small: SmallService) -> None:
    token, other = new_token(), new_token()
    access = {
        "private": "corp.example",
        "tokens": [
            {
                "name": "corp",
                "token_hash": format_token_hash(token),
                "repositories": "corp.example",
            },
            {"name": "other", "token_hash": format_token_hash(other), "repositories": "x.example"},
        ],
    }
    private = small.with_settings(access=access)
    build = private.end(private.queued(SECRET))
    paths = [f"/b/{build.id}", f"/r/{SECRET}"]

    for client in (private.client(), private.client(other)):
        assert [client.get(path).status for path in paths] == [404, 404]
        assert SECRET not in client.get("/").text
        assert "not built" in client.get(f"/badge/{SECRET}.svg").text
        offer = client.get(f"/get/{SECRET}@v1.2.1/linux/amd64").facts
        assert offer == {"state": "missing"}
        state = client.get(f"/b/{build.id}/state.txt").facts
        assert state == {"state": "missing"}
    member = private.client(token)
    assert [member.get(path).status for path in paths] == [200, 200]
    assert SECRET in member.get("/").text
    assert "succeeded" in member.get(f"/badge/{SECRET}.svg").text


def test_pages_for_nobody_ask_who_is_there(small: SmallService) -> None:
    closed = small.with_settings(access={"anonymous": ()})

    reply = closed.client().get("/")

    assert reply.status == 401
    assert reply.headers["www-authenticate"].startswith("Basic ")
    assert "<h1>Not logged in</h1>" in reply.text


def test_who_logs_in_is_asked_for_a_token_once(small: SmallService) -> None:
    token = new_token()
    tokens = [{"name": "ann", "token_hash": format_token_hash(token)}]
    service = small.with_settings(access={"tokens": tokens})

    assert service.client().get("/login").status == 401
    known = service.client(token).get("/login")
    assert (known.status, known.headers["location"]) == (303, "/")
    assert "ann" in service.client(token).get("/").text
    assert 'href="/login"' in service.client().get("/").text


def test_a_badge_says_how_the_last_build_went(small: SmallService, client: Client) -> None:
    small.end(small.queued(version="v1.0.0"))
    small.end(small.queued(version="v1.1.0"), State.TIMED_OUT)

    last = client.get(f"/badge/{AGE}.svg")
    first = client.get(f"/badge/{AGE}.svg?version=v1.0.0")

    assert last.headers["content-type"] == "image/svg+xml"
    assert "v1.1.0 timed out" in last.text
    assert "v1.0.0 succeeded" in first.text


def test_links_are_below_the_base_path(small: SmallService) -> None:
    service = small.with_settings(base_path="/team", public_url="https://pub.example/team")
    service.end(service.queued())

    text = service.client().get(f"/r/{AGE}").text

    assert 'href="/team/-/style.css' in text
    assert f"https://pub.example/team/get/{AGE}@v1.2.1/install.sh" in text


def test_a_strange_host_is_not_written_into_commands(small: SmallService, client: Client) -> None:
    small.end(small.queued())

    text = client.get(f"/r/{AGE}", host="evil;rm -rf").text

    assert "evil" not in text
    assert "http://127.0.0.1:8140/get/" in text
