"""The fourteen defects of cargo, by their numbers, as far as they show in process.

4, 5, 8, 9, 10 and 12 need a real server: integration/test_builds_api.py.
"""

import json
from pathlib import Path

import pytest
import requests

from gobp.buildservice.builds.build import State
from gobp.buildservice.state.builds import Filter
from gobp.serving.passwords import format_token_hash, new_token
from tests.buildservice.api.api_service import (
    BRANCH_COMMIT,
    HEY,
    HEY_PATH,
    ApiService,
)

pytestmark = pytest.mark.slow  # real tools and servers

TOKEN = new_token()
_ALL = Filter()


def test_defect_1_the_token_of_a_request_is_in_no_answer_and_no_log(tmp_path: Path) -> None:
    token = {"name": "ci", "token_hash": format_token_hash(TOKEN)}
    log = tmp_path / "requests.log"
    api = ApiService.of(tmp_path, access={"tokens": [token]}, log={"requests": str(log)})
    client = api.client()
    client.headers["authorization"] = f"token {TOKEN}"

    posted = client.post(HEY_PATH)
    build_id = posted.json()["build_id"]
    api.end(next(iter(api.builds.listed(_ALL))))
    answers = [
        posted.text,
        client.get(f"/builds/{build_id}").text,
        client.get(f"/builds/{build_id}/logs").text,
        client.get("/api/v1/builds").text,
        client.get("/metrics").text,
        log.read_text(),
    ]

    assert not any(TOKEN in answer for answer in answers)


def test_defect_2_builds_of_one_second_have_ids_and_logs_of_their_own(
    api: ApiService, client: requests.Session
) -> None:
    paths = [HEY_PATH.replace("hey", f"hey{number}") for number in range(10)]
    ids = [client.post(path).json()["build_id"] for path in paths]
    assert len(set(ids)) == len(ids)
    for build_id in ids[:2]:
        build = api.builds.get(build_id)
        assert build is not None
        with api.writing(build) as log:
            log.say(f"of {build_id}")
        api.end(build)
    for build_id in ids[:2]:
        lines = client.get(f"/builds/{build_id}/logs").text.splitlines()
        assert [json.loads(line)["msg"] for line in lines] == [f"of {build_id}"]


def test_defect_3_one_build_for_all_who_ask_and_its_failure_is_told(
    api: ApiService, client: requests.Session
) -> None:
    ids = {client.post(HEY_PATH).json()["build_id"] for _ in range(5)}
    assert len(ids) == 1
    (build,) = api.builds.listed(_ALL)
    pending = client.get(HEY_PATH).json()
    api.end(build, State.FAILED, "exit status 2")
    failed = client.get(HEY_PATH).json()
    assert (pending["type"], pending["state"]) == ("urn:gobp:problem:building", "queued")
    assert (failed["type"], failed["state"]) == ("urn:gobp:problem:build-failed", "failed")
    assert client.get(f"/builds/{build.id}").json()["message"] == "exit status 2"


def test_defect_6_what_was_not_published_whole_is_neither_there_nor_in_the_way(
    api: ApiService, client: requests.Session
) -> None:
    build = api.queued()
    claim = api.run(build)
    file = api.root / "half"
    file.write_bytes(b"stored, but the worker died before it published")
    api.store.put(file)

    assert client.get(HEY_PATH).status_code == 404
    assert client.post(HEY_PATH).status_code == 202

    api.builds.give_back(claim)
    api.end(build)
    assert client.get(HEY_PATH).status_code == 200


def test_defect_7_a_branch_is_not_kept_under_its_name_and_its_commit_is_told(
    api: ApiService, client: requests.Session
) -> None:
    build = api.built(ref="main")
    reply = client.get(HEY_PATH.replace("v1.0.0", "main"), allow_redirects=False)
    assert reply.headers["location"].endswith(BRANCH_COMMIT)
    assert reply.headers["cache-control"] == "no-store"
    told = client.get(f"/builds/{build.id}").json()
    assert (told["ref"], told["commit"], told["moving"]) == ("main", BRANCH_COMMIT, True)


def test_defect_8_a_server_that_starts_anew_knows_its_queue(api: ApiService) -> None:
    posted = api.client().post(HEY_PATH).json()
    again = ApiService.of(api.root).client()
    assert again.post(HEY_PATH).json() == posted
    assert again.get(f"/builds/{posted['build_id']}").json()["state"] == "queued"


def test_defect_11_a_host_that_is_not_allowed_is_a_module_never_a_clone(
    api: ApiService, client: requests.Session
) -> None:
    for host in ("169.254.169.254", "localhost:22", "elsewhere.example"):
        reply = client.post(HEY_PATH.replace("git.example", host))
        if reply.status_code == 202:
            assert client.get(reply.headers["location"]).json()["source"] == "module"
    sources = [build.order.source for build in api.builds.listed(_ALL)]
    assert not [source for source in sources if source.name.startswith(HEY)]
    assert {type(source).__name__ for source in sources} <= {"ModuleSource"}


@pytest.mark.parametrize(
    "name",
    [
        "builds.db",
        "..%2Fbuilds.db",
        "%2Fetc%2Fpasswd",
        "provenance.key",
        "artifacts",
        "x" * 32,
        "0" * 31,
    ],
)
def test_defect_13_logs_are_of_builds_never_files_of_a_folder(
    client: requests.Session, name: str
) -> None:
    for path in (f"/builds/{name}/logs", f"/api/v1/builds/{name}/logs"):
        assert client.get(path).status_code in {400, 404}


def test_defect_14_packages_sums_health_and_figures_are_there(
    api: ApiService, client: requests.Session
) -> None:
    order = {
        "source": {"type": "git", "host": "git.example", "path": "group/sub/repo"},
        "ref": "cmd/v1.0.0",
        "package": "./cmd/tool",
        "go": "1.25.4",
        "targets": ["linux/amd64"],
    }
    (build,) = client.post("/api/v1/builds", json=order).json()["builds"]
    assert (build["repository"], build["package"], build["go"]) == (
        "git.example/group/sub/repo",
        "./cmd/tool",
        "1.25.4",
    )
    api.built()
    assert client.get(f"{HEY_PATH}/hey_linux_amd64.tar.gz.sha256").status_code == 200
    for path in ("/healthz", "/readyz", "/metrics", "/keys", "/openapi.json"):
        assert client.get(path).status_code == 200
