"""Modules fetched ahead: which ones, from where, and that nothing goes wrong where they are not."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from gobp.buildpack.go_mod_vendor import prefetch
from gobp.buildpack.go_mod_vendor.modules import open_modules
from gobp.golang.dirhash import go_mod_hash
from tests.fakes.a_build import ABuild, a_build
from tests.fakes.trouble_server import Request, TroubleServer, serving

GO_MOD = b"module m\n"
SUM = go_mod_hash(GO_MOD)
MODULES = ("example.com/A", "example.com/b", "corp.example/c")
APP = {
    "go.mod": "module app\n" + "".join(f"require {each} v1.0.0\n" for each in MODULES),
    "go.sum": "".join(
        f"{each} v1.0.0 h1:x=\n{each} v1.0.0/go.mod {SUM}\n" for each in (*MODULES, "example.com/o")
    ),
}


def a_zip() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("m@v1.0.0/go.mod", GO_MOD)
    return buffer.getvalue()


def answer(request: Request, _: int) -> None:
    request.whole(GO_MOD if request.path.endswith(".mod") else a_zip())


@pytest.fixture
def proxy() -> Iterator[TroubleServer]:
    with serving(answer) as server:
        yield server


def fetched(root: Path, **env: str) -> list[str]:
    """Fetch ahead for the app; return what is in the module cache then."""
    made = a_build(root, files=APP, env={"NO_PROXY": "127.0.0.1", **env})
    prefetch.start(made.context)
    return adopted(made)


def adopted(made: ABuild) -> list[str]:
    cache = open_modules(made.context)
    prefetch.adopt(made.context, cache)
    downloads = cache.path / "cache/download"
    files = (path for path in downloads.rglob("*") if path.is_file())
    return sorted(str(path.relative_to(downloads)) for path in files)


def files_of(*modules: str) -> list[str]:
    return sorted(f"{each}/@v/v1.0.0.{kind}" for each in modules for kind in ("mod", "zip"))


def test_what_is_required_and_known_by_hash_is_there_for_go(
    proxy: TroubleServer, tmp_path: Path
) -> None:
    found = fetched(tmp_path, GOPROXY=f"{proxy.url},direct")

    assert found == files_of("example.com/!a", "example.com/b", "corp.example/c")
    assert not (tmp_path / "layers/.prefetched/cache").exists()


@pytest.mark.parametrize("name", ["GOPRIVATE", "GONOPROXY"])
def test_a_proxy_does_not_hear_of_private_modules(
    name: str, proxy: TroubleServer, tmp_path: Path
) -> None:
    fetched(tmp_path, GOPROXY=proxy.url, **{name: "corp.example"})

    assert proxy.requests
    assert not any("corp.example" in path for path, _ in proxy.requests)


@pytest.mark.parametrize("goproxy", ["", "off", "direct", "direct,{url}", "file:///modules,{url}"])
def test_only_the_first_proxy_is_asked(goproxy: str, proxy: TroubleServer, tmp_path: Path) -> None:
    assert fetched(tmp_path, GOPROXY=goproxy.format(url=proxy.url)) == []
    assert proxy.requests == []


def test_what_replaces_a_module_is_fetched_in_its_place(
    proxy: TroubleServer, tmp_path: Path
) -> None:
    more = "replace example.com/A => example.com/o v1.0.0\nreplace example.com/b => ./b\n"
    files = {**APP, "go.mod": APP["go.mod"] + more}
    made = a_build(tmp_path, files=files, env={"GOPROXY": proxy.url, "NO_PROXY": "127.0.0.1"})
    prefetch.start(made.context)

    assert adopted(made) == files_of("example.com/o", "corp.example/c")


@pytest.mark.parametrize("wrong", [b"<html>", b""])
def test_what_is_not_the_module_is_not_given_to_go(wrong: bytes, tmp_path: Path) -> None:
    def other(request: Request, _: int) -> None:
        request.whole(wrong if request.path.endswith(".zip") else GO_MOD)

    with serving(other) as server:
        assert fetched(tmp_path, GOPROXY=server.url) == []


def test_a_go_mod_that_go_sum_does_not_know_is_left_to_go(tmp_path: Path) -> None:
    with serving(lambda request, _: request.whole(b"another")) as server:
        assert fetched(tmp_path, GOPROXY=server.url) == []
        assert all(path.endswith(".mod") for path, _ in server.requests)


def test_a_proxy_that_refuses_is_left_to_go(tmp_path: Path) -> None:
    many = [f"example.com/m{number}" for number in range(100)]
    files = {
        "go.mod": "module app\n" + "".join(f"require {each} v1.0.0\n" for each in many),
        "go.sum": "".join(f"{each} v1.0.0 h1:x=\n{each} v1.0.0/go.mod {SUM}\n" for each in many),
    }
    with serving(lambda request, _: request.whole(b"", 404)) as server:
        env = {"GOPROXY": server.url, "NO_PROXY": "127.0.0.1"}
        made = a_build(tmp_path, files=files, env=env)
        prefetch.start(made.context)

        assert adopted(made) == []
        assert len(server.requests) < 30


def test_modules_that_were_restored_are_not_fetched(proxy: TroubleServer, tmp_path: Path) -> None:
    (tmp_path / "layers").mkdir()
    (tmp_path / "layers/mod-cache.toml").write_text('[metadata]\ncontent = "1 files, 1 bytes"\n')

    assert fetched(tmp_path, GOPROXY=proxy.url) == []
    assert proxy.requests == []


def test_a_go_sum_that_cannot_be_read_is_left_to_go(proxy: TroubleServer, tmp_path: Path) -> None:
    files = {**APP, "go.sum": "two words\n"}
    made = a_build(tmp_path, files=files, env={"GOPROXY": proxy.url})
    prefetch.start(made.context)

    assert proxy.requests == []
