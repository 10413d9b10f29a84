"""gobp get and the script that installs, as processes, from a server in a process of its own."""

import contextlib
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from gobp.buildservice.builds.build import Build, State
from gobp.buildservice.state.builds import Filter
from gobp.serving.passwords import format_token_hash, new_token
from tests.buildservice.pages.served import Served, serving
from tests.buildservice.pages.small_service import AGE, SmallService

pytestmark = pytest.mark.builds

HEY = "github.com/rakyll/hey"
SECRET = "corp.example/very/secret"
TOKEN = new_token()
SHELLS = [shell for shell in ("dash", "bash", "busybox") if shutil.which(shell)]
SECONDS = 60


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    tokens = [{"name": "ann", "token_hash": format_token_hash(TOKEN)}]
    access = {"private": "corp.example", "tokens": tokens, "quota": {"requests": 100_000}}
    with serving(tmp_path_factory.mktemp("client"), base_path="/team", access=access) as started:
        yield started


@contextlib.contextmanager
def working(small: SmallService, state: State = State.SUCCEEDED) -> Iterator[None]:
    """Do builds that are asked for, each in about a second."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.1):
            for build in small.builds.listed(Filter(state=State.QUEUED)):
                small.run(build)
                for number in range(3):
                    small.say(build, f"\x1b[32mline\x1b[0m {number}")
                    time.sleep(0.2)
                small.end(build, state, "" if state is State.SUCCEEDED else "it does not compile")

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def get(served: Served, *arguments: str, **env: str) -> "subprocess.CompletedProcess[str]":
    """Run gobp get."""
    argv = [sys.executable, "-m", "gobp", "get", *arguments]
    variables = {**os.environ, "GOBP_SERVER": served.url, **env}
    return subprocess.run(
        argv, env=variables, capture_output=True, text=True, timeout=SECONDS, check=False
    )


def built(served: Served, version: str, name: str = HEY) -> Build:
    return served.small.end(served.small.queued(name, version))


def test_a_program_that_was_built_is_there_at_once(served: Served, tmp_path: Path) -> None:
    built(served, "v0.1.0")

    done = get(served, "rakyll/hey@v0.1.0", "--os", "linux", "--arch", "amd64", "-o", str(tmp_path))

    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path}/hey\n"
    assert subprocess.check_output([tmp_path / "hey"], text=True) == "I am hey v0.1.0\n"
    assert [path.name for path in tmp_path.iterdir()] == ["hey"]


def test_a_program_is_built_for_who_wants_it_and_the_log_is_shown(
    served: Served, tmp_path: Path
) -> None:
    with working(served.small):
        done = get(served, "rakyll/hey@v0.2.0", "-o", str(tmp_path))

    assert done.returncode == 0, done.stderr
    assert "asking for it" in done.stderr
    assert [line for line in done.stderr.splitlines() if "line" in line] == [
        "  line 0",
        "  line 1",
        "  line 2",
    ]
    assert (tmp_path / "hey").exists()


def test_a_build_that_fails_is_told_with_its_page(served: Served, tmp_path: Path) -> None:
    with working(served.small, State.FAILED):
        done = get(served, "rakyll/hey@v0.3.0", "-q", "-o", str(tmp_path))

    assert done.returncode == 1
    assert "failed" in done.stderr
    assert "it does not compile" in done.stderr
    assert f"{served.url}/b/" in done.stderr
    assert "line 0" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_what_does_not_exist_is_told_in_the_servers_words(served: Served, tmp_path: Path) -> None:
    done = get(served, "example.com/missing@v1", "-o", str(tmp_path))

    assert done.returncode == 1
    assert "there is no example.com/missing" in done.stderr


def test_a_private_program_needs_a_token_which_is_nowhere_to_be_seen(
    served: Served, tmp_path: Path
) -> None:
    built(served, "v1.0.0", SECRET)
    place = ("-o", str(tmp_path), "--os", "linux", "--arch", "amd64")

    refused = get(served, f"{SECRET}@v1.0.0", *place)
    given = get(served, f"{SECRET}@v1.0.0", *place, GOBP_TOKEN=TOKEN)

    assert refused.returncode == 1
    assert given.returncode == 0, given.stderr
    assert TOKEN not in given.stdout + given.stderr
    assert (tmp_path / "secret").exists()


def test_a_log_and_a_download_go_on_when_the_server_is_back(served: Served, tmp_path: Path) -> None:
    argv = [sys.executable, "-m", "gobp", "get", "rakyll/hey@v0.4.0", "-o", str(tmp_path)]
    env = {**os.environ, "GOBP_SERVER": served.url}
    with subprocess.Popen(argv, env=env, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        assert any("building" in line for line in process.stderr)
        build = served.small.builds.listed(Filter(version="v0.4.0"))[0]
        served.small.run(build)
        served.small.say(build, "one")
        assert process.stderr.readline() == "  one\n"
        served.kill()
        served.small.say(build, "two")
        served.small.end(build)
        served.start()
        rest = process.stderr.read()
        assert process.wait(SECONDS) == 0, rest
    assert "  one" not in rest
    assert "the connection is gone; trying again\n" in rest
    assert (tmp_path / "hey").exists()


def test_a_download_that_is_not_what_was_built_is_not_kept(served: Served, tmp_path: Path) -> None:
    build = built(served, "v0.5.0")
    blob = served.small.service.store.path(build.artifacts[0].sha256)
    assert blob
    blob.chmod(0o644)
    blob.write_bytes(blob.read_bytes()[:-1] + b"!")

    done = get(served, "rakyll/hey@v0.5.0", "-o", str(tmp_path), "--os=linux", "--arch=amd64")

    assert done.returncode == 1
    assert "is not what was built" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_an_archive_is_taken_as_it_is(served: Served, tmp_path: Path) -> None:
    build = built(served, "v0.6.0")

    done = get(
        served, "rakyll/hey@v0.6.0", "--archive", "-o", str(tmp_path), "--os=linux", "--arch=amd64"
    )

    assert done.stdout == f"{tmp_path}/hey_linux_amd64.tar.gz\n"
    assert (tmp_path / "hey_linux_amd64.tar.gz").stat().st_size == build.artifacts[0].size


def test_a_server_that_is_none_is_told_at_once(served: Served, tmp_path: Path) -> None:
    done = get(served, "rakyll/hey@v1", GOBP_SERVER=f"{served.url}/b")

    assert done.returncode == 1
    assert "404" in done.stderr


def install(
    served: Served, program: str, home: Path, shell: str = "dash", **env: str
) -> "subprocess.CompletedProcess[str]":
    """Run the install line that pages show, with a shell."""
    home.mkdir(exist_ok=True)
    words = "busybox sh" if shell == "busybox" else shell
    headers = f"-H 'Authorization: Bearer {env['GOBP_TOKEN']}'" if "GOBP_TOKEN" in env else ""
    line = f"curl -sSL {headers} '{served.url}/get/{program}/install.sh' | {words}"
    variables = {"PATH": os.environ["PATH"], "HOME": str(home), "GOBP_OS": "linux"}
    variables |= {"GOBP_ARCH": "amd64", "PREFIX": str(home / ".local"), **env}
    return subprocess.run(
        ["dash", "-c", line],
        env=variables,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.parametrize("shell", SHELLS)
def test_the_install_line_installs(served: Served, tmp_path: Path, shell: str) -> None:
    built(served, "v1.0.0")

    done = install(served, f"{HEY}@v1.0.0", tmp_path, shell)

    program = tmp_path / ".local/bin/hey"
    assert done.returncode == 0, done.stderr
    assert f"installed {program} (v1.0.0, sha256 checked)" in done.stderr
    assert f"note: {tmp_path}/.local/bin is not in PATH" in done.stderr
    assert subprocess.check_output([program], text=True) == "I am hey v1.0.0\n"
    assert [path.name for path in program.parent.iterdir()] == ["hey"]


@pytest.mark.parametrize("without", ["curl", "sha256sum"])
def test_the_script_does_with_what_there_is(served: Served, tmp_path: Path, without: str) -> None:
    built(served, "v1.0.0")
    tools = tmp_path / "tools"
    tools.mkdir()
    names = (
        "curl wget sha256sum shasum openssl sh mktemp rm sed cut tar gzip mkdir find cp chmod mv"
    )
    for name in f"{names} id uname tr sleep".split():
        path = shutil.which(name)
        if path and name != without:
            (tools / name).symlink_to(path)
    script = subprocess.check_output(
        ["curl", "-sSL", f"{served.url}/get/{HEY}@v1.0.0/install.sh"], text=True
    )

    done = subprocess.run(
        [tools / "sh"],
        input=script,
        env={"PATH": str(tools), "HOME": str(tmp_path), "PREFIX": str(tmp_path / "p")}
        | {"GOBP_OS": "linux", "GOBP_ARCH": "amd64"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "p/bin/hey").exists()


def test_the_script_has_a_program_built(served: Served, tmp_path: Path) -> None:
    with working(served.small):
        done = install(served, f"{HEY}@v1.1.0", tmp_path)

    assert done.returncode == 0, done.stderr
    assert "is not built for linux/amd64 yet: asking for it" in done.stderr
    assert (tmp_path / ".local/bin/hey").exists()


def test_the_script_fails_as_the_build_does(served: Served, tmp_path: Path) -> None:
    with working(served.small, State.FAILED):
        done = install(served, f"{HEY}@v1.2.0", tmp_path)

    assert done.returncode == 1
    assert "failed: it does not compile" in done.stderr


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("example.com/missing@v1", "there is no example.com/missing"),
        ("example.com/$(id)@v1", "is no name of a"),
        ("a'b/c@v1", "is no name of a"),
    ],
)
def test_the_script_fails_with_the_servers_words(
    served: Served, tmp_path: Path, program: str, said: str
) -> None:
    done = install(served, program.replace("'", "%27"), tmp_path)

    assert done.returncode == 1
    assert said in done.stderr
    assert not (tmp_path / ".local").exists()


def test_the_script_keeps_nothing_that_is_not_what_was_built(
    served: Served, tmp_path: Path
) -> None:
    build = built(served, "v1.3.0")
    blob = served.small.service.store.path(build.artifacts[0].sha256)
    assert blob
    blob.chmod(0o644)
    blob.write_bytes(blob.read_bytes()[:-1] + b"!")

    done = install(served, f"{HEY}@v1.3.0", tmp_path)

    assert done.returncode == 1
    assert "nothing is installed" in done.stderr
    assert not (tmp_path / ".local").exists()


def test_the_script_takes_a_token(served: Served, tmp_path: Path) -> None:
    built(served, "v1.0.0", SECRET)

    refused = install(served, f"{SECRET}@v1.0.0", tmp_path)
    given = install(served, f"{SECRET}@v1.0.0", tmp_path, GOBP_TOKEN=TOKEN)

    assert refused.returncode == 1
    assert given.returncode == 0, given.stderr


def test_half_a_script_does_nothing(served: Served, tmp_path: Path) -> None:
    built(served, "v1.0.0")
    url = f"{served.url}/get/{HEY}@v1.0.0/install.sh"
    script = subprocess.check_output(["curl", "-sSL", url], text=True)

    for part in (script[: len(script) // 2], script[:-6]):
        subprocess.run(["dash"], input=part, text=True, capture_output=True, check=False)

    assert not (tmp_path / ".local").exists()


def test_shellcheck_has_nothing_to_say_of_the_scripts(served: Served) -> None:
    if not shutil.which("shellcheck"):
        pytest.skip("shellcheck (Debian package shellcheck) is not installed")
    for program in (f"{AGE}@v1.2.1", "a b@v1"):
        url = f"{served.url}/get/{program}/install.sh?package=./cmd/age".replace(" ", "%20")
        script = subprocess.check_output(["curl", "-sSL", url])
        done = subprocess.run(
            ["shellcheck", "--shell=sh", "-"], input=script, capture_output=True, check=False
        )
        assert done.stdout.decode() == ""
        assert done.returncode == 0
