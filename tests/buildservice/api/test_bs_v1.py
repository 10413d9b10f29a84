from pathlib import Path
from typing import Any

import pytest
import requests

from gobp.buildservice.builds.build import State
from gobp.serving.passwords import format_token_hash, new_token
from tests.buildservice.api.api_service import COMMIT, HEY, HEY_PATH, ApiService, Soon

pytestmark = pytest.mark.slow  # real tools and servers

AGE = {"source": {"type": "module", "path": "age.example/age"}, "ref": "v1.0.0"}
TOKEN, ADMIN, OTHER = new_token(), new_token(), new_token()
TOKENS = [
    {"name": "ci", "token_hash": format_token_hash(TOKEN), "repositories": "git.example/corp/*"},
    {"name": "root", "token_hash": format_token_hash(ADMIN), "scopes": ["admin"]},
    {"name": "other", "token_hash": format_token_hash(OTHER), "repositories": "other.example"},
]
SECRET = "git.example/corp/secret"


@pytest.fixture
def guarded(tmp_path: Path) -> ApiService:
    return ApiService.of(tmp_path, access={"private": "git.example/corp/*", "tokens": TOKENS})


def ids(reply: requests.Response) -> list[str]:
    return [build["id"] for build in reply.json()["builds"]]


def test_one_request_asks_for_many_targets(client: requests.Session) -> None:
    targets = ["linux/amd64", "darwin/arm64", "linux/arm/7", "linux/amd64"]

    reply = client.post("/api/v1/builds", json={**AGE, "targets": targets, "package": "./cmd/age"})

    assert reply.status_code == 202
    builds = reply.json()["builds"]
    assert [build["target"] for build in builds] == ["linux/amd64", "darwin/arm64", "linux/arm/7"]
    assert {build["package"] for build in builds} == {"./cmd/age"}
    assert "location" not in reply.headers


def test_a_build_is_told_with_all_that_was_asked_for(client: requests.Session) -> None:
    asked = {
        "source": {"type": "git", "host": "git.example", "path": "a/b/c", "submodules": True},
        "ref": "main",
        "targets": ["linux/amd64"],
        "go": "1.25.4",
        "tags": ["netgo"],
        "ldflags": "-s",
        "recipe": "make",
        "verify": True,
    }

    reply = client.post("/api/v1/builds", json=asked)

    (build,) = reply.json()["builds"]
    assert reply.headers["location"] == build["url"] == f"/api/v1/builds/{build['id']}"
    for name in ("ref", "go", "tags", "ldflags", "recipe", "verify"):
        assert build[name] == asked[name]
    assert (build["repository"], build["source"]) == ("git.example/a/b/c", "git")
    assert (build["version"], build["moving"]) == ("main", True)
    assert (build["state"], build["started"], build["artifacts"]) == ("queued", None, [])
    assert build["requested_by"] == "testclient"  # the address that the test's client says it has


def test_asking_again_gives_the_same_builds(api: ApiService, client: requests.Session) -> None:
    order = {**AGE, "targets": ["linux/amd64"]}
    first = client.post("/api/v1/builds", json=order)
    assert ids(client.post("/api/v1/builds", json=order)) == ids(first)
    build = api.builds.get(ids(first)[0])
    assert build is not None
    api.end(build)
    again = client.post("/api/v1/builds", json=order)
    assert (again.status_code, ids(again)) == (200, ids(first))


def test_all_builds_are_queued_or_none(client: requests.Session) -> None:
    order = {**AGE, "targets": ["linux/amd64", "plan10/amd64"]}
    reply = client.post("/api/v1/builds", json=order)
    assert reply.status_code == 400
    assert "plan10" in reply.json()["detail"]
    assert ids(client.get("/api/v1/builds")) == []


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"targets": []}, "body.targets"),
        ({"targets": ["linux"]}, "body.targets.0"),
        ({"targets": ["linux/amd64"] * 65}, "body.targets"),
        ({"source": {"type": "svn", "path": "x"}}, "body.source"),
        ({"source": {"type": "module", "path": ""}}, "body.source.module.path"),
        ({"ref": "v" * 301}, "body.ref"),
        ({"recipe": "magic"}, "body.recipe"),
        ({"colour": "red"}, "body.colour"),
    ],
)
def test_what_makes_no_sense_is_refused_with_its_place(
    client: requests.Session, change: dict[str, Any], where: str
) -> None:
    reply = client.post("/api/v1/builds", json={**AGE, "targets": ["linux/amd64"], **change})
    assert reply.status_code == 400
    assert reply.headers["content-type"] == "application/problem+json"
    assert where in [each["where"] for each in reply.json()["errors"]]


