"""Repositories that want to know who asks, that are gone, and that many ask for at once."""

import asyncio
import json
import os
import shutil
import subprocess
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar

import pytest

from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.protocol.version_info import VersionInfo
from gobp.modproxy.settings.schema import Vcs, VcsHost
from gobp.modproxy.sources.source import NotFoundError, RefusedError, UnavailableError
from gobp.modproxy.vcs.source import VcsSource
from integration.git_hosting import GitHost, GitRepository, git_host
from integration.module_servers import running
from integration.private_servers import Request, Site, basic, ssh_server

_T = TypeVar("_T")
HOST = "git.example.com"
MODULE = f"{HOST}/team/lib"
PASSWORD = "c0rrect-h0rse"


class Nowhere:
    """A sink that counts."""

    def __init__(self) -> None:
        self.size = 0

    def expect(self, length: int) -> None:
        """Take note of nothing."""

    async def write(self, chunk: bytes) -> None:
        self.size += len(chunk)


def library(folder: Path) -> GitRepository:
    repository = GitRepository(folder)
    repository.commit({"go.mod": f"module {MODULE}\n", "lib.go": "package lib\n"}, "v1.0.0")
    repository.commit({"lib.go": "package lib // 2\n"}, "v1.1.0")
    repository.commit({"lib.go": "package lib // 3\n"})
    return repository


@pytest.fixture
def host(tmp_path: Path) -> Iterator[GitHost]:
    with git_host(tmp_path / "host", HOST) as host:
        host.publish(library(tmp_path / "work"), "team/lib", MODULE)
        yield host


@pytest.fixture
def private(tmp_path: Path) -> Iterator[GitHost]:
    login = basic("bot", PASSWORD)
    with git_host(tmp_path / "host", HOST, authorization=login) as host:
        host.publish(library(tmp_path / "work"), "team/lib", MODULE)
        yield host


def asked(
    host: GitHost,
    cache: Path,
    ask: Callable[[VcsSource], Awaitable[_T]],
    *entries: VcsHost,
    env: dict[str, str] | None = None,
) -> _T:
    """Return what a new source answers."""

    async def run() -> _T:
        source = VcsSource(Vcs(hosts=entries), cache=cache, env={**host.env, **(env or {})})
        try:
            return await ask(source)
        finally:
            await source.close()

    return asyncio.run(run())


async def zip_of(source: VcsSource, version: str = "v1.0.0") -> int:
    sink = Nowhere()
    await source.fetch(ModuleFile(MODULE, version, Kind.ZIP), sink)
    return sink.size


async def origin_of(source: VcsSource, query: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((await source.info(MODULE, query)).content)["Origin"]
    return found


def versions_of(module: str) -> Callable[[VcsSource], Awaitable[tuple[str, ...]]]:
    return lambda source: source.versions(module)


def info_of(query: str) -> Callable[[VcsSource], Awaitable[VersionInfo]]:
    return lambda source: source.info(MODULE, query)


def with_password(folder: Path, password: str) -> VcsHost:
    (folder / "password").write_text(f"bot:{password}\n")
    return VcsHost(host=HOST, password_file=str(folder / "password"))


def mirrors(cache: Path) -> list[str]:
    return [path.name for path in (cache / "repositories").glob("*.git")]


def git_that_writes_down(folder: Path) -> dict[str, str]:
    """Return a PATH with a git that writes its command lines and environment to a file."""
    program = folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\necho "$*" >>{folder}/git.log\nenv >>{folder}/env.log\n'
        f'exec {shutil.which("git")} "$@"\n'
    )
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{os.environ['PATH']}"}


def test_the_password_of_the_settings_opens_a_private_host(
    private: GitHost, tmp_path: Path
) -> None:
    entry = with_password(tmp_path, PASSWORD)
    env = git_that_writes_down(tmp_path)

    assert asked(private, tmp_path / "cache", zip_of, entry, env=env) > 0
    origin = asked(private, tmp_path / "cache", lambda s: origin_of(s, "main"), entry)

    assert origin["URL"] == f"https://{HOST}/team/lib.git"
    assert PASSWORD not in (tmp_path / "git.log").read_text()
    assert PASSWORD not in (tmp_path / "env.log").read_text()
    assert [p for p in (tmp_path / "cache").rglob("*") if p.name in {"credentials", "key"}] == []


