import hashlib
import json
from datetime import datetime

import pytest
import requests

from gobp.buildservice.builds.build import State
from tests.buildservice.api.api_service import (
    ARCHIVE,
    BRANCH_COMMIT,
    COMMIT,
    HEY_PATH,
    ApiService,
    Soon,
)

pytestmark = pytest.mark.slow  # real tools and servers

FILE = f"{HEY_PATH}/hey_linux_amd64.tar.gz"


def test_a_post_queues_a_build_and_tells_its_id_and_where_to_ask(client: requests.Session) -> None:
    reply = client.post(HEY_PATH)

    assert reply.status_code == 202
    assert reply.headers["content-type"] == "application/json"
    told = reply.json()
    assert told["state"] == "queued"
    assert told["url"] == FILE
    assert reply.headers["location"] == f"/builds/{told['build_id']}"
    assert reply.headers["retry-after"] == "2"
    assert client.get(reply.headers["location"]).json()["repository"] == "git.example/rakyll/hey"


def test_a_post_of_what_is_under_way_is_the_same_build(client: requests.Session) -> None:
    first, second = client.post(HEY_PATH), client.post(HEY_PATH)
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json()["build_id"] == second.json()["build_id"]


def test_a_post_of_what_is_built_is_a_conflict_that_tells_the_url(
    api: ApiService, client: requests.Session
) -> None:
    build = api.built()

    reply = client.post(HEY_PATH)

    assert reply.status_code == 409
    assert reply.headers["content-type"] == "application/problem+json"
    assert reply.headers["location"] == FILE
    told = reply.json()
    assert (told["detail"], told["url"], told["build_id"]) == ("already exists", FILE, build.id)


def test_a_build_that_failed_is_built_anew(api: ApiService, client: requests.Session) -> None:
    failed = api.end(api.queued(), State.FAILED, "make: *** [build] Error 1")
    reply = client.post(HEY_PATH)
    assert reply.status_code == 202
    assert reply.json()["build_id"] != failed.id


def test_a_get_of_the_same_url_leads_to_the_archive(
    api: ApiService, client: requests.Session
) -> None:
    api.built()

    reply = client.get(HEY_PATH, allow_redirects=False)

    assert (reply.status_code, reply.headers["location"]) == (303, FILE)
    archive = client.get(HEY_PATH)
    assert archive.content == ARCHIVE
    assert archive.headers["content-disposition"] == 'attachment; filename="hey_linux_amd64.tar.gz"'
    assert archive.headers["content-type"] == "application/gzip"
    assert archive.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert archive.headers["etag"] == f'"{hashlib.sha256(ARCHIVE).hexdigest()}"'


def test_any_name_of_an_archive_is_the_archive_under_that_name(
    api: ApiService, client: requests.Session
) -> None:
    api.built()
    reply = client.get(f"{HEY_PATH}/mine.tar.gz")
    assert reply.content == ARCHIVE
    assert reply.headers["content-disposition"] == 'attachment; filename="mine.tar.gz"'
    assert client.get(f"{HEY_PATH}/mine.zip").status_code == 404


def test_sums_and_proofs_are_beside_the_archive(api: ApiService, client: requests.Session) -> None:
    api.built()
    sha256 = hashlib.sha256(ARCHIVE).hexdigest()
    assert client.get(f"{FILE}.sha256").text == f"{sha256}  hey_linux_amd64.tar.gz\n"
    assert client.get(f"{HEY_PATH}/hey.cdx.json").content == b"{}"
    assert client.get(f"{HEY_PATH}/SHA256SUMS").text.splitlines() == [
        f"{sha256}  hey_linux_amd64.tar.gz",
        f"{hashlib.sha256(b'{}').hexdigest()}  hey.cdx.json",
    ]


def test_what_is_built_is_given_while_its_source_cannot_be_reached(
    api: ApiService, client: requests.Session
) -> None:
    api.built()
    api.resolver.down = True
    assert client.get(HEY_PATH).content == ARCHIVE
    missing = client.get(HEY_PATH.replace("v1.0.0", "v2.0.0"))
    assert (missing.status_code, missing.headers["retry-after"]) == (503, "5")


def test_a_branch_leads_to_the_url_of_its_commit_and_is_kept_by_no_cache(
    api: ApiService, client: requests.Session
) -> None:
    api.built(ref="main")

    reply = client.get(HEY_PATH.replace("v1.0.0", "main") + "?wait=1", allow_redirects=False)

    assert reply.status_code == 302
    pinned = HEY_PATH.replace("v1.0.0", BRANCH_COMMIT)
    assert reply.headers["location"] == pinned + "?wait=1"
    assert reply.headers["cache-control"] == "no-store"
    assert client.get(pinned).content == ARCHIVE


def test_a_post_of_latest_tells_the_url_that_stays(client: requests.Session) -> None:
    told = client.post(HEY_PATH.replace("v1.0.0", "latest")).json()
    assert told["url"] == FILE.replace("v1.0.0", COMMIT)