def test_bodies_that_are_no_json_or_too_long_are_refused(client: requests.Session) -> None:
    headers = {"content-type": "application/json"}
    assert client.post("/api/v1/builds", data="{", headers=headers).status_code == 400
    long = client.post("/api/v1/builds", data=b" " * 70_000, headers=headers)
    assert (long.status_code, long.json()["type"]) == (413, "urn:gobp:problem:too-large")


def test_builds_are_listed_the_newest_first_in_pages(
    api: ApiService, client: requests.Session
) -> None:
    made = [api.queued(f"git.example/a/b{number}").id for number in range(5)]
    made.sort(reverse=True)  # those of one millisecond are in no order

    first = client.get("/api/v1/builds?limit=2&os=linux")
    second = client.get(first.links["next"]["url"])
    third = client.get(f"/api/v1/builds?limit=2&cursor={second.json()['next']}")

    assert ids(first) + ids(second) + ids(third) == made
    assert "os=linux" in first.links["next"]["url"]
    assert (third.json()["next"], third.links) == ("", {})


def test_builds_are_found_by_what_they_are(api: ApiService, client: requests.Session) -> None:
    hey, other = api.built(), api.queued("git.example/a/other", "main")
    for query, expected in (
        (f"repository={HEY}", [hey.id]),
        ("q=OTHER", [other.id]),
        ("state=succeeded", [hey.id]),
        ("version=main", [other.id]),
        ("arch=arm64", []),
        ("mine=true", []),
    ):
        assert ids(client.get(f"/api/v1/builds?{query}")) == expected, query
    assert client.get("/api/v1/builds?colour=red").status_code == 400
    assert client.get("/api/v1/builds?cursor=x").status_code == 400


def test_a_build_that_is_over_has_its_files(api: ApiService, client: requests.Session) -> None:
    build = client.get(f"/api/v1/builds/{api.built().id}").json()
    archive = build["artifacts"][0]
    assert (archive["name"], archive["kind"]) == ("hey_linux_amd64.tar.gz", "archive")
    reply = client.get(archive["url"])
    assert reply.headers["etag"] == f'"{archive["sha256"]}"'
    assert len(reply.content) == archive["size"]
    assert (build["commit"], build["state"]) == (COMMIT, "succeeded")
    assert build["ended"].endswith("Z")


def test_a_client_may_wait_for_a_build(api: ApiService, client: requests.Session) -> None:
    build = api.queued()
    with Soon(lambda: api.end(build, State.FAILED, "no")):
        told = client.get(f"/api/v1/builds/{build.id}?wait=30").json()
    assert (told["state"], told["message"]) == ("failed", "no")


def test_what_waits_is_cancelled_at_once_and_what_runs_soon(guarded: ApiService) -> None:
    client = guarded.client(ADMIN)
    waiting, running = guarded.queued(), guarded.queued(SECRET)
    guarded.run(running)

    first = client.delete(f"/api/v1/builds/{waiting.id}")
    second = client.delete(f"/api/v1/builds/{running.id}")

    assert (first.status_code, first.json()["state"]) == (200, "cancelled")
    assert (second.status_code, second.json()["cancel_asked"]) == (202, True)
    assert client.delete(f"/api/v1/builds/{waiting.id}").status_code == 409


def test_only_who_asked_first_may_cancel(guarded: ApiService) -> None:
    build = guarded.queued(SECRET, who="ci")
    assert guarded.client().delete(f"/api/v1/builds/{build.id}").status_code == 404
    public = guarded.queued(HEY, who="ci")
    assert guarded.client().delete(f"/api/v1/builds/{public.id}").status_code == 403
    assert guarded.client(TOKEN).delete(f"/api/v1/builds/{build.id}").status_code == 200


def test_what_failed_is_built_again_from_the_same_source(
    api: ApiService, client: requests.Session
) -> None:
    failed = api.end(api.queued(ref="main"), State.FAILED)

    reply = client.post(f"/api/v1/builds/{failed.id}/retry")

    assert reply.status_code == 202
    again = reply.json()
    assert (again["reason"], again["commit"]) == ("retry", failed.pin.commit)
    assert reply.headers["location"] == again["url"] != f"/api/v1/builds/{failed.id}"
    assert client.post(f"/api/v1/builds/{again['id']}/retry").status_code == 409


