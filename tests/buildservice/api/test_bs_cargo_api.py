import requests

from tests.buildservice.api.api_service import (
    HEY_PATH,
)

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
