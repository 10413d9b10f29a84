"""Storage by the settings, and what a real S3 server says to it."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import requests

from gobp.buildservice.settings.schema import Store
from gobp.buildservice.storage.opening import open_store
from gobp.buildservice.storage.store import StorageError
from gobp.errors import UserError
from tests.buildservice.storage.stores import a_file, manifest, s3_settings
from tests.modproxy.storage.s3_server import ACCESS_KEY, SECRET_KEY, S3Server, s3_server

KEYS = {"AWS_ACCESS_KEY_ID": ACCESS_KEY, "AWS_SECRET_ACCESS_KEY": SECRET_KEY}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[S3Server]:
    with s3_server(tmp_path) as running:
        yield running


@pytest.mark.parametrize(
    ("settings", "summary"),
    [
        (Store(url="https://bucket.example"), "names no bucket"),
        (Store(url="s3:///prefix"), "names no bucket"),
        (Store(url="s3://b", endpoint="http://s3.example"), "is not https"),
        (Store(url="s3://b", access_key_file="/no/such/file"), "cannot be read"),
        (Store(url="s3://b", access_key_file="{folder}/one-word"), "has 1 words"),
    ],
)
def test_settings_that_cannot_be_right_are_told(
    tmp_path: Path, settings: Store, summary: str
) -> None:
    (tmp_path / "one-word").write_text("hunter2")
    file = settings.access_key_file.replace("{folder}", str(tmp_path))
    settings = msgspec.structs.replace(settings, access_key_file=file)
    with pytest.raises(UserError, match=summary) as told:
        open_store(settings, tmp_path, {})
    assert "hunter2" not in str(told.value)


def test_a_folder_has_paths_and_no_urls(tmp_path: Path) -> None:
    store = open_store(Store(), tmp_path, {})
    sha256, _ = store.put(a_file(tmp_path, b"here"))
    assert store.url(sha256, "tool.tar.gz", "application/gzip") == ""
    path = store.path(sha256)
    assert path is not None
    assert path.read_bytes() == b"here"
    assert path.is_relative_to(tmp_path / "artifacts" / "blobs")
    path.unlink()
    with pytest.raises(KeyError):
        store.path(sha256)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tool_linux_amd64.tar.gz", 'wé"ird name\\.txt'])
def test_clients_get_blobs_from_the_bucket_by_their_names(
    tmp_path: Path, server: S3Server, name: str
) -> None:
    settings = s3_settings(server, tmp_path)
    store = open_store(settings, tmp_path, {})
    sha256, _ = store.put(a_file(tmp_path, b"from the bucket"))
    url = store.url(sha256, name, "application/gzip")

    answer = requests.get(url, timeout=10)
    assert answer.content == b"from the bucket"
    assert answer.headers["Content-Type"] == "application/gzip"
    expected = (
        'attachment; filename="tool_linux_amd64.tar.gz"'
        if name.startswith("tool")
        else "attachment; filename*=UTF-8''w%C3%A9%22ird%20name%5C.txt"
    )
    assert answer.headers["Content-Disposition"] == expected
    assert requests.get(url, timeout=10, headers={"Range": "bytes=5-7"}).content == b"the"
    assert requests.get(url.replace("gzip", "zip"), timeout=10).status_code == 403
    assert SECRET_KEY not in url
    assert store.path(sha256) is None


@pytest.mark.slow
def test_clients_get_no_url_where_that_is_not_wanted_or_cannot_be(
    tmp_path: Path, server: S3Server
) -> None:
    settings = s3_settings(server, tmp_path)
    blob = a_file(tmp_path, b"through the service")
    through = open_store(msgspec.structs.replace(settings, redirect=False), tmp_path, {})
    sha256, _ = through.put(blob)
    assert through.url(sha256, "x", "y/z") == ""
    assert b"".join(through.read(sha256)) == b"through the service"
    by_role = open_store(msgspec.structs.replace(settings, access_key_file=""), tmp_path, {})
    assert by_role.url(sha256, "x", "y/z") == ""
    by_env = open_store(msgspec.structs.replace(settings, access_key_file=""), tmp_path, KEYS)
    assert requests.get(by_env.url(sha256, "x", "y/z"), timeout=10).status_code == 200


@pytest.mark.slow
def test_storage_that_fails_is_never_told_as_something_that_is_not_there(
    tmp_path: Path, server: S3Server, caplog: pytest.LogCaptureFixture
) -> None:
    settings = s3_settings(server, tmp_path)
    store = open_store(settings, tmp_path, {})
    sha256, _ = store.put(a_file(tmp_path, b"there"))
    ready = manifest(b"there")
    store.publish(ready)
    wrong = {"AWS_ACCESS_KEY_ID": "somebody", "AWS_SECRET_ACCESS_KEY": "hunter2-hunter2"}
    without_file = msgspec.structs.replace(settings, access_key_file="")
    no_bucket = msgspec.structs.replace(settings, url="s3://no-such-bucket")
    for broken in (
        open_store(without_file, tmp_path, wrong),
        open_store(no_bucket, tmp_path, {}),
    ):
        with pytest.raises(StorageError):
            broken.read(sha256)
        with pytest.raises(StorageError):
            broken.published(ready.build_id)
        with pytest.raises(StorageError):
            broken.put(a_file(tmp_path, os.urandom(8)))
        with pytest.raises(StorageError):
            broken.sweep(grace_seconds=0)
    server.stop()
    with pytest.raises(StorageError, match="cannot be used now") as told:
        store.published(ready.build_id)
    assert "127.0.0.1" not in str(told.value)
    assert "hunter2" not in caplog.text
    assert SECRET_KEY not in caplog.text
    server.start()
    assert store.published(ready.build_id) == ready


@pytest.mark.slow
def test_nothing_of_an_upload_that_fails_is_there(tmp_path: Path, server: S3Server) -> None:
    store = open_store(s3_settings(server, tmp_path), tmp_path, {})
    file = a_file(tmp_path, b"never")
    server.stop()
    with pytest.raises(StorageError):
        store.put(file)
    server.start()
    assert server.stored() == set()
    store.put(file)
    assert len(server.stored()) == 1
