import asyncio
import os
import time
from pathlib import Path

import pytest

from gobp.modproxy.sources.source import (
    NotFoundError,
    RefusedError,
    SourceError,
    UnavailableError,
)
from gobp.modproxy.vcs.git import Git, GitEnvironment, GitFailedError
from gobp.modproxy.vcs.trouble import is_refusal, source_error


def environment(folder: Path, **variables: str) -> GitEnvironment:
    return GitEnvironment({"PATH": os.environ["PATH"], "HOME": str(folder), **variables})


def a_git_that(folder: Path, script: str) -> GitEnvironment:
    """Return an environment with another git on the PATH."""
    program = folder / "bin" / "git"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return environment(folder, PATH=f"{program.parent}:{os.environ['PATH']}")


def processes_with(text: str) -> list[str]:
    """Return the processes whose command line has a text."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = path.read_bytes().decode("utf-8", "replace")
        except OSError:
            continue
        if text in command:
            found.append(command)
    return found


def is_gone(text: str) -> bool:
    """Say whether the processes with a text end: a signal needs its time to be taken."""
    end = time.monotonic() + 10
    while processes_with(text):
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


def children() -> list[str]:
    task = Path(f"/proc/self/task/{os.getpid()}/children")
    return task.read_text().split()


def test_the_output_of_a_command_is_returned(tmp_path: Path) -> None:
    output = asyncio.run(Git(fetches=1, seconds=60).local("version", env=environment(tmp_path)))

    assert output.startswith(b"git version ")


def test_a_failure_has_what_git_said(tmp_path: Path) -> None:
    git = Git(fetches=1, seconds=60)

    with pytest.raises(GitFailedError, match="not-a-command") as caught:
        asyncio.run(git.local("not-a-command", env=environment(tmp_path)))

    assert caught.value.command == "git not-a-command"


def test_the_settings_of_the_machine_and_its_user_are_not_read(tmp_path: Path) -> None:
    (tmp_path / ".gitconfig").write_text("[user]\nname = somebody\n")
    git = Git(fetches=1, seconds=60)

    listed = asyncio.run(git.local("config", "--list", env=environment(tmp_path))).decode()

    assert "somebody" not in listed
    assert "gc.autodetach=false" in listed
    assert "core.hookspath=/dev/null" in listed


def test_a_command_that_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    env = a_git_that(tmp_path, "sleep 4711 & sleep 4711")
    begin = time.monotonic()
    before = children()

    with pytest.raises(UnavailableError, match="longer than 0 s") as caught:
        asyncio.run(Git(fetches=1, seconds=0.3).remote("fetch", env=env))

    assert caught.value.status == 504
    assert time.monotonic() - begin < 30
    assert children() == before
    assert is_gone("\x004711\x00")


def test_a_cancelled_command_is_ended_too(tmp_path: Path) -> None:
    env = a_git_that(tmp_path, f"touch {tmp_path}/begun; sleep 4712 & sleep 4712")
    before = children()

    async def cancelled() -> None:
        task = asyncio.create_task(Git(fetches=1, seconds=60).remote("fetch", env=env))
        while not (tmp_path / "begun").exists():  # noqa: ASYNC110 # another process
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())

    assert children() == before
    assert is_gone("\x004712\x00")


def test_what_a_command_leaves_behind_does_not_keep_anybody_waiting(tmp_path: Path) -> None:
    env = a_git_that(tmp_path, "sleep 4713 >/dev/null 2>&1 & echo done")

    assert asyncio.run(Git(fetches=1, seconds=60).local("x", env=env)) == b"done\n"
    assert is_gone("\x004713\x00")


def test_only_so_many_commands_of_the_network_run_at_a_time(tmp_path: Path) -> None:
    env = a_git_that(
        tmp_path, f'mkdir {tmp_path}/running || echo two; sleep 0.05; rmdir "{tmp_path}/running"'
    )
    git = Git(fetches=1, seconds=60)

    async def several() -> list[bytes]:
        return await asyncio.gather(*[git.remote("fetch", env=env) for _ in range(5)])

    assert asyncio.run(several()) == [b""] * 5


def test_output_without_end_is_cut_off(tmp_path: Path) -> None:
    env = a_git_that(tmp_path, "yes")
    git = Git(fetches=1, seconds=60)

    with pytest.raises(RefusedError, match="more than 1000000 bytes"):
        asyncio.run(git.write("archive", env=env, take=lambda _: None, most=1_000_000))


def test_a_machine_without_git_is_told(tmp_path: Path) -> None:
    env = GitEnvironment({"PATH": str(tmp_path)})

    with pytest.raises(UnavailableError, match="git is not installed"):
        asyncio.run(Git(fetches=1, seconds=60).local("version", env=env))


@pytest.mark.parametrize(
    ("said", "kind", "part"),
    [
        ("fatal: repository 'https://h/x/' not found", NotFoundError, "not found"),
        ("remote: Repository not found.\nfatal: Authentication failed", NotFoundError, "not found"),
        ("ERROR: Repository not found.\nfatal: Could not read", NotFoundError, "not found"),
        ("fatal: '/x' does not appear to be a git repository", NotFoundError, "does not appear"),
        ("fatal: unable to access: The requested URL returned error: 404", NotFoundError, "404"),
        ("fatal: Authentication failed for 'https://h/x'", RefusedError, "see THE SETTING"),
        (
            "fatal: could not read Username for 'https://h': terminal prompts disabled",
            RefusedError,
            "see THE SETTING",
        ),
        ("The requested URL returned error: 403", RefusedError, "see THE SETTING"),
        ("git@h: Permission denied (publickey).", RefusedError, "see THE SETTING"),
        ("Host key verification failed.", RefusedError, "see THE SETTING"),
        ("fatal: unable to access: Could not resolve host: h", UnavailableError, "resolve host"),
        ("The requested URL returned error: 503", UnavailableError, "503"),
        ("fatal: the remote end hung up unexpectedly", UnavailableError, "hung up"),
        ("", UnavailableError, "git fetch failed"),
    ],
)
def test_what_git_says_decides_what_is_answered(
    said: str, kind: type[SourceError], part: str
) -> None:
    error = source_error(GitFailedError("git fetch", said), "https://h/x", "THE SETTING")

    assert type(error) is kind
    assert part in error.text
    assert error.text.startswith("https://h/x: ")


def test_no_password_and_no_control_character_gets_into_an_error() -> None:
    said = "warning: x\nfatal: unable to access 'https://user:secret@h/x/': \x1b[31mred\n"
    error = source_error(GitFailedError("git fetch", said), "https://user:secret@h/x", "")

    assert "secret" not in error.text
    assert error.text.isprintable()


def test_a_host_that_wants_to_know_who_asks_is_told_from_one_that_has_nothing() -> None:
    assert is_refusal(GitFailedError("git", "could not read Username for 'https://h'"))
    assert not is_refusal(GitFailedError("git", "remote: Repository not found."))
    assert not is_refusal(GitFailedError("git", "Could not resolve host"))
