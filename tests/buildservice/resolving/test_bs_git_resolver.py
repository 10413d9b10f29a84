import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from gobp.buildservice.builds.order import GitSource, ModuleSource, Order, Pin, Target
from gobp.buildservice.resolving.git_resolver import GitResolver
from gobp.buildservice.resolving.resolver import NotResolvedError
from gobp.buildservice.settings.schema import GitHost, Sources
from gobp.serving.settings.values import Duration
from integration.git_hosting import GitRepository
from integration.loopback_git import LoopbackGit, loopback_git
from integration.private_servers import Request, Site

pytestmark = pytest.mark.slow  # real tools and servers


@dataclass
class Served:
    """A repository that is served: its source, and commits by name."""

    git: LoopbackGit
    repository: GitRepository
    source: GitSource
    commits: dict[str, str]

    def resolver(self, **changes: object) -> GitResolver:
        return GitResolver(Sources(git=(self.git.settings(**changes),)), os.environ)

    def resolve(self, ref: str) -> Pin:
        return self.resolver().resolve(order(self.source, ref))[1]

    def refusal(self, ref: str) -> NotResolvedError:
        with pytest.raises(NotResolvedError) as raised:
            self.resolve(ref)
        return raised.value


def order(source: GitSource, ref: str) -> Order:
    return Order(source=source, ref=ref, target=Target("linux", "amd64"))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    repository = GitRepository(folder / "work")
    commits = {
        "1.0.0": repository.commit({"a": "1"}, "v1.0.0"),
        "1.2.0": repository.commit({"a": "2"}, "v1.2.0", "cmd/v0.3.0"),
        "1.2.9": repository.commit({"a": "3"}, "v1.2.9"),
        "old": repository.commit({"a": "4"}),
        "inside": repository.commit({"a": "5"}),
        "1.10.0": repository.commit({"a": "6"}),
    }
    repository.git("tag", "-a", "-m", "annotated", "v1.10.0")
    commits["2.0.0-rc.1"] = repository.commit({"a": "7"}, "v2.0.0-rc.1", "nightly", "3")
    commits["main"] = repository.commit({"a": "8"})
    repository.git("branch", "feature/x", commits["old"])
    repository.git("branch", "nightly2", commits["1.0.0"])
    with loopback_git(folder / "host") as git:
        yield Served(git, repository, git.publish(repository, "o/r"), commits)


@pytest.mark.parametrize(
    ("ref", "version", "commit", "moving"),
    [
        ("v1.2.0", "v1.2.0", "1.2.0", False),
        ("v1.10.0", "v1.10.0", "1.10.0", False),  # annotated: the commit, not the tag object
        ("cmd/v0.3.0", "cmd/v0.3.0", "1.2.0", False),
        ("nightly", "nightly", "2.0.0-rc.1", False),
        ("latest", "v1.10.0", "1.10.0", True),  # by number, and no prerelease
        ("v1", "v1.10.0", "1.10.0", True),
        ("1.x", "v1.10.0", "1.10.0", True),
        ("v1.2", "v1.2.9", "1.2.9", True),
        ("v1.2.x", "v1.2.9", "1.2.9", True),
        ("v2", "v2.0.0-rc.1", "2.0.0-rc.1", True),
        ("3", "3", "2.0.0-rc.1", False),
        ("main", "main", "main", True),
        ("feature/x", "feature/x", "old", True),
        ("HEAD", "HEAD", "main", True),
    ],
)
def test_a_ref_stands_for_a_commit(
    served: Served, ref: str, version: str, commit: str, *, moving: bool
) -> None:
    pin = served.resolve(ref)

    assert (pin.version, pin.commit, pin.moving) == (version, served.commits[commit], moving)


def test_a_commit_stands_for_itself_wherever_it_is_in_history(served: Served) -> None:
    commit = served.commits["1.2.9"]

    assert served.resolve(commit) == Pin(version=commit, commit=commit, time=1600010803)


def test_the_beginning_of_a_commit_is_enough_where_a_branch_or_tag_ends(served: Served) -> None:
    commit = served.commits["main"]

    pin = served.resolve(commit[:10])

    assert (pin.version, pin.commit, pin.moving) == (commit, commit, False)


def test_the_time_is_that_of_the_commit(served: Served) -> None:
    assert served.resolve("v1.0.0").time == 1600003601
    assert served.resolve("v1.10.0").time == 1600003601 + 5 * 3601


@pytest.mark.parametrize("ref", ["v9.9.9", "v9", "nowhere", "0" * 40, "deadbeef", "", "-v"])
def test_what_is_not_there_is_said_so(served: Served, ref: str) -> None:
    refusal = served.refusal(ref)

    assert refusal.status == 404


def test_a_short_commit_inside_history_is_asked_for_in_full(served: Served) -> None:
    refusal = served.refusal(served.commits["inside"][:12])

    assert refusal.status == 404
    assert "in full" in refusal.text