def test_a_file_of_a_branch_leads_to_that_of_its_commit(
    api: ApiService, client: requests.Session
) -> None:
    api.built(ref="main")
    reply = client.get(FILE.replace("v1.0.0", "main"), allow_redirects=False)
    assert (reply.status_code, reply.headers["location"]) == (
        302,
        FILE.replace("v1.0.0", BRANCH_COMMIT),
    )


def test_what_was_never_asked_for_is_not_found_and_not_built(
    api: ApiService, client: requests.Session
) -> None:
    reply = client.get(HEY_PATH)
    assert (reply.status_code, reply.json()["type"]) == (404, "urn:gobp:problem:not-built")
    assert client.get("/api/v1/builds").json()["builds"] == []


def test_what_is_being_built_is_not_found_yet_and_leads_to_its_status(
    api: ApiService, client: requests.Session
) -> None:
    build = api.queued()
    reply = client.get(HEY_PATH)
    assert (reply.status_code, reply.json()["type"]) == (404, "urn:gobp:problem:building")
    assert reply.headers["link"] == f'</builds/{build.id}>; rel="status"'
    assert reply.headers["retry-after"] == "2"


def test_what_failed_says_so(api: ApiService, client: requests.Session) -> None:
    build = api.end(api.queued(), State.FAILED, "make: *** [build] Error 1")
    reply = client.get(HEY_PATH)
    assert (reply.status_code, reply.json()["type"]) == (404, "urn:gobp:problem:build-failed")
    assert reply.json()["detail"] == "the build failed: make: *** [build] Error 1"
    assert (reply.json()["build_id"], reply.json()["state"]) == (build.id, "failed")


def test_a_get_with_build_builds_what_is_not_there(client: requests.Session) -> None:
    reply = client.get(f"{HEY_PATH}?build=1")
    assert (reply.status_code, reply.json()["state"]) == (202, "queued")
    assert client.post(HEY_PATH).json()["build_id"] == reply.json()["build_id"]


def test_a_get_with_build_of_what_is_built_leads_to_it(
    api: ApiService, client: requests.Session
) -> None:
    api.built()
    assert client.get(f"{HEY_PATH}?build=1").content == ARCHIVE


def test_a_client_may_wait_for_the_end(api: ApiService, client: requests.Session) -> None:
    build = api.queued()
    with Soon(lambda: api.end(build)):
        posted = client.post(f"{HEY_PATH}?wait=30")
    assert (posted.status_code, posted.headers["location"]) == (201, FILE)
    assert posted.json()["state"] == "succeeded"


def test_a_download_may_wait_for_the_end(api: ApiService, client: requests.Session) -> None:
    build = api.queued()
    with Soon(lambda: api.end(build)):
        assert client.get(f"{HEY_PATH}?wait=30").content == ARCHIVE


def test_waiting_has_an_end(client: requests.Session) -> None:
    assert client.post(f"{HEY_PATH}?wait=1").json()["state"] == "queued"
    assert client.post(f"{HEY_PATH}?wait=3600").status_code == 400


def test_versions_may_have_slashes(api: ApiService, client: requests.Session) -> None:
    api.built(ref="cmd/v1.0.0")
    path = HEY_PATH.replace("v1.0.0", "cmd%2Fv1.0.0")
    reply = client.get(path, allow_redirects=False)
    assert reply.headers["location"] == f"{path}/hey_linux_amd64.tar.gz"
    assert client.get(path).content == ARCHIVE


def test_a_host_that_may_not_be_cloned_is_a_module(client: requests.Session) -> None:
    path = HEY_PATH.replace("git.example", "modules.example")
    told = client.post(path).json()
    build = client.get(f"/builds/{told['build_id']}").json()
    assert (build["source"], build["repository"]) == ("module", "modules.example/rakyll/hey")


def test_heads_are_answered_as_gets_without_a_body(
    api: ApiService, client: requests.Session
) -> None:
    build = api.built()
    assert client.head(HEY_PATH, allow_redirects=False).status_code == 303
    reply = client.head(FILE)
    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.headers["content-length"] == str(len(ARCHIVE))
    assert client.head(f"/builds/{build.id}/logs").status_code == 200


def test_other_methods_are_told_which_there_are(client: requests.Session) -> None:
    reply = client.delete(HEY_PATH)
    assert reply.status_code == 405
    assert "POST" in reply.headers["allow"]
    assert reply.headers["content-type"] == "application/problem+json"


def test_the_log_has_cargos_keys_a_line_each(api: ApiService, client: requests.Session) -> None:
    build = api.queued()
    with api.writing(build) as log:
        log.say("Your build started.")
        log.say("go: downloading", "output")
    api.end(build)

    reply = client.get(f"/builds/{build.id}/logs")

    assert reply.headers["content-type"] == "application/x-ndjson"
    lines = [json.loads(line) for line in reply.text.splitlines()]
    assert [line["msg"] for line in lines] == ["Your build started.", "go: downloading"]
    assert {line["level"] for line in lines} == {"info"}
    assert {line["build_id"] for line in lines} == {build.id}
    assert all(datetime.fromisoformat(line["time"]).tzinfo for line in lines)


def test_logs_of_unknown_builds_are_not_found(client: requests.Session) -> None:
    assert client.get(f"/builds/{'0' * 32}/logs").status_code == 404
