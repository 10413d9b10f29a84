"""Sources of builds by git: from a real server, with credentials that nobody else sees."""

import contextlib
import logging
import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from gobp.buildservice.builds.order import GitSource, Order, Pin, Target
from gobp.buildservice.resolving.git_resolver import GitResolver
from gobp.buildservice.resolving.resolver import NotResolvedError
from gobp.buildservice.settings.schema import GitHost, Sources
from gobp.buildservice.sources.git_fetcher import GitFetcher
from gobp.buildservice.sources.tree import FetchError, SourceTree
from gobp.serving.settings.values import Duration
from integration.git_hosting import GitRepository
from integration.loopback_git import AUTHORIZATION, PASSWORD, USER, LoopbackGit, loopback_git

pytestmark = pytest.mark.builds
NAME = "git.example"  # no name server knows it
SECRETS = (PASSWORD.encode(), AUTHORIZATION.removeprefix("Basic ").encode())


@dataclass
class Service:
    """What the build service has for one host: ``lookups`` are the names that it asked for."""

    git: LoopbackGit
    folder: Path
    said: list[str] = field(default_factory=list)
    lookups: list[str] = field(default_factory=list)

    @property
    def env(self) -> dict[str, str]:
        return {**os.environ, "SSL_CERT_FILE": str(self.git.authority)}

    def lookup(self, name: str, port: int) -> Sequence[str]:
        self.lookups.append(name)
        return ["127.0.0.1"]

    def sources(self, password: str = PASSWORD, **changes: object) -> Sources:
        file = self.folder / "password"
        file.write_text(f"{password}\n")
        file.chmod(0o600)
        host = self.git.settings(user=USER, password_file=str(file))
        return Sources(git=(host,), **changes)  # type: ignore[arg-type] # as the tests name them

    def resolve(self, source: GitSource, sources: Sources) -> tuple[Order, Pin]:
        order = Order(source=source, ref="v1.0.0", target=Target("linux", "amd64"))
        return GitResolver(sources, self.env, self.lookup).resolve(order)

    def fetch(self, source: GitSource, pin: Pin, sources: Sources) -> SourceTree:
        into = self.folder / "source"
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir()
        return GitFetcher(sources, self.env, self.lookup).fetch(source, pin, into, self.said.append)