def test_a_missing_repository_is_said_so(served: Served) -> None:
    with pytest.raises(NotResolvedError, match="no such repository") as raised:
        served.resolver().resolve(order(GitSource(served.git.host, "o/none"), "v1"))

    assert raised.value.status == 404


def test_a_host_that_is_not_allowed_is_never_asked(served: Served) -> None:
    before = len(served.git.asked)
    resolver = GitResolver(Sources(git=(GitHost(host="git.example"),)), os.environ)

    with pytest.raises(NotResolvedError) as raised:
        resolver.resolve(order(served.source, "v1.0.0"))

    assert raised.value.status == 403
    assert len(served.git.asked) == before


def test_a_private_address_is_never_asked(served: Served) -> None:
    before = len(served.git.asked)

    with pytest.raises(NotResolvedError) as raised:
        served.resolver(private_addresses=False).resolve(order(served.source, "v1.0.0"))

    assert raised.value.status == 403
    assert len(served.git.asked) == before


def test_the_order_is_settled(served: Served) -> None:
    source = GitSource(served.git.host.upper(), "/o/r.git", submodules=True)

    settled, _ = served.resolver().resolve(order(source, "v1.0.0"))

    assert settled.source == GitSource(served.git.host, "o/r", submodules=True)


def test_a_repository_with_a_new_name_is_built_by_that(served: Served) -> None:
    served.git.redirects["/old/name.git"] = "/o/r.git"

    settled, pin = served.resolver().resolve(
        order(GitSource(served.git.host, "old/name"), "v1.0.0")
    )

    assert settled.source == served.source
    assert pin.commit == served.commits["1.0.0"]


def test_an_owner_that_is_not_allowed_is_not_built_by_a_new_name_either(served: Served) -> None:
    served.git.redirects["/fine/name.git"] = "/o/r.git"

    with pytest.raises(NotResolvedError) as raised:
        served.resolver(owners=("fine",)).resolve(
            order(GitSource(served.git.host, "fine/name"), "v1.0.0")
        )

    assert raised.value.status == 403


@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/meta-data/info/refs",
        "http://localhost:{port}/o/r.git",
        "https://127.0.0.1:{port}/o/r.git",
        "//127.0.0.1:1/o/r.git",
        "file:///etc/passwd",
        "http://[",
        "https://evil.example/\x1b[2J",
        "http://user:pw@127.0.0.1:{port}/o/r.git",
    ],
)
def test_a_redirect_to_another_host_is_not_followed(served: Served, target: str) -> None:
    port = served.git.host.rpartition(":")[2]
    served.git.redirects["/away/name.git"] = target.format(port=port)
    served.git.add_name(f"localhost:{port}")
    before = len(served.git.asked)

    with pytest.raises(NotResolvedError, match="redirects to") as raised:
        served.resolver().resolve(order(GitSource(served.git.host, "away/name"), "v1.0.0"))

    assert raised.value.status == 403
    assert "pw" not in raised.value.text
    assert {each.split()[1].split("?")[0] for each in served.git.asked[before:]} == {
        "/away/name.git/info/refs"
    }


def test_a_redirect_in_a_circle_ends(served: Served) -> None:
    served.git.redirects["/round/a.git"] = "/round/b.git"
    served.git.redirects["/round/b.git"] = "/round/a.git"

    with pytest.raises(NotResolvedError, match="too often") as raised:
        served.resolver().resolve(order(GitSource(served.git.host, "round/a"), "v1.0.0"))

    assert raised.value.status == 502


def test_a_redirect_that_comes_later_is_not_followed(served: Served) -> None:
    served.git.redirects["/o/r.git/git-upload-pack"] = "http://169.254.169.254/"
    try:
        with pytest.raises(NotResolvedError):
            served.resolver().resolve(order(served.source, "v1.0.0"))
    finally:
        del served.git.redirects["/o/r.git/git-upload-pack"]


def test_a_repository_that_is_known_without_git_is_found_too(served: Served) -> None:
    bare = served.git.hosting.repositories / "o" / "bare"
    if not bare.exists():
        bare.symlink_to("r.git")
    served.git.redirects["/o/bare.git"] = "/o/bare"

    settled, pin = served.resolver().resolve(order(GitSource(served.git.host, "o/bare"), "v1.0.0"))

    assert pin.commit == served.commits["1.0.0"]
    assert settled.source == GitSource(served.git.host, "o/bare")


def test_the_newest_commit_is_the_latest_where_there_is_no_version(
    served: Served, tmp_path: Path
) -> None:
    repository = GitRepository(tmp_path / "work")
    commit = repository.commit({"a": "1"}, "not-a-version", "v1")
    source = served.git.publish(repository, f"new/{tmp_path.name}")

    pin = served.resolver().resolve(order(source, "latest"))[1]

    assert (pin.version, pin.commit, pin.moving) == ("HEAD", commit, True)


