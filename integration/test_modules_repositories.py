"""Modules straight from git: our answers beside those of the go command with GOPROXY=direct."""

import asyncio
import json
import subprocess
import tempfile
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.settings.schema import Vcs
from gobp.modproxy.sources.source import NotFoundError
from gobp.modproxy.tree.zip_check import zip_hash
from gobp.modproxy.vcs.source import VcsSource
from integration.git_hosting import GitHost, git_host
from integration.repositories_of_modules import GOPKG, HOST, publish_all

_T = TypeVar("_T")

MODULES = (
    *(f"{HOST}/{name}" for name in ("plain", "old", "old/v4", "branch", "branch/v2", "branch/v3")),
    *(f"{HOST}/mono{name}" for name in ("", "/v2", "/sub", "/sub/v2", "/own", "/plain", "/GO")),
    *(f"{HOST}/{name}" for name in ("BurntSushi/TOML", "untagged", "attributes", "vendored")),
    *(
        f"{HOST}/sha256",
        f"{HOST}/empty",
        f"{HOST}/elsewhere",
        f"{GOPKG}/yaml.v1",
        f"{GOPKG}/yaml.v2",
        f"{GOPKG}/yaml.v2-unstable",
    ),
)
REVISIONS = ("main", "dev", "release", "HEAD")
QUERIES = ("latest", "main", "dev", "v2", "v1", "v1.0", "v0.1", "release", "HEAD", "v1.2", "v9")


class Go:
    """The real go command, which clones for itself."""

    def __init__(self, folder: Path, host: GitHost) -> None:
        self._folder = folder
        self._answers: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        self._env = {
            **host.env,
            "GOPROXY": "direct",
            "GONOSUMDB": "*",
            "GOFLAGS": "-modcacherw",
            "GOENV": "off",
            "GOMODCACHE": str(folder / "mod"),
            "GOCACHE": str(folder / "cache"),
            "GOPATH": str(folder / "path"),
            "GOTOOLCHAIN": "local",
            "GONOSUMCHECK": "1",
        }

    def run(self, *arguments: str) -> list[dict[str, Any]]:
        """Return the JSON objects that go prints; each question is asked once."""
        if arguments not in self._answers:
            self._answers[arguments] = self._asked(arguments)
        return self._answers[arguments]

    def _asked(self, arguments: tuple[str, ...]) -> list[dict[str, Any]]:
        done = subprocess.run(
            ["go", *arguments], cwd=self._folder, env=self._env, capture_output=True, check=False
        )
        text, found = done.stdout.decode().strip(), []
        while text:
            value, end = json.JSONDecoder().raw_decode(text)
            found.append(value)
            text = text[end:].lstrip()
        return found

    def versions(self, module: str) -> list[str]:
        """Return the versions of a module, none where go does not find it."""
        answer = self.run("list", "-m", "-e", "-json", "-versions", "-retracted", module)
        found: list[str] = answer[0].get("Versions", [])
        return found

    def downloads(self, module: str, versions: Sequence[str]) -> list[dict[str, Any]]:
        """Return what go downloads: files and sums, or an Error, of each version."""
        if not versions:
            return []
        return self.run("mod", "download", "-json", *[f"{module}@{v}" for v in versions])

    def queries(self, module: str, queries: Sequence[str]) -> list[dict[str, Any]]:
        """Return what go finds for each query; with an Error where it finds nothing."""
        return self.run("list", "-m", "-e", "-json", *[f"{module}@{query}" for query in queries])


@pytest.fixture(scope="module")
def host() -> Iterator[GitHost]:
    with (
        tempfile.TemporaryDirectory(dir="/var/tmp") as folder,
        git_host(Path(folder, "host"), HOST, GOPKG) as host,
    ):
        publish_all(host, Path(folder, "work"))
        yield host


@pytest.fixture(scope="module")
def go(host: GitHost) -> Iterator[Go]:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield Go(Path(folder), host)


@pytest.fixture(scope="module")
def cache() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as folder:
        yield Path(folder)


def asked(
    host: GitHost, cache: Path, ask: Callable[[VcsSource], Awaitable[_T]], vcs: Vcs | None = None
) -> _T:
    """Return what a new source answers that has this cache."""

    async def run() -> _T:
        source = VcsSource(vcs or Vcs(), cache=cache, env=host.env)
        try:
            return await ask(source)
        finally:
            await source.close()

    return asyncio.run(run())


