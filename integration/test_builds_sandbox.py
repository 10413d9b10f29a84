"""Commands that want out of the sandbox, or more than they may have: each does not get it.

Run as root they are run as nobody; the last test runs it all as a plain user too.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from gobp.buildservice.sandbox.bubblewrap import BubblewrapSandbox
from gobp.buildservice.sandbox.opening import open_sandbox
from gobp.buildservice.sandbox.sandbox import Command, Ended, Limits, Result, SandboxError
from gobp.buildservice.sandbox.user import User
from gobp.buildservice.settings.schema import Settings, Sources
from gobp.errors import UserError
from integration.small_modules import put_module

pytestmark = [
    pytest.mark.builds,
    pytest.mark.skipif(shutil.which("bwrap") is None, reason="bubblewrap is not installed"),
]
MIB = 1024 * 1024
PLAIN = Limits(
    memory=512 * MIB,
    processes=64,
    disk=256 * MIB,
    file=128 * MIB,
    output=1 * MIB,
    seconds=60,
)
GO_ENV = {
    "PATH": f"{Path(shutil.which('go') or '/usr/bin/go').resolve().parent}:/usr/bin:/bin",
    "HOME": "/work",
    "GOFLAGS": "-modcacherw",
    "GOTOOLCHAIN": "local",
}


@dataclass(slots=True)
class Place:
    """A sandbox, and a folder that its commands call /work."""

    sandbox: BubblewrapSandbox
    work: Path
    said: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    @property
    def text(self) -> str:
        return "\n".join(self.said)

    def run(self, *argv: str, limits: Limits = PLAIN, modules: bool = False) -> Result:
        command = Command(argv, "/work", GO_ENV, writable={self.work: "/work"}, modules=modules)
        return self.sandbox.run(command, limits, self.said.append, self.stop)

    def sh(self, script: str, limits: Limits = PLAIN) -> Result:
        return self.run("sh", "-c", script, limits=limits)

    def python(self, script: str, limits: Limits = PLAIN) -> Result:
        if not Path("/usr/bin/python3").exists():
            pytest.skip("no python3 in /usr/bin, where sandboxed commands see it")
        return self.run("/usr/bin/python3", "-c", script, limits=limits)


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BubblewrapSandbox]:
    root = tmp_path_factory.mktemp("sandbox")
    put_module(root / "upstream", "example.com/small", "v1.2.3")
    sources = Sources(proxies=(root / "upstream").as_uri(), sums="off")
    made = open_sandbox(Settings(sources=sources), os.environ, root)
    assert isinstance(made, BubblewrapSandbox)
    yield made
    made.close()


@pytest.fixture
def place(opened: BubblewrapSandbox, tmp_path: Path) -> Place:
    work = tmp_path / "work"
    work.mkdir()
    return Place(opened, work)


@pytest.fixture(params=["groups", "no groups"])
def limited(request: pytest.FixtureRequest, place: Place) -> Place:
    """The same with control groups, and on a machine that has none."""
    if request.param == "groups":
        if place.sandbox.machine.groups is None:
            pytest.skip("no control groups can be made here")
        return place
    machine = replace(place.sandbox.machine, groups=None)
    return replace(place, sandbox=BubblewrapSandbox(machine, place.sandbox._modules))


# What builds need.


def test_a_go_program_is_built_with_modules_that_are_fetched(place: Place) -> None:
    (place.work / "go.mod").write_text("module app.example\n\ngo 1.21\n")
    (place.work / "main.go").write_text(
        'package main\n\nimport "example.com/small"\n\nfunc main() { println(small.V) }\n'
    )

    got = place.run(
        "sh", "-c", "go get example.com/small && go build -o app . && ./app", modules=True
    )

    assert got == Result(Ended.EXITED, 0, ("example.com/small@v1.2.3",)), place.text
    assert place.said[-1] == "v1.2.3"


def test_modules_are_not_there_when_they_are_not_wanted(place: Place) -> None:
    assert place.run("go", "mod", "download", "example.com/small@v1.2.3").status != 0


def test_two_commands_at_once_have_their_own_modules(place: Place, tmp_path: Path) -> None:
    other = replace(place, work=tmp_path / "other", said=[], stop=threading.Event())
    other.work.mkdir()
    script = "go mod init a.example && go get example.com/small"
    results: list[Result] = []
    threads = [
        threading.Thread(
            target=lambda: results.append(place.run("sh", "-c", script, modules=True))
        ),
        threading.Thread(target=lambda: results.append(other.run("true", modules=True))),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(result.modules for result in results) == [(), ("example.com/small@v1.2.3",)]


def test_an_exit_status_is_the_commands(place: Place) -> None:
    assert place.sh("exit 3") == Result(Ended.EXITED, 3)
    assert place.sh("kill -SEGV $$") == Result(Ended.EXITED, 139)
    assert place.run("no-such-command").status == 127


def test_signals_are_not_ignored_as_python_ignores_them(place: Place) -> None:
    place.sh("grep SigIgn /proc/self/status")

    ignored = int(place.said[0].removeprefix("SigIgn:"), 16)  # others may be by who started us
    assert not [each for each in (signal.SIGPIPE, signal.SIGXFSZ) if ignored & 1 << (each - 1)]


def test_the_terminal_input_and_descriptors_of_the_service_are_not_there(place: Place) -> None:
    place.sh("ls /proc/self/fd | wc -l; cat; (exec 9<>/dev/tty) 2>&1; tty")

    assert place.said[0] == "4"  # 0, 1, 2, and the folder that ls reads
    assert "/dev/tty" in place.said[1]
    assert place.said[2] == "not a tty"


def test_the_environment_is_what_was_given(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVICE", "hidden")

    place.run("env")

    names = {line.partition("=")[0] for line in place.said}
    assert names == {*GO_ENV, "PWD"}


def test_a_world_that_cannot_be_made_is_an_error_of_the_sandbox(place: Place) -> None:
    command = Command(["true"], "/no/such/folder", {}, modules=False)
    with pytest.raises(SandboxError, match="/no/such/folder"):
        place.sandbox.run(command, PLAIN, place.said.append, place.stop)

    missing = Command(["true"], "/", {}, read_only={place.work / "missing": "/a"}, modules=False)
    with pytest.raises(SandboxError, match="No such file"):
        place.sandbox.run(missing, PLAIN, place.said.append, place.stop)


@pytest.mark.parametrize("modules", [True, False])
def test_bubblewraps_own_words_say_what_cannot_be_mounted(place: Place, *, modules: bool) -> None:
    """Without staging, as for plain users, bwrap is who finds out, at any time."""
    me = User(os.geteuid(), os.getegid())
    sandbox = BubblewrapSandbox(replace(place.sandbox.machine, user=me), place.sandbox._modules)
    command = Command(["true"], "/", {}, {place.work / "missing": "/a"}, modules=modules)

    with pytest.raises(SandboxError, match=r"bwrap: .*missing"):
        sandbox.run(command, PLAIN, place.said.append, place.stop)


def test_where_users_may_make_no_namespaces_it_is_said_what_to_do(tmp_path: Path) -> None:
    program = (
        "import os, sys; from pathlib import Path\n"
        "from gobp.buildservice.sandbox.opening import open_sandbox\n"
        "from gobp.buildservice.settings.schema import Settings, Sources\n"
        "sources = Sources(proxies='off', sums='off')\n"
        "open_sandbox(Settings(sources=sources), os.environ, Path(sys.argv[1]))\n"
    )
    outer = ["bwrap", "--dev-bind", "/", "/", "--unshare-user", "--disable-userns"]

    done = subprocess.run(
        [*outer, sys.executable, "-c", program, tmp_path],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert "UserError: the sandbox does not work here" in done.stderr
    assert "kernel.unprivileged_userns_clone" in done.stderr


def test_a_nul_gives_nobody_another_option(place: Place) -> None:
    command = Command(["true"], "/", {"A": "b\0--bind\0/\0/host"}, modules=False)
    with pytest.raises(SandboxError, match="NUL"):
        place.sandbox.run(command, PLAIN, place.said.append, place.stop)


def test_without_bwrap_it_is_said_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="bwrap"):
        open_sandbox(
            Settings(sources=Sources(proxies="off", sums="off")), {"PATH": "/none"}, tmp_path
        )


# Limits.


def test_a_fork_bomb_ends_with_its_time_and_takes_nothing_down(limited: Place) -> None:
    began = time.monotonic()

    result = limited.sh(
        "bomb() { bomb | bomb & }; bomb; sleep 60", replace(PLAIN, seconds=3, processes=40)
    )

    assert result.ended in {Ended.OUT_OF_TIME, Ended.EXITED}
    assert time.monotonic() - began < 40
    assert limited.sh("echo fine").status == 0


def test_no_more_processes_than_allowed_run_at_once(limited: Place) -> None:
    limited.python(
        "import os, time\n"
        "n = 0\n"
        "try:\n"
        "    while n < 500 and os.fork():\n"
        "        n += 1\n"
        "    if n == 0 or not os.getppid() == 1: time.sleep(0)\n"
        "except OSError:\n"
        "    print('stopped at', n, flush=True)\n"
        "    os._exit(0)\n"
        "time.sleep(20)\n",
        replace(PLAIN, processes=30),
    )

    (line,) = [line for line in limited.said if line.startswith("stopped at")]
    assert 20 <= int(line.split()[-1]) <= 30


def test_memory_of_one_process(limited: Place) -> None:
    result = limited.sh("head -c 2G /dev/zero | tail -c 1900M | wc -c; sleep 30")

    assert result.ended is Ended.OUT_OF_MEMORY


def test_memory_of_many_processes(limited: Place) -> None:
    script = (
        "import os, time\n"
        "for _ in range(8): pid = os.fork() or (bytearray(b'x') * (100 << 20), time.sleep(30))\n"
        "time.sleep(30)\n"
    )

    assert limited.python(script).ended is Ended.OUT_OF_MEMORY


def test_memory_shared_by_processes(limited: Place) -> None:
    script = (
        "import mmap, time\n"
        "kept = [mmap.mmap(-1, 100 << 20) for _ in range(8)]\n"
        "for each in kept: each.write(b'x' * (100 << 20))\n"
        "time.sleep(30)\n"
    )

    assert limited.python(script).ended is Ended.OUT_OF_MEMORY


def test_files_in_memory(limited: Place) -> None:
    script = "".join(
        f"head -c 120M /dev/zero > {folder}/{name};"
        for folder in ("/tmp", "/dev/shm", "/home/build")
        for name in "ab"
    )

    assert limited.sh(f"{script} sleep 30").ended is Ended.OUT_OF_MEMORY


def test_files_that_are_memory_and_nowhere_cannot_be_made(place: Place) -> None:
    place.python(
        "import ctypes, os\n"
        "try: os.memfd_create('x')\n"
        "except OSError as error: print(error.errno)\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "print(libc.shmget(0, 4096, 0o1600), ctypes.get_errno())\n"
    )

    assert place.said == ["38", "-1 38"]


def test_fork_without_new_memory_counts_once(limited: Place) -> None:
    """Processes of Go and Python share what they had before a fork."""
    script = (
        "import os, time\n"
        "kept = b'x' * (150 << 20)\n"
        "for _ in range(6):\n"
        "    if os.fork() == 0: time.sleep(2); os._exit(0)\n"
        "time.sleep(1.5); print('fine')\n"
    )

    result = limited.python(script)

    assert (result.ended, limited.said) == (Ended.EXITED, ["fine"])


@pytest.mark.parametrize("folder", [".", "hidden"])
def test_disk_is_filled_by_many_files(limited: Place, folder: str) -> None:
    result = limited.sh(
        f"mkdir -p {folder}; chmod 300 {folder}; i=0; while [ $i -lt 40 ];"
        f" do head -c 50M /dev/zero > {folder}/$i; i=$((i+1)); done; sleep 30"
    )

    assert result.ended is Ended.TOO_MUCH_DISK


def test_disk_is_filled_by_files_without_names(limited: Place) -> None:
    script = (
        "import os, time\n"
        "for i in range(5):\n"
        "    handle = os.open(f'f{i}', os.O_CREAT | os.O_RDWR)\n"
        "    os.unlink(f'f{i}')\n"
        "    for _ in range(100): os.write(handle, b'x' * (1 << 20))\n"
        "time.sleep(30)\n"
    )

    assert limited.python(script).ended is Ended.TOO_MUCH_DISK


def test_disk_is_filled_by_names(limited: Place) -> None:
    script = "import time\nfor i in range(30000): open(f'f{i}', 'w').close()\ntime.sleep(30)\n"

    assert limited.python(script, replace(PLAIN, disk=64 * MIB)).ended is Ended.TOO_MUCH_DISK


def test_disk_is_filled_where_no_path_leads(limited: Place) -> None:
    script = (
        "import os, time\n"
        "for _ in range(1500):\n"
        "    os.mkdir('d' * 100); os.chdir('d' * 100)\n"
        "open('f', 'w').write('x')\n"
        "time.sleep(30)\n"
    )

    result = limited.python(script)

    assert result.ended is Ended.TOO_MUCH_DISK
    shutil.rmtree(limited.work)


def test_quick_writers_are_found_out_at_their_end(limited: Place) -> None:
    result = limited.sh(
        "head -c 100M /dev/zero > a; head -c 9M a > b", replace(PLAIN, disk=100 * MIB)
    )

    assert result.ended is Ended.TOO_MUCH_DISK


def test_a_file_is_only_so_large(limited: Place) -> None:
    limited.sh("head -c 200M /dev/zero > file; truncate -s 300M file; stat -c %s file")

    assert limited.said[-1] == str(PLAIN.file)


def test_output_without_end(limited: Place) -> None:
    assert limited.run("yes").ended is Ended.TOO_MUCH_OUTPUT
    assert len(limited.text) <= PLAIN.output


def test_output_without_a_line(limited: Place) -> None:
    assert limited.run("cat", "/dev/zero").ended is Ended.TOO_MUCH_OUTPUT
    assert max(map(len, limited.said)) <= 16 * 1024


def test_time_is_up_for_daemons_too(limited: Place) -> None:
    result = limited.sh(
        "trap '' TERM; setsid sh -c 'trap \"\" TERM HUP; while :; do date > beat;"
        " sleep 0.1; done' & while :; do :; done",
        replace(PLAIN, seconds=2),
    )

    assert result == Result(Ended.OUT_OF_TIME, 137)
    assert_nothing_beats(limited)


def test_daemons_do_not_outlive_their_command(limited: Place) -> None:
    result = limited.sh(
        "setsid sh -c 'while :; do date > beat; sleep 0.1; done' & sleep 0.3; exit 4"
    )

    assert result == Result(Ended.EXITED, 4)
    assert_nothing_beats(limited)


def assert_nothing_beats(place: Place) -> None:
    (place.work / "beat").unlink(missing_ok=True)
    time.sleep(0.5)
    assert not (place.work / "beat").exists()


def test_who_does_not_want_it_any_more_lets_it_clean_up(place: Place) -> None:
    threading.Timer(1, place.stop.set).start()

    result = place.sh("trap 'echo cleaned; exit 7' TERM; sleep 60 & wait")

    assert result == Result(Ended.STOPPED, 7)
    assert place.said == ["cleaned"]


@pytest.mark.slow
def test_who_does_not_clean_up_is_killed_after_ten_seconds(place: Place) -> None:
    threading.Timer(1, place.stop.set).start()
    began = time.monotonic()

    result = place.sh("trap '' TERM; while :; do sleep 1; done")

    assert result == Result(Ended.STOPPED, 137)
    assert 10 < time.monotonic() - began < 20


def test_no_zombies_groups_or_descriptors_are_left(place: Place) -> None:
    place.sh("true")
    before = len(list(Path("/proc/self/fd").iterdir()))

    for _ in range(5):
        place.run("sh", "-c", "sleep 60 & setsid sleep 60 & exit 0", modules=True)

    assert len(list(Path("/proc/self/fd").iterdir())) == before
    states = [Path(path).read_text() for path in children_states()]
    assert not [state for state in states if ") Z " in state]
    assert not list(Path("/sys/fs/cgroup").glob(f"*/gobp/gobp-{os.getpid()}-*"))


def children_states() -> list[str]:
    me = os.getpid()
    text = Path(f"/proc/{me}/task/{me}/children").read_text()
    return [f"/proc/{pid}/stat" for pid in text.split()]


def test_a_service_that_is_killed_leaves_nothing_running(tmp_path: Path) -> None:
    """Killed with -9 it can do nothing; the kernel does it."""
    work = tmp_path / "work"
    work.mkdir()
    program = (
        "import os, sys, threading\nfrom pathlib import Path\n"
        "from gobp.buildservice.sandbox.opening import open_sandbox\n"
        "from gobp.buildservice.sandbox.sandbox import Command\n"
        "from gobp.buildservice.settings.schema import Settings, Sources\n"
        "from integration.test_builds_sandbox import PLAIN\n"
        "root, work = Path(sys.argv[1]), Path(sys.argv[2])\n"
        "sources = Sources(proxies='off', sums='off')\n"
        "made = open_sandbox(Settings(sources=sources), os.environ, root)\n"
        "script = 'setsid sh -c \"while :; do date > beat; sleep 0.1; done\" & sleep 60'\n"
        "command = Command(['sh', '-c', script], '/work', {'PATH': '/usr/bin:/bin'},"
        " writable={work: '/work'}, modules=False)\n"
        "made.run(command, PLAIN, print, threading.Event())\n"
    )
    service = subprocess.Popen([sys.executable, "-c", program, tmp_path / "root", work])
    for _ in range(300):
        if (work / "beat").exists():
            break
        time.sleep(0.1)
    service.kill()
    service.wait()
    time.sleep(0.5)
    (work / "beat").unlink()
    time.sleep(0.5)

    assert not (work / "beat").exists()


# Files.


def test_files_of_any_mode_can_be_read_and_removed_afterwards(place: Place) -> None:
    place.sh(
        "umask 777; mkdir a; chmod 700 a; mkdir a/b; echo text > a/f; ln -s /etc/shadow a/l;"
        " mkfifo a/p; chmod 6777 a/f; mkdir -m 0 a/c; chmod 0 a; printf '#!/bin/sh' > -rf; exit 0"
    )

    assert (place.work / "a" / "f").read_text() == "text\n"
    assert (place.work / "a" / "f").stat().st_mode & 0o7000 == 0
    assert (place.work / "a" / "f").stat().st_uid == os.geteuid()
    assert (place.work / "a" / "l").is_symlink()
    shutil.rmtree(place.work)


@pytest.mark.parametrize(
    "path", ["/root", "/etc/shadow", "/var/lib", "/sys", "/run", "/boot", "/etc/ssl/private"]
)
def test_files_of_this_machine_are_not_there(place: Place, path: str) -> None:
    assert place.sh(f"test ! -e {path}").status == 0


@pytest.mark.parametrize(
    "path", ["/x", "/usr/x", "/etc/x", "/dev/x", "/etc/passwd", "/proc/sys/kernel/hostname"]
)
def test_nothing_else_can_be_written(place: Place, path: str) -> None:
    assert place.sh(f"echo x > {path}").status != 0


def test_what_is_mounted_read_only_stays_as_it_is(place: Place, tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "file").write_text("text")
    script = (
        "echo x > /shared/file; rm /shared/file; chmod 777 /shared; mv /shared/file /work/f; true"
    )
    command = Command(
        ["sh", "-c", script],
        "/work",
        GO_ENV,
        {shared: "/shared"},
        {place.work: "/work"},
        modules=False,
    )

    place.sandbox.run(command, PLAIN, place.said.append, place.stop)

    assert (shared / "file").read_text() == "text"
    assert place.text.count("Read-only file system") >= 3


def test_a_link_to_elsewhere_leads_nowhere(place: Place, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hidden")
    (place.work / "link").symlink_to(tmp_path / "secret")

    place.sh("cat link; cat /proc/1/root/etc/shadow; cat /proc/1/cwd/../etc/shadow")

    assert "hidden" not in place.text
    assert "root:" not in place.text


# Network.


def test_there_is_no_network(place: Place) -> None:
    with socket.create_server(("127.0.0.1", 0)) as here:
        port = here.getsockname()[1]
        place.python(
            "import socket\n"
            f"for host, port in [('127.0.0.1', {port}), ('169.254.169.254', 80), ('::1', 80),\n"
            "                   ('1.1.1.1', 443), ('192.168.0.1', 80), ('10.0.0.1', 22)]:\n"
            "    try: socket.create_connection((host, port), 2); print('REACHED', host)\n"
            "    except OSError as error: print(host, error)\n"
            "try: print('REACHED', socket.gethostbyname('example.com'))\n"
            "except OSError: pass\n"
            "print([name for _, name in socket.if_nameindex()])\n"
        )

    assert "REACHED" not in place.text
    assert place.said[-1] == "['lo']"


def test_sockets_that_know_no_network_namespace_cannot_be_made(place: Place) -> None:
    place.python(
        "import ctypes, socket\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        "libc.syscall.restype = ctypes.c_long\n"
        "for family in (40, 38, 17, 40 | 1 << 32):\n"
        "    got = libc.syscall(41, ctypes.c_ulong(family), 1, 0)\n"
        "    print(got, ctypes.get_errno())\n"
        "socket.socket(socket.AF_UNIX); socket.socket(socket.AF_INET6); print('fine')\n"
    )

    assert place.said == [*["-1 97"] * 4, "fine"]


def test_abstract_sockets_of_this_machine_are_not_there(place: Place) -> None:
    with socket.socket(socket.AF_UNIX) as here:
        here.bind("\0gobp-test")
        here.listen()
        result = place.python(
            "import socket\nsocket.socket(socket.AF_UNIX).connect('\\0gobp-test')"
        )

    assert result.status != 0
    assert "refused" in place.text


def test_the_module_proxy_gives_nothing_but_modules(place: Place) -> None:
    script = (
        "import http.client, socket\n"
        "def ask(method, path, body=None):\n"
        "    c = http.client.HTTPConnection('127.0.0.1', 3128, timeout=20)\n"
        "    c.request(method, path, body); return c.getresponse().status\n"
        "print(ask('GET', '/example.com/small/@v/list'))\n"
        "print(ask('GET', '/../../../etc/passwd'), ask('GET', 'http://169.254.169.254/latest'))\n"
        "print(ask('GET', '/sumdb/169.254.169.254/latest'), ask('PUT', '/x', 'secret'))\n"
        "print(ask('CONNECT', '169.254.169.254:80'))\n"
        "s = socket.create_connection(('127.0.0.1', 3128)); s.sendall(b'x' * 10**6)\n"
        "held = [socket.create_connection(('127.0.0.1', 3128)) for _ in range(30)]\n"
    )

    result = place.run("/usr/bin/python3", "-c", script, modules=True)

    assert place.said[:4] == ["200", "404 404", "404 501", "501"], place.text
    assert result.modules == ()


# Rights and other processes.


def test_a_command_has_no_rights(place: Place) -> None:
    place.sh("grep -e ^Cap -e NoNewPrivs -e Seccomp: -e ^Uid /proc/self/status")

    facts = dict(line.split(":\t", 1) for line in place.said)
    assert {facts[name] for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {
        "0" * 16
    }
    assert (facts["NoNewPrivs"], facts["Seccomp"]) == ("1", "2")
    assert facts["Uid"].split() == ["1000"] * 4


@pytest.mark.parametrize(
    "command",
    [
        "unshare -U true",
        "unshare -m true",
        "unshare -n true",
        "mount -t tmpfs none /work",
        "mount -o remount,rw /",
        "umount /usr",
        "chroot / true",
        "mknod disk b 254 0",
        "hostname other",
        "su -c true",
        "nsenter -t 1 -m true",
        "chown 0 .",
        "date -s 2001-01-01",
        "dmesg",
        "nice -n -5 true && false",
        "bwrap --ro-bind / / true",
        "setpriv --reuid 0 true",
    ],
)
def test_rights_cannot_be_had(place: Place, command: str) -> None:
    assert place.sh(f"{command} > /dev/null 2>&1 < /dev/null").status != 0


def test_a_setuid_program_gives_no_rights(place: Place) -> None:
    """The program is root's and setuid, outside; inside it is neither."""
    if os.geteuid() != 0:
        pytest.skip("only root can make a program that is setuid root")
    tools = place.work.parent / "tools"
    tools.mkdir()
    shutil.copy("/usr/bin/id", tools / "id")
    (tools / "id").chmod(0o4755)
    command = Command(["/tools/id", "-u"], "/", {}, {tools: "/tools"}, modules=False)

    place.sandbox.run(command, PLAIN, place.said.append, place.stop)

    assert place.said == ["1000"]


