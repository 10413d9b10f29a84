import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from gobp.buildservice.state.builds import Filter
from gobp.buildservice.storage.opening import open_store
from tests.buildservice.api.api_service import ARCHIVE, HEY_PATH, ApiService
from tests.buildservice.storage.stores import memory_store, s3_settings
from tests.modproxy.storage.s3_server import s3_server

pytestmark = pytest.mark.slow  # real tools and servers

FILE = f"{HEY_PATH}/hey_linux_amd64.tar.gz"
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()


@pytest.fixture(params=["folder", "memory"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> ApiService:
    """A service whose files are on this machine, and one whose files go through it."""
    store = memory_store() if request.param == "memory" else None
    service = ApiService.of(tmp_path, store)
    service.built()
    return service


@pytest.fixture
def client(service: ApiService) -> requests.Session:
    return service.client()


def test_a_file_is_sent_whole_with_what_it_is_known_by(client: requests.Session) -> None:
    reply = client.get(FILE)
    assert (reply.status_code, reply.content) == (200, ARCHIVE)
    assert reply.headers["etag"] == f'"{SHA256}"'
    assert reply.headers["x-checksum-sha256"] == SHA256
    assert reply.headers["content-length"] == str(len(ARCHIVE))
    assert reply.headers["content-type"] == "application/gzip"
    assert reply.headers["accept-ranges"] == "bytes"


@pytest.mark.parametrize(
    ("wanted", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=100-", 100, None), ("bytes=-7", len(ARCHIVE) - 7, None)],
)
def test_a_part_is_sent_where_one_is_asked_for(
    client: requests.Session, wanted: str, start: int, end: int | None
) -> None:
    reply = client.get(FILE, headers={"range": wanted})
    part = ARCHIVE[start:end]
    assert (reply.status_code, reply.content) == (206, part)
    last = start + len(part) - 1
    assert reply.headers["content-range"] == f"bytes {start}-{last}/{len(ARCHIVE)}"
    assert reply.headers["content-length"] == str(len(part))


def test_a_download_goes_on_only_where_the_file_is_the_same(client: requests.Session) -> None:
    same = {"range": "bytes=5-", "if-range": f'"{SHA256}"'}
    other = {"range": "bytes=5-", "if-range": '"other"'}
    assert client.get(FILE, headers=same).content == ARCHIVE[5:]
    assert client.get(FILE, headers=other).content == ARCHIVE


def test_a_part_beyond_the_end_is_refused(client: requests.Session) -> None:
    reply = client.get(FILE, headers={"range": f"bytes={len(ARCHIVE)}-"})
    assert reply.status_code == 416
    assert reply.headers["content-range"] == f"bytes */{len(ARCHIVE)}"


def test_who_has_the_file_is_told_so(client: requests.Session) -> None:
    modified = client.get(FILE).headers["last-modified"]
    for headers in (
        {"if-none-match": f'"{SHA256}"'},
        {"if-none-match": f'W/"x", "{SHA256}"'},
        {"if-modified-since": modified},
    ):
        reply = client.get(FILE, headers=headers)
        assert (reply.status_code, reply.content) == (304, b"")
        assert reply.headers["etag"] == f'"{SHA256}"'
    assert client.get(FILE, headers={"if-none-match": '"other"'}).status_code == 200


def test_a_head_says_what_a_get_would_send(client: requests.Session) -> None:
    reply = client.head(FILE)
    assert (reply.status_code, reply.content) == (200, b"")
    assert reply.headers["content-length"] == str(len(ARCHIVE))
    assert reply.headers["etag"] == f'"{SHA256}"'


def test_a_file_that_is_kept_no_longer_is_not_found(service: ApiService) -> None:
    service.store.remove([build.id for build in service.builds.listed(Filter())])
    service.store.sweep(grace_seconds=-1)
    assert service.client().get(FILE).status_code == 404


@pytest.mark.slow
class TestInABucket:
    """Files that clients get from a real S3 server themselves."""

    @pytest.fixture
    def bucket(self, tmp_path: Path) -> Iterator[ApiService]:
        with s3_server(tmp_path) as server:
            store = open_store(s3_settings(server, tmp_path), tmp_path, {})
            service = ApiService.of(tmp_path, store)
            service.built()
            yield service

    def test_clients_are_sent_to_a_url_that_is_good_for_a_while(self, bucket: ApiService) -> None:
        reply = bucket.client().get(FILE, allow_redirects=False)
        assert (reply.status_code, reply.headers["cache-control"]) == (307, "no-store")
        direct = requests.get(reply.headers["location"], timeout=10)
        assert direct.content == ARCHIVE
        name = 'attachment; filename="hey_linux_amd64.tar.gz"'
        assert direct.headers["content-disposition"] == name

    def test_heads_and_conditions_are_answered_here(self, bucket: ApiService) -> None:
        client = bucket.client()
        assert client.head(FILE).headers["content-length"] == str(len(ARCHIVE))
        same = client.get(FILE, headers={"if-none-match": f'"{SHA256}"'})
        assert same.status_code == 304