async def info(source: VcsSource, module: str, query: str) -> dict[str, Any] | None:
    """Return an .info file, None where there is no such version."""
    try:
        if query == "latest":
            found = await source.latest(module)
        else:
            found = await source.info(module, query)
    except NotFoundError:
        return None
    document: dict[str, Any] = json.loads(found.content)
    return document


def without_sums(origin: dict[str, str]) -> dict[str, str]:
    return {key: origin[key] for key in origin if key not in {"TagSum", "TagPrefix", "RepoSum"}}


class Bytes:
    """A sink that keeps all."""

    def __init__(self) -> None:
        self.content = b""
        self.length: int | None = None

    def expect(self, length: int) -> None:
        self.length = length

    async def write(self, chunk: bytes) -> None:
        self.content += chunk


async def fetched(source: VcsSource, module: str, version: str, kind: Kind) -> bytes:
    """Return a file of a module."""
    sink = Bytes()
    await source.fetch(ModuleFile(module, version, kind), sink)
    assert sink.length == len(sink.content)
    return sink.content


@pytest.mark.parametrize("module", MODULES)
def test_versions_are_those_of_go(host: GitHost, go: Go, cache: Path, module: str) -> None:
    expected = go.versions(module)

    assert list(asked(host, cache, lambda source: source.versions(module))) == expected


@pytest.mark.parametrize("module", MODULES)
def test_what_queries_mean_is_what_go_means(
    host: GitHost, go: Go, cache: Path, module: str
) -> None:
    async def ours(source: VcsSource) -> list[dict[str, Any] | None]:
        return [await info(source, module, query) for query in QUERIES]

    expected = go.queries(module, QUERIES)
    found = asked(host, cache, ours)

    assert len(expected) == len(QUERIES)
    for query, one, theirs in zip(QUERIES, found, expected, strict=True):
        if "Error" in theirs:
            assert one is None, (query, theirs)
        else:
            assert one is not None, (query, theirs)
            assert one["Version"] == theirs["Version"], query
            assert one["Time"] == theirs["Time"], query
            assert without_sums(one["Origin"]) == without_sums(theirs["Origin"]), query
            if query in REVISIONS:  # of others go itself asks for the list, and adds its sum
                assert one["Origin"] == theirs["Origin"], query


@dataclass(frozen=True)
class Files:
    """The files of a version."""

    info: dict[str, Any]
    go_mod: bytes
    zip: bytes


async def files_of(source: VcsSource, module: str, version: str) -> Files | None:
    """Return the files of a version, None where there is no such version."""
    found = await info(source, module, version)
    if found is None:
        for kind in (Kind.MOD, Kind.ZIP):
            with pytest.raises(NotFoundError):
                await fetched(source, module, version, kind)
        return None
    go_mod = await fetched(source, module, version, Kind.MOD)
    return Files(found, go_mod, await fetched(source, module, version, Kind.ZIP))


def sum_of(folder: Path, content: bytes, file: ModuleFile) -> str:
    (folder / "zip").write_bytes(content)
    return zip_hash(folder / "zip", file)


@pytest.mark.parametrize("module", MODULES)
def test_files_of_versions_are_those_of_go(
    host: GitHost, go: Go, cache: Path, tmp_path: Path, module: str
) -> None:
    revisions = [one["Version"] for one in go.queries(module, QUERIES) if "Error" not in one]
    tagged = go.versions(module)
    wanted = [*tagged, *sorted(set(revisions) - set(tagged)), "v0.0.1", "v1.9.9", "v2.9.9"]

    async def ours(source: VcsSource) -> list[Files | None]:
        return [await files_of(source, module, version) for version in wanted]

    found = asked(host, cache, ours)

    for version, mine, theirs in zip(wanted, found, go.downloads(module, wanted), strict=True):
        if "Error" in theirs:
            assert mine is None, (version, theirs)
            continue
        assert mine is not None, (version, theirs)
        told = json.loads(Path(theirs["Info"]).read_bytes())
        assert mine.go_mod == Path(theirs["GoMod"]).read_bytes(), version
        file = ModuleFile(module, version, Kind.ZIP)
        assert sum_of(tmp_path, mine.zip, file) == theirs["Sum"], version
        assert (mine.info["Version"], mine.info["Time"]) == (version, told["Time"])
        for key in ("VCS", "URL", "Hash", "Subdir"):
            assert mine.info["Origin"].get(key) == told["Origin"].get(key), version