def test_calls_that_are_refused(place: Place) -> None:
    calls = {
        "bpf": 321,
        "io_uring_setup": 425,
        "keyctl": 250,
        "perf_event_open": 298,
        "ptrace": 101,
        "userfaultfd": 323,
        "process_vm_readv": 310,
        "open_tree": 428,
        "setns": 308,
        "unshare": 272,
        "personality": 135,
        "open_by_handle_at": 304,
    }
    if os.uname().machine != "x86_64":
        pytest.skip("the numbers are those of x86_64")

    place.python(
        "import ctypes\n"
        "libc = ctypes.CDLL(None, use_errno=True)\n"
        f"for name, number in {calls}.items():\n"
        "    print(name, libc.syscall(number, 0, 0, 0, 0, 0, 0), ctypes.get_errno())\n"
        "print('clone3', libc.syscall(435, 0, 0), ctypes.get_errno())\n"
        "print('clone', libc.syscall(56, 0x10000011, 0, 0, 0, 0), ctypes.get_errno())\n"
    )

    assert place.said == [*(f"{name} -1 1" for name in calls), "clone3 -1 38", "clone -1 1"]


def test_other_processes_are_not_there(place: Place) -> None:
    place.sh(
        "ls -d /proc/[0-9]* | wc -l; kill -0 $PPID && echo first; kill -9 1; kill -9 -1; echo left"
    )

    assert int(place.said[0]) < 8
    assert place.said[-1] != "left" or "first" in place.said
    os.kill(os.getppid(), 0)