class Watching(threading.Thread):
    """Reads the command line and the variables of every process, again and again."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.over = threading.Event()
        self.seen: set[bytes] = set()

    def run(self) -> None:
        while not self.over.is_set():
            self.seen.update(_of_processes("cmdline"))
            self.seen.update(_of_processes("environ"))
            time.sleep(0.001)

    def of(self, word: str) -> list[bytes]:
        return [each for each in self.seen if word.encode() in each]


def _of_processes(what: str) -> Iterator[bytes]:
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            yield (process / what).read_bytes()


def _gone(word: str) -> bool:
    """Say whether no process has a word in its command line; what was killed dies in its time."""
    for _ in range(100):
        if not any(word.encode() in each for each in _of_processes("cmdline")):
            return True
        time.sleep(0.05)
    return False


@contextlib.contextmanager
def watched() -> Iterator[Watching]:
    watching = Watching()
    watching.start()
    try:
        yield watching
    finally:
        watching.over.set()
        watching.join()


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Service]:
    """A host with TLS that wants to know who asks."""
    with loopback_git(tmp_path / "host", name=NAME, authorization=AUTHORIZATION) as git:
        yield Service(git, tmp_path)


def published(service: Service, name: str = "corp/app") -> tuple[GitSource, str]:
    repository = GitRepository(service.folder / name.replace("/", "-"))
    commit = repository.commit(
        {"go.mod": "module m\n", "large": os.urandom(200_000).hex()}, "v1.0.0"
    )
    return service.git.publish(repository, name), commit


def everything_below(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_credentials_are_used_and_seen_by_nobody(
    private: Service, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    source, commit = published(private)
    sources = private.sources()

    with watched() as watching:
        order, pin = private.resolve(source, sources)
        private.fetch(source, pin, sources)
        tree = private.fetch(source, pin, sources)

    assert (order.source, pin.commit) == (source, commit)
    assert (tree.folder / "go.mod").read_text() == "module m\n"
    assert watching.of("remote-https"), "git was not watched"
    for secret in SECRETS:
        assert not [each for each in watching.seen if secret in each]
        assert secret not in everything_below(tree.folder)
        assert secret.decode() not in "".join([*private.said, caplog.text, repr(tree)])
    assert "password" not in (tree.folder / ".git" / "config").read_text()


def test_what_a_host_refuses_shows_no_credentials(private: Service) -> None:
    source, commit = published(private)
    wrong = "wrong-but-secret-too"

    with pytest.raises(NotResolvedError) as resolving:
        private.resolve(source, private.sources(wrong))
    with pytest.raises(FetchError) as fetching:
        private.fetch(source, Pin(version="v1.0.0", commit=commit), private.sources(wrong))

    assert resolving.value.status == 502
    for text in (resolving.value.text, fetching.value.text):
        assert "Authentication failed" in text
        assert wrong not in text


def test_a_new_password_is_taken_without_a_restart(private: Service) -> None:
    source, commit = published(private)
    sources = private.sources("old")
    resolver = GitResolver(sources, private.env, private.lookup)
    order = Order(source=source, ref="v1.0.0", target=Target("linux", "amd64"))
    with pytest.raises(NotResolvedError):
        resolver.resolve(order)

    private.sources(PASSWORD)

    assert resolver.resolve(order)[1].commit == commit


def test_a_private_repository_is_not_told_from_none_without_credentials(private: Service) -> None:
    source, _ = published(private)
    sources = Sources(git=(private.git.settings(),))

    with pytest.raises(NotResolvedError) as there:
        private.resolve(source, sources)
    with pytest.raises(NotResolvedError) as none:
        private.resolve(GitSource(source.host, "corp/none"), sources)

    assert (there.value.status, none.value.status) == (404, 404)
    assert there.value.text.replace("app", "none") == none.value.text


def test_git_connects_to_the_address_that_was_checked(private: Service) -> None:
    """The name has no address but for our lookup: git cannot have looked it up itself."""
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo(NAME, 443)
    source, commit = published(private)

    assert private.resolve(source, private.sources())[1].commit == commit
    assert set(private.lookups) == {NAME}


def test_an_address_that_changes_to_a_forbidden_one_is_not_connected_to(private: Service) -> None:
    source, commit = published(private)
    addresses = iter(["127.0.0.1", "127.0.0.1", "169.254.169.254"])

    def rebinding(name: str, port: int) -> Sequence[str]:
        return [next(addresses)]

    order = Order(source=source, ref="v1.0.0", target=Target("linux", "amd64"))
    pin = GitResolver(private.sources(), private.env, rebinding).resolve(order)[1]
    (private.folder / "x").mkdir()
    with pytest.raises(FetchError, match="does not connect to") as raised:
        GitFetcher(private.sources(), private.env, rebinding).fetch(
            source, pin, private.folder / "x", private.said.append
        )

    assert pin.commit == commit
    assert not raised.value.passing


def test_a_host_of_an_unknown_certificate_is_not_spoken_with(private: Service) -> None:
    source, commit = published(private)
    (private.folder / "x").mkdir()

    with pytest.raises(FetchError, match="certificate") as raised:
        GitFetcher(private.sources(), os.environ, private.lookup).fetch(
            source, Pin(version="v1", commit=commit), private.folder / "x", private.said.append
        )

    assert not raised.value.passing
    assert private.git.server.welcomed == set()


def test_credentials_are_not_for_a_submodule_of_another_owner(private: Service) -> None:
    """Else whoever may build any repository could build a secret one into it."""
    secret, inner = published(private, "corp/secret")
    repository = GitRepository(private.folder / "evil")
    text = f'[submodule "s"]\n\tpath = s\n\turl = https://{secret.host}/corp/secret\n'
    (repository.path / ".gitmodules").write_text(text)
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{inner},s")
    repository.git("add", ".gitmodules")
    repository.git("commit", "-q", "-m", "evil")
    commit = repository.git("rev-parse", "HEAD")
    pin = Pin(version="main", commit=commit, moving=True)
    outside = private.git.publish(repository, "guest/app")
    inside = private.git.publish(repository, "corp/app")

    with pytest.raises(FetchError, match="the service may not read it"):
        private.fetch(
            GitSource(outside.host, outside.path, submodules=True), pin, private.sources()
        )
    tree = private.fetch(
        GitSource(inside.host, inside.path, submodules=True), pin, private.sources()
    )

    assert (tree.folder / "s" / "go.mod").exists()


def test_credentials_do_not_follow_a_redirect_to_another_host(private: Service) -> None:
    with loopback_git(private.folder / "other") as other:
        private.git.redirects["/corp/away.git"] = f"http://{other.host}/corp/away.git"

        with pytest.raises(NotResolvedError, match="redirects to"):
            private.resolve(GitSource(private.git.host, "corp/away"), private.sources())

        assert other.asked == []


def test_a_private_repository_with_a_new_name_is_found(private: Service) -> None:
    source, commit = published(private)
    private.git.redirects["/corp/before.git"] = f"https://{private.git.host}/corp/app.git"

    order, pin = private.resolve(GitSource(source.host, "corp/before"), private.sources())

    assert (order.source, pin.commit) == (source, commit)


def test_forward_proxies_of_the_environment_are_not_used(
    private: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They would look names up themselves, and nobody would check what they find."""
    source, commit = published(private)
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    assert private.resolve(source, private.sources())[1].commit == commit


def test_a_host_that_never_answers_is_left_in_time_and_no_git_stays(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        host = f"127.0.0.1:{listener.getsockname()[1]}"
        settings = GitHost(host=host, private_addresses=True, insecure=True)
        fetcher = GitFetcher(Sources(git=(settings,), timeout=Duration(1)), os.environ)
        begun = time.monotonic()

        with pytest.raises(FetchError, match="took longer than 1 seconds") as raised:
            fetcher.fetch(
                GitSource(host, "o/r"), Pin(version="v1", commit="1" * 40), tmp_path, print
            )

        assert raised.value.passing
        assert time.monotonic() - begun < 20
        assert _gone(host)