def test_netrc_opens_it_too(private: GitHost, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine {HOST} login bot password {PASSWORD}\n")

    assert asked(private, tmp_path / "cache", zip_of, env={"NETRC": str(netrc)}) > 0


def test_a_credential_helper_opens_it_too(private: GitHost, tmp_path: Path) -> None:
    helper = f"!f() {{ echo username=bot; echo password={PASSWORD}; }}; f"
    entry = VcsHost(host=HOST, credential_helper=helper)
    page = f"https://{HOST}/team/lib.git"
    private.roots[f"{HOST}/team/lib"] = f"{MODULE} git {page}"
    cache = tmp_path / "cache"
    asked(private, cache, zip_of, with_password(tmp_path, PASSWORD))  # finds the repository
    shutil.rmtree(cache / "repositories")

    assert asked(private, cache, zip_of, entry) > 0


@pytest.mark.parametrize("entries", [(), ("wrong",)])
def test_a_wrong_password_is_told_soon_and_nobody_is_prompted(
    private: GitHost, tmp_path: Path, entries: tuple[str, ...]
) -> None:
    hosts = [with_password(tmp_path, password) for password in entries]
    begin = time.monotonic()

    with pytest.raises(RefusedError, match=r"vcs\.hosts") as caught:
        asked(private, tmp_path / "cache", zip_of, *hosts)

    assert HOST in caught.value.text
    assert "wrong" not in caught.value.text
    assert time.monotonic() - begin < 30


def test_git_itself_being_refused_is_told_as_well(private: GitHost, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    asked(private, cache, lambda s: s.versions(MODULE), with_password(tmp_path, PASSWORD))
    begin = time.monotonic()

    with pytest.raises(RefusedError, match=r"the entry for git\.example\.com in vcs\.hosts"):
        asked(private, cache, zip_of, with_password(tmp_path, "wrong"))

    assert time.monotonic() - begin < 30
    assert mirrors(cache) == []


def test_what_is_not_there_is_not_found_and_nothing_is_cloned(
    host: GitHost, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    host.roots[f"{HOST}/team/gone"] = f"{HOST}/team/gone git https://{HOST}/team/gone.git"

    for module in (f"{HOST}/team/gone", f"{HOST}/other", f"{HOST}/team", "github.com/only-owner"):
        with pytest.raises(NotFoundError, match=module.rpartition("/")[2]):
            asked(host, cache, versions_of(module))
    with pytest.raises(NotFoundError, match="unknown revision v9"):
        asked(host, cache, lambda source: source.info(MODULE, "v9.9.9"))
    with pytest.raises(NotFoundError, match="unknown revision nobody"):
        asked(host, cache, lambda source: source.info(MODULE, "nobody"))

    assert mirrors(cache) == []


def test_probing_for_the_module_of_a_package_clones_nothing(host: GitHost, tmp_path: Path) -> None:
    cache = tmp_path / "cache"

    for module in (f"{MODULE}/pkg/deep", f"{MODULE}/pkg", MODULE):
        asked(host, cache, versions_of(module))

    assert mirrors(cache) == []


def test_many_at_once_clone_once(host: GitHost, tmp_path: Path) -> None:
    env = git_that_writes_down(tmp_path)
    cache = tmp_path / "cache"

    async def several(source: VcsSource) -> list[int]:
        other = VcsSource(Vcs(), cache=cache, env={**host.env, **env})  # as of another process
        sizes = await asyncio.gather(*[zip_of(s) for s in (source, other) for _ in range(8)])
        await other.close()
        return sizes

    sizes = asked(host, cache, several, env=env)

    assert len(sizes) == 16
    assert len(set(sizes)) == 1
    log = (tmp_path / "git.log").read_text()
    assert log.count(" fetch ") == 1
    assert log.count("--depth=1") == 1
    assert len(mirrors(cache)) == 1


def test_what_is_mirrored_is_answered_when_the_repository_is_gone(
    host: GitHost, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    before = asked(host, cache, lambda source: source.info(MODULE, "v1.1.0"))
    newest = asked(host, cache, lambda source: source.info(MODULE, "main"))
    shutil.rmtree(host.repositories / "team" / "lib.git")

    assert asked(host, cache, lambda source: source.info(MODULE, "v1.1.0")) == before
    assert asked(host, cache, lambda source: zip_of(source, "v1.1.0")) > 0
    again = asked(host, cache, lambda source: source.info(MODULE, newest.version))
    assert (again.version, again.time) == (newest.version, newest.time)
    assert asked(host, cache, lambda source: zip_of(source, newest.version)) > 0
    with pytest.raises(NotFoundError):
        asked(host, cache, lambda source: source.info(MODULE, "v1.2.0"))


def test_a_host_that_is_down_is_trouble_and_not_a_missing_module(
    host: GitHost, tmp_path: Path
) -> None:
    down = {"HTTPS_PROXY": "http://127.0.0.1:9"}

    with pytest.raises(UnavailableError):
        asked(host, tmp_path / "cache", lambda source: source.versions(MODULE), env=down)


def test_new_commits_and_tags_are_seen_and_old_ones_not_fetched_again(
    host: GitHost, tmp_path: Path
) -> None:
    cache = tmp_path / "cache"
    repository = GitRepository(tmp_path / "again")
    module = f"{HOST}/again"
    repository.commit({"go.mod": f"module {module}\n"}, "v1.0.0")
    repository.commit({"a.go": "package again\n"})
    host.publish(repository, "again", module)

    async def version(source: VcsSource) -> str:
        return (await source.info(module, "main")).version

    first = asked(host, cache, version)
    repository.git("tag", "v1.1.0")
    repository.commit({"a.go": "package again // 2\n"})
    host.publish(repository, "again", module)

    assert first.startswith("v1.0.1-0.")
    assert asked(host, cache, version).startswith("v1.1.1-0.")
    assert asked(host, cache, lambda source: source.versions(module)) == ("v1.0.0", "v1.1.0")


def test_a_revision_that_nobody_knows_is_looked_for_once(host: GitHost, tmp_path: Path) -> None:
    env = git_that_writes_down(tmp_path)

    for revision in ("abcdefabcdef", "0123456789ab"):
        with pytest.raises(NotFoundError, match=revision):
            asked(host, tmp_path / "cache", info_of(revision), env=env)

    assert (tmp_path / "git.log").read_text().count(" fetch ") == 1


@pytest.mark.parametrize("known", [True, False])
def test_ssh_is_used_where_the_settings_say_so(
    host: GitHost, tmp_path: Path, *, known: bool
) -> None:
    folder = tmp_path / "ssh"
    folder.mkdir()
    host.roots[MODULE] = f"{MODULE} git https://127.0.0.1/team/lib.git"
    with ssh_server(folder, host.repositories) as server:
        (tmp_path / "key").write_text(server.private_key)
        (tmp_path / "known").write_text(server.known_hosts if known else "")
        entry = VcsHost(
            host="127.0.0.1",
            ssh=True,
            ssh_user=server.user,
            ssh_port=server.port,
            ssh_key_file=str(tmp_path / "key"),
            known_hosts_file=str(tmp_path / "known"),
        )
        if known:
            assert asked(host, tmp_path / "cache", zip_of, entry) > 0
        else:
            with pytest.raises(RefusedError, match=r"Host key.*vcs\.hosts"):
                asked(host, tmp_path / "cache", zip_of, entry)


def test_a_key_that_is_not_known_is_told(host: GitHost, tmp_path: Path) -> None:
    folder = tmp_path / "ssh"
    folder.mkdir()
    host.roots[MODULE] = f"{MODULE} git https://127.0.0.1/team/lib.git"
    with ssh_server(folder, host.repositories) as server:
        (tmp_path / "known").write_text(server.known_hosts)
        entry = VcsHost(
            host="127.0.0.1",
            ssh=True,
            ssh_user=server.user,
            ssh_port=server.port,
            ssh_key_file=str(folder / "host"),  # a key, but not the one that is let in
            known_hosts_file=str(tmp_path / "known"),
        )
        with pytest.raises(RefusedError, match=r"Permission denied.*vcs\.hosts"):
            asked(host, tmp_path / "cache", zip_of, entry)


class PlainServer(ThreadingHTTPServer):
    """A host that speaks http only."""

    daemon_threads = True
    sites: dict[str, Site]
    welcomed: set[str]


def test_plain_http_is_for_hosts_that_the_settings_name(host: GitHost, tmp_path: Path) -> None:
    with PlainServer(("127.0.0.1", 0), Request) as server:
        name = f"127.0.0.1:{server.server_port}"
        server.sites, server.welcomed = {name: host.site(name)}, set()
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        host.roots[MODULE] = f"{MODULE} git http://{name}/team/lib.git"
        try:
            with pytest.raises(RefusedError, match=r"names http://.*vcs\.hosts"):
                asked(host, tmp_path / "cache", zip_of)
            entry = VcsHost(host=name, insecure=True)
            assert asked(host, tmp_path / "cache", zip_of, entry) > 0
        finally:
            server.shutdown()
            thread.join()


def test_no_child_of_this_process_is_left(private: GitHost, tmp_path: Path) -> None:
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    before = children.read_text()

    with pytest.raises(RefusedError):
        asked(private, tmp_path / "cache", zip_of)
    asked(private, tmp_path / "cache", zip_of, with_password(tmp_path, PASSWORD))

    assert children.read_text() == before


def test_the_go_command_gets_a_private_module_through_the_server(
    private: GitHost, tmp_path: Path
) -> None:
    entry = with_password(tmp_path, PASSWORD)
    settings = {
        "upstream": {"proxies": "direct"},
        "sums": {"database": "off"},
        "vcs": {"hosts": [{"host": entry.host, "password_file": entry.password_file}]},
    }
    app = tmp_path / "app"
    app.mkdir()
    (app / "go.mod").write_text("module example.com/app\n\ngo 1.21\n")
    (app / "main.go").write_text(f'package main\n\nimport _ "{MODULE}"\n\nfunc main() {{}}\n')
    with running(settings, tmp_path / "server", env=private.env) as server:
        env = {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "GOPROXY": server.url,
            "GONOSUMDB": "*",
            "GOFLAGS": "-modcacherw",
            "GOMODCACHE": str(tmp_path / "mod"),
            "GOCACHE": str(tmp_path / "gocache"),
        }
        for arguments in (("get", f"{MODULE}@main"), ("build", "."), ("get", f"{MODULE}@latest")):
            done = subprocess.run(
                ["go", *arguments], cwd=app, env=env, capture_output=True, check=False
            )
            assert done.returncode == 0, done.stderr.decode() + server.logged()
        assert f"{MODULE} v1.1.0" in (app / "go.mod").read_text()
        assert PASSWORD not in server.logged()
        status = subprocess.run(["go", "get", f"{MODULE}@v7.7.7"], cwd=app, env=env, check=False)
        assert status.returncode != 0
