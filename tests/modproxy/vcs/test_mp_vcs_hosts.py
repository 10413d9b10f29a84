import os
import stat
import subprocess
from pathlib import Path

import pytest

from gobp.modproxy.settings.schema import Vcs, VcsHost
from gobp.modproxy.sources.source import UnavailableError
from gobp.modproxy.vcs.git import GitEnvironment
from gobp.modproxy.vcs.hosts import Hosts

SECRET = "s3cr:t/€%"
URL = "https://git.example.com/team/app"


def hosts(*entries: VcsHost, netrc: str = "", env: dict[str, str] | None = None) -> Hosts:
    return Hosts(Vcs(hosts=entries, netrc=netrc), {"PATH": os.environ["PATH"], **(env or {})})


def password_file(folder: Path, text: str) -> str:
    path = folder / "password"
    path.write_text(text)
    return str(path)


def filled(env: GitEnvironment, url: str) -> dict[str, str]:
    """Return what git's own command finds of credentials for a URL."""
    done = subprocess.run(
        ["git", "credential", "fill"],
        input=f"url={url}\n".encode(),
        env=env.as_variables(),
        capture_output=True,
        check=False,
    )
    return dict(line.split("=", 1) for line in done.stdout.decode().splitlines())


@pytest.mark.parametrize(
    ("pattern", "url", "matches"),
    [
        ("git.example.com", "https://git.example.com/x", True),
        ("git.example.com", "https://git.example.com:8443/x", True),
        ("git.example.com", "ssh://git@GIT.example.com:22/x", True),
        ("git.example.com:8443", "https://git.example.com:8443/x", True),
        ("git.example.com:8443", "https://git.example.com/x", False),
        ("*.example.com", "https://git.example.com/x", True),
        ("*.example.com", "https://example.com/x", False),
        ("*.example.com", "https://git.example.com.evil.example/x", False),
        ("example.com", "https://git.example.com/x", False),
        ("example.com", "https://example.com@evil.example/x", False),
    ],
)
def test_an_entry_is_for_its_host(pattern: str, url: str, *, matches: bool) -> None:
    assert (hosts(VcsHost(host=pattern)).of(url) is not None) is matches


def test_the_first_entry_for_a_host_holds() -> None:
    found = hosts(VcsHost(host="*.example.com", user="a"), VcsHost(host="git.example.com")).of(URL)

    assert found is not None
    assert found.user == "a"


@pytest.mark.parametrize(
    ("text", "user", "login"),
    [
        (f"{SECRET}\n", "bot", ("bot", SECRET)),
        (f"bot:{SECRET}\n", "bot", ("bot", SECRET)),
        (f"bot:{SECRET}", "", ("bot", SECRET)),
        ("token\n", "", ("git", "token")),
    ],
)
def test_git_is_given_the_password_for_its_host_and_for_no_other(
    tmp_path: Path, text: str, user: str, login: tuple[str, str]
) -> None:
    entry = VcsHost(host="git.example.com", user=user, password_file=password_file(tmp_path, text))

    with hosts(entry).environment(URL, tmp_path) as env:
        found = filled(env, URL)
        assert (found["username"], found["password"]) == login
        assert filled(env, "https://other.example.com/x") == {}
        assert filled(env, "http://git.example.com/x") == {}


def test_the_password_is_in_one_file_of_one_command_and_in_no_variable(tmp_path: Path) -> None:
    entry = VcsHost(host="git.example.com", password_file=password_file(tmp_path, "a:t0ken"))
    homes = tmp_path / "homes"
    homes.mkdir()

    with hosts(entry).environment(URL, homes) as env:
        assert "t0ken" not in repr(env.as_variables())
        (home,) = homes.iterdir()
        assert stat.S_IMODE(home.stat().st_mode) == 0o700
        assert stat.S_IMODE((home / "credentials").stat().st_mode) == 0o600

    assert list(homes.iterdir()) == []


def test_a_new_password_is_taken_without_a_restart(tmp_path: Path) -> None:
    entry = VcsHost(host="git.example.com", password_file=password_file(tmp_path, "a:old"))
    made = hosts(entry)
    password_file(tmp_path, "a:new")

    with made.environment(URL, tmp_path) as env:
        assert filled(env, URL)["password"] == "new"


