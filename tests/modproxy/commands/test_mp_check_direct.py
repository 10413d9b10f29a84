"""Where version control looks for a module, and as whom, without the secrets themselves."""

import asyncio
from pathlib import Path

import pytest

from gobp.modproxy.commands.check_direct import direct_steps
from gobp.modproxy.commands.explain import Step, failed_step
from gobp.modproxy.settings.schema import Vcs, VcsHost
from gobp.modproxy.sources.source import (
    NotFoundError,
    RefusedError,
    SourceError,
    UnavailableError,
)

MODULE = "github.com/team/app/sub"


def steps(vcs: Vcs, folder: Path, **env: str) -> list[Step]:
    async def collect() -> list[Step]:
        variables = {"HOME": str(folder), **env}
        return [step async for step in direct_steps(vcs, MODULE, folder / "cache", variables)]

    return asyncio.run(collect())


def with_host(**settings: str | bool) -> Vcs:
    return Vcs(hosts=(VcsHost(host="github.com", **settings),))  # type: ignore[arg-type] # of a test


def test_a_repository_and_the_lack_of_credentials_are_named(tmp_path: Path) -> None:
    found, credentials = steps(Vcs(), tmp_path)

    assert found == Step("go-import", "github.com/team/app is at https://github.com/team/app")
    assert credentials.about == "credentials for github.com"
    assert credentials.found == "none, neither in vcs.hosts nor in netrc"


def test_credentials_are_named_by_their_place_and_never_shown(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("sesame-1\n")
    (tmp_path / "netrc").write_text("machine github.com login me password sesame-2\n")
    (tmp_path / "netrc").chmod(0o600)

    by_file = steps(with_host(password_file=str(tmp_path / "token")), tmp_path)
    by_netrc = steps(Vcs(netrc=str(tmp_path / "netrc")), tmp_path)

    assert by_file[1].found == "user and password of vcs.hosts, github.com"
    assert by_netrc[1].found == "user and password of netrc"
    assert "sesame" not in str([by_file, by_netrc])


def test_ssh_and_credential_helpers_are_named(tmp_path: Path) -> None:
    ssh = steps(with_host(ssh=True, ssh_key_file="/keys/deploy"), tmp_path)
    helper = steps(with_host(credential_helper="store"), tmp_path)

    assert ssh[0].found == "github.com/team/app is at ssh://git@github.com/team/app"
    assert ssh[1].found == "ssh as git with /keys/deploy (vcs.hosts, github.com)"
    assert helper[1].found == "the credential helper of vcs.hosts, github.com"


def test_a_password_file_that_is_not_there_is_a_failure(tmp_path: Path) -> None:
    (_, credentials) = steps(with_host(password_file=str(tmp_path / "none")), tmp_path)

    assert not credentials.ok
    assert str(tmp_path / "none") in credentials.found


def test_a_host_that_is_not_there_is_a_failure_with_a_remedy(tmp_path: Path) -> None:
    async def first() -> Step:
        env = {"HOME": str(tmp_path), "HTTPS_PROXY": "http://127.0.0.1:1"}
        found = direct_steps(Vcs(), "nothing.invalid/app", tmp_path / "cache", env)
        step, _ = [step async for step in found]
        return step

    step = asyncio.run(first())

    assert (step.about, step.ok) == ("go-import", False)
    assert "HTTPS_PROXY" in step.remedy


@pytest.mark.parametrize(
    ("error", "source", "remedy"),
    [
        (NotFoundError("no"), "git", "vcs.hosts"),
        (RefusedError("no"), "git", "vcs.hosts"),
        (NotFoundError("no"), "proxy", "private: true"),
        (RefusedError("no"), "proxy", "private: true"),
        (UnavailableError("no"), "git", "HTTPS_PROXY"),
    ],
)
def test_every_kind_of_no_has_its_remedy(error: SourceError, source: str, remedy: str) -> None:
    step = failed_step(source, error, direct=source == "git")

    assert remedy in step.remedy
    assert step.found.endswith(": no")
