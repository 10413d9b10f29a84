"""Credentials of bindings, through the real bin/detect and bin/build, go, git, ssh and servers.

One app needs five private modules, each from a server that lets nobody in without its own
credentials. The proof that these leave no trace searches everything that a build writes.
"""

import gzip
import os
import secrets
import signal
import subprocess
import tarfile
import threading
import time
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import quote

import pytest

from integration.by_hand import MODULE, Done, Workbench, search_path
from integration.lab import ROOT
from integration.private_servers import (
    PrivateServer,
    SshServer,
    basic,
    folder_site,
    git_site,
    go_sum,
    make_certificates,
    private_server,
    put_repository,
    ssh_server,
)
from integration.test_bad_input import put_module

PROXY, NETRC, BEARER, GIT = "proxy", "netrc", "bearer", "git"
HOSTS = {name: f"{name}.private.example.com" for name in (PROXY, NETRC, BEARER, GIT)}
MODULES = {
    "goproxy": "corp.example.com/viaproxy",
    "netrc": "corp.example.com/vianetrc",
    "goauth": "corp.example.com/viabearer",
    "git-credentials": f"{HOSTS[GIT]}/team/lib",
    "ssh": "127.0.0.1/team/tool.git",
}
VERSION = "v1.2.3"


_GZIP = b"\x1f\x8b"


def new_secret() -> str:
    """Return a password that looks different in an address and in a shell."""
    return f"s'ecr/et+{secrets.token_hex(12)}$x"


@dataclass(frozen=True)
class World:
    """The servers, what they want to hear, the app that needs them, and the bindings for it."""

    server: PrivateServer
    app: Mapping[str, str]
    env: Mapping[str, str]
    bindings: Mapping[str, Mapping[str, str]] = field(repr=False)
    secrets: Mapping[str, str] = field(repr=False)

    def forms(self) -> list[bytes]:
        """Return every secret as it is, in an address, in base64, and with its user in base64."""
        found = []
        for user, secret in self.secrets.items():
            pair = b64encode(f"{user}:{secret}".encode())
            found += [secret.encode(), quote(secret, safe="").encode(), pair]
            found.append(b64encode(secret.encode()))
        key = self.bindings["ssh"]["ssh-privatekey"].splitlines()[1:-1]
        return found + [line.encode() for line in key]


@pytest.fixture(scope="module")
def ssh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    folder = tmp_path_factory.mktemp("ssh")
    with ssh_server(folder, folder / "repositories") as server:
        put_repository(folder / "repositories/team/tool.git", module_files("ssh"), VERSION)
        yield server


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, ssh: SshServer) -> Iterator[World]:
    root = tmp_path_factory.mktemp("private")
    certificates = make_certificates(root, tuple(HOSTS.values()))
    known = {f"{name}-user": new_secret() for name in (PROXY, NETRC, BEARER, GIT)}
    lines = [
        go_sum(MODULES[name], VERSION, module_files(name)) for name in ("git-credentials", "ssh")
    ]
    for name, folder in (("goproxy", PROXY), ("netrc", NETRC), ("goauth", BEARER)):
        lines.append(put_module(root / folder, MODULES[name], VERSION, module_files(name)))
    put_repository(root / "git/team/lib.git", module_files("git-credentials"), VERSION)
    with private_server(certificates) as (server, tunnel):
        for name in (PROXY, NETRC):
            user = f"{name}-user"
            server.sites[HOSTS[name]] = folder_site(basic(user, known[user]), root / name)
        bearer = f"Bearer {known['bearer-user']}"
        server.sites[HOSTS[BEARER]] = folder_site(bearer, root / BEARER)
        authorization = basic("git-user", known["git-user"])
        server.sites[HOSTS[GIT]] = git_site(authorization, HOSTS[GIT], root / "git")
        env = {
            "HTTPS_PROXY": tunnel,
            "SSL_CERT_FILE": str(certificates.authority),
            "GOPROXY": f"https://{HOSTS[NETRC]},https://{HOSTS[BEARER]}",
            "BP_LOG_LEVEL": "DEBUG",
        }
        app = {"go.mod": needs(MODULES), "main.go": imports(MODULES), "go.sum": "".join(lines)}
        yield World(server, app, env, bindings(known, ssh), known)


def module_files(name: str) -> dict[str, str]:
    return {
        "go.mod": f"module {MODULES[name]}\n\ngo 1.26\n",
        "lib.go": f'package lib\n\nconst Hello = "hello via {name}"\n',
    }