def test_a_debugger_finds_nothing(place: Place) -> None:
    place.python(
        "import ctypes\nlibc = ctypes.CDLL(None, use_errno=True)\n"
        "print(libc.ptrace(16, 1, 0, 0))\n"
        "try: open('/proc/1/mem', 'rb+'); print('opened')\n"
        "except OSError: print('not there')\n"
    )

    assert place.said == ["-1", "not there"]


# The whole of it, for a plain user.


@pytest.mark.parametrize("groups", ["groups", "no groups"])
def test_gobp_doctor_finds_all_of_it_kept_for_a_plain_user(groups: str) -> None:
    python = Path("/usr/bin/python3.11")
    if os.geteuid() != 0 or not python.exists():
        pytest.skip("only root can become a plain user, who needs a Python of the system")
    packages = next(path for path in sys.path if path.endswith("site-packages"))
    repository = Path(__file__).parent.parent
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="gobp-plain-") as folder:
        os.chown(folder, 4242, 4242)
        root_of_groups = "" if groups == "groups" else "groups.MOUNT = Path('/none');"
        program = (
            "import sys; from pathlib import Path; from gobp.buildservice.sandbox import groups;"
            f"{root_of_groups} from gobp.cli.doctor import doctor; doctor()"
        )
        done = subprocess.run(
            [python, "-c", program, "--root", f"{folder}/root"],
            cwd="/",
            env={
                "PATH": "/usr/bin:/bin",
                "PYTHONPATH": f"{repository}:{packages}",
                "PYTHONDONTWRITEBYTECODE": "1",
                "HOME": folder,
            },
            user=4242,
            group=4242,
            extra_groups=[],
            capture_output=True,
            text=True,
            timeout=180,
            check=False,
        )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "NO" not in done.stdout


def test_gobp_doctor_finds_all_of_it_kept(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from gobp.cli.doctor import doctor; doctor()", "--root", tmp_path],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("  ok   ") == 12


def test_gobp_doctor_says_what_is_not_kept(tmp_path: Path) -> None:
    config = tmp_path / "builds.yaml"
    config.write_text(
        f"root: {tmp_path}\nsandbox: {{kind: none, i_trust_all_sources: true}}\n"
        "sources: {proxies: 'off', sums: 'off'}\n"
    )

    done = subprocess.run(
        [sys.executable, "-c", "from gobp.cli.doctor import doctor; doctor()", "-c", config],
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )

    assert done.returncode == 1
    assert "  NO   no network but modules" in done.stdout
