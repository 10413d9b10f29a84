import os
import subprocess
from base64 import b64encode
from pathlib import Path

import pytest

from gobp.buildservice.settings.schema import GitHost
from gobp.buildservice.sources.credentials import Login, helper_config, read_login
from gobp.errors import UserError

PASSWORD = "pa$$'w\"o`r;d %s \\n"


def host(folder: Path, content: bytes, user: str = "") -> GitHost:
    file = folder / "it's a password"
    file.write_bytes(content)
    return GitHost(host="git.example", user=user, password_file=str(file))


def filled(settings: GitHost, origin: str, asked: str) -> str:
    """Return what git itself finds for a URL."""
    config = helper_config(settings, origin)
    env = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "GIT_TERMINAL_PROMPT": "0"}
    env |= {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_COUNT": str(len(config))}
    for number, (name, value) in enumerate(config):
        env |= {f"GIT_CONFIG_KEY_{number}": name, f"GIT_CONFIG_VALUE_{number}": value}
    done = subprocess.run(
        ["git", "credential", "fill"],
        input=f"url={asked}\n\n",
        env=env,
        capture_output=True,
        check=False,
        text=True,
    )
    return done.stdout


def test_git_is_given_user_and_password(tmp_path: Path) -> None:
    settings = host(tmp_path, f"{PASSWORD}\r\n".encode(), user="it's me")

    said = filled(settings, "https://git.example", "https://git.example/o/r.git")

    assert f"username=it's me\npassword={PASSWORD}\n" in said


@pytest.mark.parametrize(
    "asked",
    [
        "https://evil.example/o/r.git",
        "http://git.example/o/r.git",
        "https://git.example:8443/o/r.git",
        "https://git.example.evil.example/",
    ],
)
def test_git_is_given_nothing_for_another_origin(tmp_path: Path, asked: str) -> None:
    said = filled(host(tmp_path, b"secret"), "https://git.example", asked)

    assert "secret" not in said


def test_nobody_has_no_helper(tmp_path: Path) -> None:
    assert helper_config(GitHost(host="git.example"), "https://git.example") == [
        ("credential.helper", "")
    ]


def test_the_configuration_has_the_file_and_not_the_password(tmp_path: Path) -> None:
    assert "secret" not in str(helper_config(host(tmp_path, b"secret"), "https://git.example"))


def test_a_login_is_read_from_the_file(tmp_path: Path) -> None:
    assert read_login(host(tmp_path, b" token\n")) == Login("git", "token")
    assert read_login(host(tmp_path, b"token", user="me")) == Login("me", "token")
    assert read_login(GitHost(host="git.example")) == Login()


@pytest.mark.parametrize("content", [b"", b"\n", b"two\nlines", b"\xff\xfe", b"nul\0"])
def test_what_is_no_password_is_said_with_its_setting(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UserError, match=r"password_file of git\.example in sources\.git"):
        read_login(host(tmp_path, content))


def test_a_login_shows_no_password() -> None:
    login = Login("me", "secret")
    encoded = b64encode(b"me:secret").decode()

    assert "secret" not in repr(login)
    assert login.authorization == f"Basic {encoded}"
    assert login.hidden(f"you sent {encoded}, that is secret") == "you sent ***, that is ***"
    assert Login().hidden("all") == "all"
    assert Login().authorization == ""