def test_a_tag_of_the_very_name_goes_before_what_it_could_stand_for(
    served: Served, tmp_path: Path
) -> None:
    repository = GitRepository(tmp_path / "work")
    first = repository.commit({"a": "1"}, "v1")
    repository.commit({"a": "2"}, "v1.5.0")
    source = served.git.publish(repository, f"new/{tmp_path.name}")

    pin = served.resolver().resolve(order(source, "v1"))[1]

    assert (pin.version, pin.commit, pin.moving) == ("v1", first, True)


def test_tags_without_a_v_are_versions_too(served: Served, tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "work")
    repository.commit({"a": "1"}, "1.9.0")
    commit = repository.commit({"a": "2"}, "1.10.0")
    source = served.git.publish(repository, f"new/{tmp_path.name}")

    assert served.resolver().resolve(order(source, "latest"))[1].commit == commit
    assert served.resolver().resolve(order(source, "v1"))[1].version == "1.10.0"


def test_an_empty_repository_has_nothing(served: Served, tmp_path: Path) -> None:
    source = served.git.publish(GitRepository(tmp_path / "work"), f"new/{tmp_path.name}")

    with pytest.raises(NotResolvedError) as raised:
        served.resolver().resolve(order(source, "latest"))

    assert raised.value.status == 404


def test_a_server_that_cannot_leave_files_out_tells_the_time_too(
    served: Served, tmp_path: Path
) -> None:
    repository = GitRepository(tmp_path / "work")
    commit = repository.commit({"a": "1"}, "v1.0.0")
    source = served.git.publish(repository, f"new/{tmp_path.name}", allowFilter="false")

    assert served.resolver().resolve(order(source, "v1.0.0"))[1] == Pin(
        version="v1.0.0", commit=commit, time=1600003601
    )


def test_a_repository_that_hashes_with_sha256_is_resolved(served: Served, tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "work", object_format="sha256")
    commit = repository.commit({"a": "1"}, "v1.0.0")
    source = served.git.publish(repository, f"new/{tmp_path.name}")

    assert served.resolver().resolve(order(source, "v1.0.0"))[1].commit == commit
    assert len(commit) == 64


def test_a_tag_that_is_for_no_commit_is_refused(served: Served, tmp_path: Path) -> None:
    repository = GitRepository(tmp_path / "work")
    repository.commit({"a": "1"})
    repository.git("tag", "v1.0.0", repository.git("rev-parse", "HEAD:a"))
    source = served.git.publish(repository, f"new/{tmp_path.name}")

    with pytest.raises(NotResolvedError, match="is no commit") as raised:
        served.resolver().resolve(order(source, "v1.0.0"))

    assert raised.value.status == 404


def test_the_time_of_a_commit_is_asked_for_once(served: Served) -> None:
    resolver = served.resolver()
    resolver.resolve(order(served.source, "v1.0.0"))
    before = len(served.git.asked)

    resolver.resolve(order(served.source, "v1.0.0"))

    assert len(served.git.asked) - before == 2  # what there is, and which of it


def test_a_server_that_says_nothing_is_waited_for_so_long(served: Served) -> None:
    def slow(name: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    sources = Sources(git=(served.git.settings(),), resolve_timeout=Duration(0.001))

    with pytest.raises(NotResolvedError, match="took longer") as raised:
        GitResolver(sources, os.environ, slow).resolve(order(served.source, "v1.0.0"))

    assert raised.value.status == 504


def test_a_host_that_is_down_may_be_up_later(tmp_path: Path) -> None:
    with loopback_git(tmp_path / "gone") as git:
        resolver = GitResolver(Sources(git=(git.settings(),)), os.environ)

    with pytest.raises(NotResolvedError) as raised:
        resolver.resolve(order(GitSource(git.host, "o/r"), "v1.0.0"))

    assert raised.value.status == 503


def test_a_module_is_not_resolved_by_git(served: Served) -> None:
    with pytest.raises(TypeError):
        served.resolver().resolve(
            Order(source=ModuleSource("example.com/m"), ref="v1", target=Target("linux", "amd64"))
        )


@pytest.mark.parametrize(
    ("answer", "status"), [(429, 503), (500, 503), (502, 503), (410, 404), (418, 502)]
)
def test_what_a_host_answers_decides_whether_to_ask_again(
    served: Served, answer: int, status: int
) -> None:
    def say(request: Request) -> None:
        request.send(answer, b"\x1b[31mnot now\n")

    port = served.git.host.rpartition(":")[2]
    served.git.server.sites[f"localhost:{port}"] = Site(None, say)
    host = GitHost(host=f"localhost:{port}", private_addresses=True, insecure=True)

    with pytest.raises(NotResolvedError) as raised:
        GitResolver(Sources(git=(host,)), os.environ, lambda *_: ["127.0.0.1"]).resolve(
            order(GitSource(f"localhost:{port}", "o/r"), "v1")
        )

    assert raised.value.status == status
    assert raised.value.text.isprintable()
