"""Downloads verified by the real checksum database, which clients have through gobp too."""

import http.client
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from integration.docker import free_port
from integration.module_servers import ModuleServer, running
from integration.test_modules_real_go import Client
from tests.fakes.trouble_server import Request, TroubleServer, serving

DATABASE = "sum.golang.org"
MODULES = (
    "github.com/BurntSushi/toml@v1.4.0",
    "github.com/gofrs/uuid@v3.2.0+incompatible",
    "golang.org/x/exp@v0.0.0-20240719175910-8a7402abbf56",
    "github.com/pkg/errors@v0.9.1",
)
ERRORS = "github.com/pkg/errors@v0.9.1"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("sums")
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def direct(upstream: str, folder: Path) -> dict[str, tuple[str, str]]:
    """The sums of a direct download, which the go command has verified."""
    return Client(folder / "direct", upstream).download(*MODULES)


@pytest.fixture(scope="module")
def filled(upstream: str, folder: Path, direct: dict[str, tuple[str, str]]) -> Path:
    """The root folder of a gobp that has verified all, as has the go command through it."""
    settings = {"upstream": {"proxies": upstream}, "sums": {"database": DATABASE}}
    with running(settings, folder / "server") as server:
        assert Client(folder / "first", server.url).download(*MODULES) == direct
        return server.root


@pytest.fixture
def alone(filled: Path, tmp_path: Path) -> Iterator[ModuleServer]:
    """The same gobp, when nothing is left but its trees."""
    settings = {
        "root": str(filled),
        "upstream": {"proxies": f"http://127.0.0.1:{free_port()}", "attempts": 1},
        "sums": {"database": DATABASE},
    }
    with running(settings, tmp_path / "alone") as server:
        yield server


def test_what_verified_the_downloads_is_in_the_tree(filled: Path) -> None:
    database = filled / "public/sumdb" / DATABASE

    for escaped in ("github.com/!burnt!sushi/toml@v1.4.0", ERRORS):
        assert (database / "lookup" / escaped).is_file()
    assert len(list((database / "tile/8/0").rglob("[0-9][0-9][0-9]"))) >= 3


def test_without_upstream_clients_verify_what_they_download(
    alone: ModuleServer, direct: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    assert Client(tmp_path / "client", alone.url).download(*MODULES) == direct


def test_what_was_removed_is_verified_again_without_the_database(
    filled: Path, upstream: str, direct: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    settings = {
        "root": str(tmp_path / "root"),
        "upstream": {"proxies": upstream},
        "sums": {"database": DATABASE, "urls": {DATABASE: f"http://127.0.0.1:{free_port()}"}},
    }
    shutil.copytree(filled / "public/sumdb", tmp_path / "root/public/sumdb")
    shutil.copytree(filled / "public/.gobp/sumdb", tmp_path / "root/public/.gobp/sumdb")
    with running(settings, tmp_path / "server") as server:
        assert Client(tmp_path / "client", server.url).download(ERRORS)[ERRORS] == direct[ERRORS]


def test_the_tree_is_a_proxy_of_files_with_the_database(
    filled: Path, direct: dict[str, tuple[str, str]], tmp_path: Path
) -> None:
    tree = tmp_path / "tree"
    shutil.copytree(filled / "public", tree)
    (tree / "sumdb" / DATABASE / "supported").touch()

    assert Client(tmp_path / "client", tree.as_uri()).download(*MODULES) == direct


def altering(upstream: str, alter: Callable[[str, bytes], bytes]) -> Callable[[Request, int], None]:
    """Return a proxy before the real one that alters some of its files."""

    def answer(request: Request, _: int) -> None:
        parts = urlsplit(upstream)
        connection = http.client.HTTPSConnection(parts.netloc, timeout=60)
        connection.request("GET", f"{parts.path}{request.path}")
        response = connection.getresponse()
        content = response.read()
        connection.close()
        request.whole(alter(request.path, content), response.status)

    return answer


@pytest.mark.parametrize("altered", [".mod", ".zip"])
def test_an_altered_download_is_a_security_error(
    upstream: str,
    direct: dict[str, tuple[str, str]],
    tmp_path: Path,
    request: pytest.FixtureRequest,
    altered: str,
) -> None:
    other = request.getfixturevalue("folder") / "other.zip"
    source = next(
        (request.getfixturevalue("folder") / "direct").rglob("cache/download/**/errors/@v/*.zip")
    )
    _without_a_file(source, other)

    def alter(path: str, content: bytes) -> bytes:
        if not path.endswith(f"errors/@v/v0.9.1{altered}"):
            return content
        return other.read_bytes() if altered == ".zip" else content + b"// altered\n"

    with serving(altering(upstream, alter)) as server:
        printed, root = _refused(server, upstream, tmp_path)

    right = direct[ERRORS][0 if altered == ".zip" else 1]
    for part in ("502 Bad Gateway", "SECURITY ERROR", f"{DATABASE}: {right}", "downloaded: h1:"):
        assert part in printed
    assert not list(root.rglob(f"errors/@v/*{altered}"))


@pytest.mark.parametrize("altered", ["lookup/", "tile/8/0/", "tile/8/1/"])
def test_an_altered_database_is_a_security_error(
    upstream: str, direct: dict[str, tuple[str, str]], tmp_path: Path, altered: str
) -> None:
    assert direct

    def alter(path: str, content: bytes) -> bytes:
        if altered not in path:
            return content
        return content.replace(b"h1:", b"h1:x", 1) if "lookup" in altered else content[::-1]

    with serving(altering(upstream, alter)) as server:
        printed, root = _refused(server, upstream, tmp_path)

    assert f"the answer of the checksum database {DATABASE} cannot be trusted" in printed
    assert "SECURITY ERROR" in printed
    assert not list(root.rglob("errors/@v/*.mod"))


def test_lookups_of_private_modules_do_not_leave(tmp_path: Path) -> None:
    def answer(request: Request, _: int) -> None:
        request.whole(b"", 200)

    with serving(answer) as server:
        settings = {
            "upstream": {"proxies": server.url},
            "sums": {"database": DATABASE, "unlisted": "unlisted.example"},
            "rules": [{"modules": "corp.example", "private": True, "upstream": "off"}],
        }
        with running(settings, tmp_path / "server") as proxy:
            parts = urlsplit(proxy.url)
            for module in ("corp.example/secret", "unlisted.example/a"):
                connection = http.client.HTTPConnection(parts.netloc, timeout=30)
                connection.request("GET", f"/sumdb/{DATABASE}/lookup/{module}@v1.0.0")
                response = connection.getresponse()
                assert response.status == 403
                assert f"{module} is private" in response.read().decode()
                connection.close()
        assert server.requests == []


def _refused(server: TroubleServer, upstream: str, folder: Path) -> tuple[str, Path]:
    """Return what go prints that is given nothing, and gobp's root folder.

    The go command itself has the database from the real proxy: it would find the alteration too.
    """
    settings = {"upstream": {"proxies": server.url}, "sums": {"database": DATABASE}}
    with running(settings, folder / "server") as proxy:
        done = Client(folder / "client", proxy.url).go("mod", "download", "-x", ERRORS)
        assert done.returncode != 0
        return done.stderr, proxy.root


def _without_a_file(source: Path, target: Path) -> None:
    """Write a module zip like another, without its last file."""
    with zipfile.ZipFile(source) as given, zipfile.ZipFile(target, "w") as written:
        for name in given.namelist()[:-1]:
            written.writestr(name, given.read(name))
