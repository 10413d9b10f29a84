import http.server
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from gobp.errors import UserError
from release.apt import Mirror
from release.fetch import GoneError, fetch
from release.lock import Lock, PoolFile
from release.runtime import obtain
from tests.release.fake_debs import deb, package, pool_file

DEB = deb({"./a": b"content"})


class Archive:
    """An archive served over HTTP on this machine; remembers what was asked."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []

    def add(self, file: PoolFile, data: bytes) -> None:
        self.files[f"/{file.file}"] = data


@pytest.fixture
def archive() -> Iterator[Archive]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            served.asked.append(self.path)
            data = served.files.get(self.path)
            self.send_response(404 if data is None else 200)
            self.send_header("Content-Length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # as in the base
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        served = Archive(f"http://127.0.0.1:{server.server_port}")
        yield served
        server.shutdown()
        thread.join()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as opened:
        opened.trust_env = False
        yield opened


def test_a_file_is_fetched_once_and_then_taken_from_the_cache(
    archive: Archive, session: requests.Session, tmp_path: Path
) -> None:
    file = pool_file("a.deb", DEB)
    archive.add(file, DEB)

    found = [fetch(session, f"{archive.url}/{file.file}", file, tmp_path) for _ in range(2)]

    assert found == [DEB, DEB]
    assert len(archive.asked) == 1


def test_a_damaged_copy_in_the_cache_is_fetched_again(
    archive: Archive, session: requests.Session, tmp_path: Path
) -> None:
    file = pool_file("a.deb", DEB)
    archive.add(file, DEB)
    (tmp_path / "a.deb").write_bytes(DEB[:-1])

    assert fetch(session, f"{archive.url}/{file.file}", file, tmp_path) == DEB
    assert (tmp_path / "a.deb").read_bytes() == DEB


@pytest.mark.parametrize("wrong", [DEB + b"x", DEB[:-1], b"y" * len(DEB)])
def test_another_file_than_the_lock_names_is_refused_and_not_kept(
    archive: Archive, session: requests.Session, tmp_path: Path, wrong: bytes
) -> None:
    file = pool_file("a.deb", DEB)
    archive.add(file, wrong)

    with pytest.raises(UserError, match=r"a\.deb is not the file that the lock names"):
        fetch(session, f"{archive.url}/{file.file}", file, tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_superseded_file_is_told_from_other_trouble(
    archive: Archive, session: requests.Session, tmp_path: Path
) -> None:
    file = pool_file("a.deb", DEB)

    with pytest.raises(GoneError, match=r"has a\.deb no more"):
        fetch(session, f"{archive.url}/{file.file}", file, tmp_path)


def test_a_lock_whose_file_is_gone_is_replaced_as_a_whole(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = Lock("trixie", "keyring", "3.13", (package("a", DEB), package("gone", DEB)))
    new = Lock("trixie", "keyring", "3.13", (package("a", DEB, version="1.0-2"),))
    for found in (old.packages[0], new.packages[0]):
        archive.add(found.files["amd64"], DEB)
    mirror = Mirror(archive.url, archive.url)

    lock, packages = obtain(old, mirror, tmp_path, lambda: new)

    assert lock == new
    assert packages["arm64"].read("a") == b"content"
    assert "gone_1.0-1_all.deb no more" in (out := capsys.readouterr().out)
    assert "make runtime-lock" in out


def test_a_lock_whose_files_are_all_there_is_used(archive: Archive, tmp_path: Path) -> None:
    lock = Lock("trixie", "keyring", "3.13", (package("a", DEB),))
    archive.add(lock.packages[0].files["amd64"], DEB)

    used, _ = obtain(lock, Mirror(archive.url, archive.url), tmp_path, pytest.fail)

    assert used is lock