def test_a_password_file_that_is_not_there_is_told_by_its_name(tmp_path: Path) -> None:
    entry = VcsHost(host="git.example.com", password_file="/nowhere/token")

    with (
        pytest.raises(UnavailableError, match="/nowhere/token, which vcs"),
        hosts(entry).environment(URL, tmp_path),
    ):
        pass


def test_netrc_is_read_where_the_settings_name_no_password(tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine git.example.com login me password mine\n")

    with hosts(netrc=str(netrc)).environment(URL, tmp_path) as env:
        assert filled(env, URL)["password"] == "mine"
        assert filled(env, "https://other.example.com/") == {}
    with hosts(env={"NETRC": str(netrc)}).environment(URL, tmp_path) as env:
        assert filled(env, URL)["password"] == "mine"


def test_a_helper_of_the_settings_is_asked_and_none_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / ".gitconfig").write_text(
        "[credential]\nhelper = !echo username=x;echo password=x;:\n"
    )
    helper = "!f() { echo username=helped; echo password=$HOME; }; f"
    entry = VcsHost(host="git.example.com", credential_helper=helper)
    made = hosts(entry, env={"HOME": str(tmp_path)})

    with made.environment(URL, tmp_path) as env:
        found = filled(env, URL)
        assert (found["username"], found["password"]) == ("helped", str(tmp_path))
    with made.environment("https://other.example.com/x", tmp_path) as env:
        assert filled(env, "https://other.example.com/x") == {}


def test_our_own_requests_carry_credentials_over_https_only(tmp_path: Path) -> None:
    entry = VcsHost(host="git.example.com", password_file=password_file(tmp_path, "a:b/c"))
    made = hosts(entry)

    assert made.web_url(URL) == "https://a:b%2Fc@git.example.com/team/app"
    assert made.web_url("http://git.example.com/x") == "http://git.example.com/x"
    assert made.web_url("https://other.example.com/x") == "https://other.example.com/x"


def test_a_host_is_cloned_from_by_ssh_where_the_settings_say_so() -> None:
    entry = VcsHost(host="git.example.com", ssh=True, ssh_user="me", ssh_port=2222)

    assert hosts(entry).git_url(URL) == "ssh://me@git.example.com:2222/team/app"
    assert hosts(entry).git_url("https://other.example.com/x") == "https://other.example.com/x"
    plain = VcsHost(host="git.example.com", ssh=True)
    assert hosts(plain).git_url(URL) == "ssh://git@git.example.com/team/app"


def test_ssh_is_given_a_key_that_is_for_its_user_only(tmp_path: Path) -> None:
    key = tmp_path / "mounted key"
    key.write_text("PRIVATE")
    key.chmod(0o644)
    entry = VcsHost(
        host="git.example.com", ssh=True, ssh_key_file=str(key), known_hosts_file="/known hosts"
    )

    with hosts(entry).environment("ssh://git@git.example.com/x", tmp_path) as env:
        copy = Path(env.variables["HOME"], "key")
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600
        assert copy.read_text() == "PRIVATE\n"
        command = env.variables["GIT_SSH_COMMAND"]
        assert f"-i {copy}" in command
        assert "BatchMode=yes" in command
        assert "'UserKnownHostsFile=/known hosts'" in command


def test_only_hosts_that_the_settings_name_may_be_spoken_to_insecurely(tmp_path: Path) -> None:
    made = hosts(VcsHost(host="git.example.com", insecure=True))

    with made.environment(URL, tmp_path) as env:
        assert "http" in env.variables["GIT_ALLOW_PROTOCOL"].split(":")
    with made.environment("https://other.example.com/x", tmp_path) as env:
        assert env.variables["GIT_ALLOW_PROTOCOL"] == "https:ssh"
        assert "GIT_SSL_NO_VERIFY" not in env.variables


def test_nothing_of_the_environment_that_could_change_git_is_passed_on(tmp_path: Path) -> None:
    theirs = {"GIT_DIR": "/x", "GIT_TRACE_CURL": "1", "AWS_SECRET_ACCESS_KEY": "x", "HOME": "/x"}

    with hosts(env={**theirs, "HTTPS_PROXY": "http://p:1"}).environment(URL, tmp_path) as env:
        variables = env.as_variables()

    assert not {"GIT_DIR", "GIT_TRACE_CURL", "AWS_SECRET_ACCESS_KEY"} & set(variables)
    assert variables["HOME"] != "/x"
    assert variables["HTTPS_PROXY"] == "http://p:1"