def test_admins_pin_builds_and_others_do_not(guarded: ApiService) -> None:
    path = f"/api/v1/builds/{guarded.built().id}/pin"
    assert guarded.client().put(path).status_code == 401
    assert guarded.client(TOKEN).put(path).status_code == 403
    assert guarded.client(ADMIN).put(path).json()["pinned"] is True
    assert guarded.client(ADMIN).delete(path).json()["pinned"] is False
    assert guarded.client(ADMIN).put(f"/api/v1/builds/{'0' * 32}/pin").status_code == 404


def test_private_builds_are_not_there_for_others(guarded: ApiService) -> None:
    build = guarded.built(SECRET)
    paths = [
        f"/api/v1/builds/{build.id}",
        f"/api/v1/builds/{build.id}/logs",
        f"/api/v1/builds/{build.id}/SHA256SUMS",
        f"/api/v1/builds/{build.id}/artifacts/secret_linux_amd64.tar.gz",
        f"/builds/{build.id}",
        f"/builds/{build.id}/logs",
        "/git.example/corp/secret/linux/amd64/v1.0.0",
        "/git.example/Corp/Secret.git/linux/amd64/v1.0.0",
        "/git.example/corp/secret/linux/amd64/v1.0.0/secret_linux_amd64.tar.gz",
    ]
    for path in paths:
        for client in (guarded.client(), guarded.client(OTHER)):
            reply = client.get(path)
            assert reply.status_code == 404, path
            assert client.get(path.replace(build.id, "0" * 32)).content == reply.content
        if "Corp" not in path:
            assert guarded.client(TOKEN).get(path).status_code == 200, path
    assert ids(guarded.client().get("/api/v1/builds")) == []
    assert ids(guarded.client(TOKEN).get("/api/v1/builds")) == [build.id]


def test_private_repositories_are_built_only_for_tokens_that_name_them(guarded: ApiService) -> None:
    path = "/git.example/corp/secret/linux/amd64/v1.0.0"
    assert guarded.client().post(path).status_code == 401
    assert guarded.client(OTHER).post(path).status_code == 403
    assert guarded.client(TOKEN).post(path).status_code == 202
    assert guarded.resolver.asked == 1  # nothing was asked of anybody for the others


def test_private_files_are_not_for_shared_caches(guarded: ApiService) -> None:
    guarded.built(SECRET)
    reply = guarded.client(TOKEN).get("/git.example/corp/secret/linux/amd64/v1.0.0")
    assert reply.headers["cache-control"].startswith("private, ")


def test_a_wrong_token_is_asked_for_a_right_one(guarded: ApiService) -> None:
    reply = guarded.client("gobp_wrong").get("/api/v1/builds")
    assert reply.status_code == 401
    assert reply.headers["www-authenticate"].startswith("Basic ")
    assert "gobp_wrong" not in reply.text


def test_other_sites_cannot_have_browsers_ask_for_things(client: requests.Session) -> None:
    headers = {"sec-fetch-site": "cross-site"}
    assert client.post(HEY_PATH, headers=headers).status_code == 403
    assert client.get(f"{HEY_PATH}?build=1", headers=headers).status_code == 403
    assert client.get(HEY_PATH, headers=headers).status_code == 404
    assert client.post(HEY_PATH, headers={"sec-fetch-site": "same-origin"}).status_code == 202


def test_quotas_are_told_with_when_to_ask_again(tmp_path: Path) -> None:
    api = ApiService.of(tmp_path, access={"quota": {"waiting": 1}})
    client = api.client()
    first = client.post(HEY_PATH)

    second = client.post(HEY_PATH.replace("hey", "other"))

    assert (second.status_code, second.headers["retry-after"]) == (429, "30")
    assert client.post(HEY_PATH).json() == first.json()  # what is there costs nothing


def test_a_full_queue_takes_no_more(tmp_path: Path) -> None:
    api = ApiService.of(tmp_path, queue={"waiting": 1})
    client = api.client()
    client.post(HEY_PATH)
    reply = client.post(HEY_PATH.replace("hey", "other"))
    assert (reply.status_code, reply.json()["type"]) == (503, "urn:gobp:problem:queue-full")
    assert reply.headers["retry-after"] == "30"


def test_platforms_are_those_of_the_real_go(client: requests.Session) -> None:
    targets = {each["target"]: each for each in client.get("/api/v1/targets").json()}
    assert len(targets) > 40
    assert targets["linux/arm"]["variants"] == ["5", "6", "7"]
    assert targets["linux/amd64"]["first_class"] is True