def needs(modules: Mapping[str, str]) -> str:
    return MODULE + "".join(f"\nrequire {path} {VERSION}\n" for path in modules.values())


def imports(modules: Mapping[str, str]) -> str:
    paths = list(modules.values())
    lines = "".join(f'import m{number} "{path}"\n' for number, path in enumerate(paths))
    calls = "".join(f"\tprintln(m{number}.Hello)\n" for number in range(len(paths)))
    return f"package main\n\n{lines}\nfunc main() {{\n{calls}}}\n"


def bindings(known: Mapping[str, str], ssh: SshServer) -> dict[str, dict[str, str]]:
    headers = f"https://{HOSTS[BEARER]}\n\nAuthorization: Bearer {known['bearer-user']}\n"
    login = f"machine {HOSTS[NETRC]} login netrc-user password {known['netrc-user']}\n"
    return {
        "goproxy": {
            "url": f"https://proxy-user:{quote(known['proxy-user'], safe='')}@{HOSTS[PROXY]}"
        },
        "netrc": {".netrc": login},
        "goauth": {"goauth": headers},
        "git-credentials": {
            "credentials": f"username=git-user\npassword={known['git-user']}\n",
            "context": f"https://{HOSTS[GIT]}",
        },
        "ssh": {
            "ssh-privatekey": ssh.private_key,
            "known_hosts": ssh.known_hosts,
            "hosts": f"127.0.0.1:{ssh.port}/team",
            "user": ssh.user,
        },
    }


def bind(root: Path, chosen: Mapping[str, Mapping[str, str]]) -> list[Path]:
    """Write bindings into folders."""
    folders = []
    for binding_type, keys in chosen.items():
        folder = root / f"my-{binding_type}"
        folder.mkdir(parents=True)
        folders.append(folder)
        for name, text in {"type": binding_type, **keys}.items():
            (folder / name).write_text(text)
    return folders


@pytest.fixture
def bench(tmp_path: Path, world: World) -> Workbench:
    (tmp_path / "tmp").mkdir()
    world.server.welcomed.clear()
    return Workbench(tmp_path, {**world.env, "TMPDIR": str(tmp_path / "tmp"), "GOSUMDB": ""})


class Watch:
    """Samples the arguments of all processes, and where builds below a folder keep secrets."""

    def __init__(self, root: Path) -> None:
        self._root = f"{root}/".encode()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.arguments: set[bytes] = set()
        self.folders: set[Path] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.is_set():
            for process in Path("/proc").glob("[0-9]*"):
                try:
                    arguments = (process / "cmdline").read_bytes()
                    if arguments in self.arguments:
                        continue
                    environment = (process / "environ").read_bytes()
                except OSError:  # it has ended
                    continue
                self.arguments.add(arguments)
                if self._root in environment:
                    self._note(environment)

    def _note(self, environment: bytes) -> None:
        for variable in environment.split(b"\0"):
            name, _, value = variable.partition(b"=")
            if name == b"NETRC":
                self.folders.add(Path(os.fsdecode(value)).parent)

    def saw(self, text: bytes) -> bool:
        return any(text in arguments for arguments in self.arguments)


def traces(folder: Path, forms: list[bytes], leave_out: Path) -> list[str]:
    """Return where below a folder a secret is found."""
    found = []
    for path in sorted(folder.rglob("*")):
        if leave_out in path.parents or not path.is_file() or path.is_symlink():
            continue
        content = path.read_bytes()
        if content.startswith(_GZIP):
            content = gzip.decompress(content)
        found += [str(path) for form in forms if form in content or form in os.fsencode(path)]
    return found


def assert_no_trace(world: World, bench: Workbench, done: Done, watch: Watch) -> None:
    """Search everything: what was written, what was said, what other users could see."""
    forms = world.forms()
    said = os.fsencode(done.output)
    assert [form for form in forms if form in said] == []
    assert traces(bench.root, forms, bench.root / "platform/bindings") == []
    assert [args for args in watch.arguments if any(form in args for form in forms)] == []
    assert [folder for folder in watch.folders if folder.exists()] == []


def test_the_search_finds_what_is_there_to_find(world: World, tmp_path: Path) -> None:
    forms = world.forms()
    for number, form in enumerate(forms):
        (tmp_path / f"{number}").write_bytes(b"before" + form + b"after")
        (tmp_path / f"{number}.gz").write_bytes(gzip.compress(b"before" + form))

    assert len(set(traces(tmp_path, forms, tmp_path / "none"))) == 2 * len(forms)

    with Watch(tmp_path) as watch:
        argv = ["sh", "-c", "sleep 1; :", os.fsdecode(forms[0])]
        subprocess.run(argv, check=True, env={**os.environ, "NETRC": f"{tmp_path}/netrc"})
    assert watch.saw(forms[0])
    assert watch.folders == {tmp_path}


def test_a_build_with_all_kinds_of_credentials_works_and_leaves_no_trace_of_them(
    world: World, bench: Workbench
) -> None:
    bind(bench.root / "platform/bindings", world.bindings)

    with Watch(bench.root) as watch:
        done = bench.build(world.app)

    assert done.status == 0, done.output
    assert bench.program() == "".join(f"hello via {name}\n" for name in MODULES)
    assert world.server.welcomed == set(HOSTS.values())
    assert f"GOPRIVATE={HOSTS[GIT]},127.0.0.1/team" in done.output
    assert watch.saw(b"git\0")
    assert watch.folders
    assert_no_trace(world, bench, done, watch)


@pytest.mark.parametrize("left_out", MODULES)
def test_without_its_credentials_a_module_is_refused_and_no_other_secret_is_told(
    world: World, bench: Workbench, left_out: str
) -> None:
    needed = {left_out: MODULES[left_out]}
    app = {**world.app, "go.mod": needs(needed), "main.go": imports(needed)}
    bind(
        bench.root / "platform/bindings",
        {name: keys for name, keys in world.bindings.items() if name != left_out},
    )

    with Watch(bench.root) as watch:
        done = bench.build(app, GOPRIVATE="127.0.0.1" if left_out == "ssh" else "")

    assert done.status == 1, done.output
    assert MODULES[left_out] in done.output
    assert "Traceback" not in done.output
    assert_no_trace(world, bench, done, watch)


def test_a_wrong_password_is_refused_and_not_shown_where_the_address_has_it(
    world: World, bench: Workbench
) -> None:
    wrong = "wr0ng-password-of-mine"
    needed = {"goproxy": MODULES["goproxy"]}
    app = {**world.app, "go.mod": needs(needed), "main.go": imports(needed)}
    bind(bench.root / "platform/bindings", world.bindings)
    (bench.root / "platform/bindings/my-goproxy/url").write_text(
        f"https://proxy-user:{wrong}@{HOSTS[PROXY]}"
    )

    bound = bench.build(app)
    (bench.root / "platform/bindings/my-goproxy/type").write_text("unused")
    named = bench.build(app, GOPROXY=f"https://proxy-user:{wrong}@{HOSTS[PROXY]}")

    for done in (bound, named):
        assert done.status == 1, done.output
        assert "401" in done.output
        assert wrong not in done.output
        assert b64encode(f"proxy-user:{wrong}".encode()).decode() not in done.output


def test_a_build_that_is_stopped_leaves_no_trace_either(world: World, bench: Workbench) -> None:
    bind(bench.root / "platform/bindings", world.bindings)
    bench.put(world.app)
    assert bench.run("detect").status == 0

    with Watch(bench.root) as watch, bench.start("build", {}) as process:
        deadline = time.monotonic() + 60
        while not watch.folders and time.monotonic() < deadline:
            time.sleep(0.01)
        assert watch.folders
        os.kill(process.pid, signal.SIGTERM)
        output, _ = process.communicate(timeout=60)

    assert process.returncode != 0
    assert_no_trace(world, bench, Done(process.returncode, output), watch)


def test_an_image_that_gobp_builds_has_no_trace_of_them(world: World, bench: Workbench) -> None:
    bench.put(world.app)
    folders = bind(bench.root / "platform/bindings", world.bindings)
    archive = bench.root / "image.tar"
    argv = [f"{ROOT}/.venv/bin/python", "-m", "gobp", "build", str(bench.app), "-t", "private/app"]
    argv += ["--output", str(archive), "--cache-dir", str(bench.root / "cache")]
    argv += [part for folder in folders for part in ("--binding", str(folder))]
    argv += [part for name, value in world.env.items() for part in ("--env", f"{name}={value}")]
    environment = {**world.env, "PATH": search_path(), "HOME": str(bench.root / "home")}
    environment |= {"TMPDIR": str(bench.root / "tmp"), "GOFLAGS": "-buildvcs=false"}

    with Watch(bench.root) as watch:
        ran = subprocess.run(
            argv, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
    done = Done(ran.returncode, ran.stdout + ran.stderr)

    assert done.status == 0, done.output
    with tarfile.open(archive) as image:
        image.extractall(bench.root / "image", filter="data")
    assert_no_trace(world, bench, done, watch)
