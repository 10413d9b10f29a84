"""The module proxy inside builds: of gobp build, of the buildpack, of pack, of a Dockerfile.

The proxy is the real server, over TLS with a user and password where the build has credentials.
That these leave no trace is proved by a search of all that a build writes, layers unpacked.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
from base64 import b64encode
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

from gobp.serving.passwords import PasswordHash
from integration.by_hand import MODULE, Workbench, go_root, search_path
from integration.docker import Docker, output_of, run
from integration.lab import ROOT, Given, Pack
from integration.module_servers import ModuleServer, running
from integration.private_servers import make_certificates
from integration.test_bad_input import put_module
from integration.test_credentials import new_secret, traces

LIB = "corp.example/lib"
VERSION = "v1.2.3"
FILES = {
    "go.mod": f"module {LIB}\n\ngo 1.26\n",
    "lib.go": 'package lib\n\nconst Hello = "hello from the proxy"\n',
}
MAIN = f'package main\n\nimport "{LIB}"\n\nfunc main() {{ println(lib.Hello) }}\n'
SETTINGS = {
    "upstream": {"proxies": "off"},
    "sums": {"database": "off"},
    "rules": [{"modules": "corp.example", "private": True, "upstream": "off"}],
}
ANNOUNCED = "Go modules come through gobp's proxy at"


def app_for(tree: Path) -> dict[str, str]:
    """Put the library into a module tree; return an app that needs it, with its go.sum."""
    sums = put_module(tree, LIB, VERSION, FILES)
    return {
        "go.mod": f"{MODULE}\nrequire {LIB} {VERSION}\n",
        "go.sum": sums,
        "main.go": MAIN,
    }


def put_app(folder: Path, files: Mapping[str, str]) -> Path:
    folder.mkdir()
    for name, text in files.items():
        (folder / name).write_text(text)
    return folder


def zips_given(server: ModuleServer) -> int:
    """Return how often the server's request log says that the library's zip was given."""
    lines = server.logged().splitlines()
    return sum(f"{LIB}/@v/{VERSION}.zip" in line and " 200 " in line for line in lines)


def gobp_build(
    app: Path, runtime: Path, *arguments: str, **variables: str
) -> "subprocess.CompletedProcess[str]":
    """Run the real command, as a user whose servers say in ``runtime`` that they run."""
    argv = [sys.executable, "-m", "gobp", "build", str(app), "-t", "app"]
    argv += ["--output", str(app.parent / "app.tar"), "--cache-dir", str(app.parent / "cache")]
    env = {
        "PATH": search_path(),
        "HOME": str(app.parent),
        "XDG_RUNTIME_DIR": str(runtime),
        "GOFLAGS": "-buildvcs=false",
        "GOSUMDB": "off",
        **variables,
    }
    return subprocess.run(
        [*argv, *arguments], env=env, capture_output=True, text=True, check=False, timeout=300
    )


def test_gobp_build_takes_modules_through_the_proxy_that_runs_here(tmp_path: Path) -> None:
    with running(SETTINGS, tmp_path / "server") as server:
        files = app_for(server.root / "private")
        nowhere = f"file://{tmp_path / 'nowhere'}"
        announced = json.loads((tmp_path / "server/gobp/modules.json").read_text())

        built = gobp_build(put_app(tmp_path / "app", files), tmp_path / "server", GOPROXY=nowhere)

        assert built.returncode == 0, built.stdout + built.stderr
        assert f"{ANNOUNCED} {server.url} (--no-module-proxy: not)\n" in built.stdout
        assert announced == {"url": server.url, "pid": server.process.pid, "anonymous": True}
        server.stop()
        assert zips_given(server) == 1
    assert not (tmp_path / "server/gobp/modules.json").exists()


@pytest.mark.parametrize("said", ["--no-module-proxy", "--env=GOPROXY"])
def test_gobp_build_goes_past_the_proxy_where_it_is_told_to(tmp_path: Path, said: str) -> None:
    files = app_for(tmp_path / "upstream")
    goproxy = f"file://{tmp_path / 'upstream'}"
    with running(SETTINGS, tmp_path / "server") as server:
        option = f"{said}={goproxy}" if "=" in said else said

        built = gobp_build(
            put_app(tmp_path / "app", files), tmp_path / "server", option, GOPROXY=goproxy
        )

        assert built.returncode == 0, built.stdout + built.stderr
        assert ANNOUNCED not in built.stdout
        server.stop()
        assert "/@v/" not in server.logged()


def test_gobp_build_goes_on_where_the_proxy_does_not_help(tmp_path: Path) -> None:
    """First the proxy does not have the module, then it was killed and could not say so."""
    files = app_for(tmp_path / "upstream")
    goproxy = f"file://{tmp_path / 'upstream'}"
    app = put_app(tmp_path / "app", files)
    with running(SETTINGS, tmp_path / "server") as server:
        without = gobp_build(app, tmp_path / "server", GOPROXY=goproxy)
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        shutil.rmtree(tmp_path / "cache")
        dead = gobp_build(app, tmp_path / "server", GOPROXY=goproxy)

    assert (tmp_path / "server/gobp/modules.json").exists()
    assert without.returncode == 0, without.stdout + without.stderr
    assert ANNOUNCED in without.stdout
    assert dead.returncode == 0, dead.stdout + dead.stderr
    assert ANNOUNCED not in dead.stdout


@dataclass(frozen=True)
class Closed:
    """A proxy over TLS that wants a user and password, and an app that needs its module."""

    server: ModuleServer
    authority: Path
    password: str
    app: Mapping[str, str]

    @property
    def url(self) -> str:
        """Where it is, by the name that its certificate has."""
        return self.server.url.replace("127.0.0.1", "localhost")

    @property
    def goproxy(self) -> str:
        """The same with the credentials in it."""
        return self.url.replace("//", f"//builder:{quote(self.password, safe='')}@")

    def forms(self) -> list[bytes]:
        """Return the password as it is, in an address, in base64, and with its user in base64."""
        plain = self.password.encode()
        pair = b"builder:" + plain
        quoted = quote(self.password, safe="").encode()
        return [plain, quoted, b64encode(plain), b64encode(pair), pair]


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Closed]:
    folder = tmp_path / "proxy"
    folder.mkdir()
    certificates = make_certificates(folder, ("localhost",))
    password = new_secret()
    user = {"name": "builder", "password_hash": str(PasswordHash.of(password))}
    settings = {
        **SETTINGS,
        "tls": {"certificate": str(folder / "server.crt"), "key": str(folder / "server.key")},
        "access": {"anonymous": "", "users": [{**user, "modules": "corp.example"}]},
    }
    with running(settings, folder / "server") as server:
        app = app_for(server.root / "private")
        yield Closed(server, certificates.authority, password, app)
    assert password not in server.logged()


def bind(folder: Path, closed: Closed) -> Path:
    """Write the binding by which a build may use the proxy."""
    folder.mkdir(parents=True)
    secrets = {"username": "builder", "password": closed.password}
    for name, text in {"type": "goproxy", "url": closed.url, **secrets}.items():
        (folder / name).write_text(text)
    return folder


def test_a_proxy_with_a_password_is_not_used_by_chance(tmp_path: Path, closed: Closed) -> None:
    runtime = closed.server.root.parent
    app = put_app(tmp_path / "app", closed.app)

    built = gobp_build(app, runtime, GOPROXY=f"file://{tmp_path / 'nowhere'}")

    assert built.returncode != 0
    assert ANNOUNCED not in built.stdout


def test_a_binding_has_the_buildpack_use_the_proxy_and_leaves_no_trace(
    tmp_path: Path, closed: Closed
) -> None:
    (tmp_path / "bench/tmp").mkdir(parents=True)
    trust = {"SSL_CERT_FILE": str(closed.authority), "TMPDIR": str(tmp_path / "bench/tmp")}
    bench = Workbench(tmp_path / "bench", {**trust, "BP_LOG_LEVEL": "DEBUG"})
    bindings = bench.root / "platform/bindings"
    bind(bindings / "proxy", closed)

    done = bench.build(closed.app)

    assert done.status == 0, done.output
    assert bench.program() == "hello from the proxy\n"
    closed.server.stop()
    assert zips_given(closed.server) == 1
    assert "builder" in closed.server.logged()
    assert [form for form in closed.forms() if form in os.fsencode(done.output)] == []
    assert traces(bench.root, closed.forms(), bindings) == []


def unpacked(docker_image: str, folder: Path) -> Path:
    """Save an image, and unpack it and its layers, so that everything in it can be searched."""
    folder.mkdir()
    output_of(["docker", "save", "--output", str(folder / "image.tar"), docker_image])
    _unpack(folder / "image.tar", folder / "image")
    (folder / "image.tar").unlink()
    found = [path for path in (folder / "image").rglob("*") if path.is_file()]
    for number, path in enumerate(found):
        if tarfile.is_tarfile(path):
            _unpack(path, folder / f"layer{number}")
    (folder / "history").write_text(output_of(["docker", "history", "--no-trunc", docker_image]))
    (folder / "inspect").write_text(output_of(["docker", "image", "inspect", docker_image]))
    return folder


def _unpack(archive: Path, target: Path) -> None:
    with tarfile.open(archive) as tar:
        plain = [member for member in tar if member.isfile() or member.isdir()]
        tar.extractall(target, members=plain, filter="data")


def test_the_search_finds_a_password_in_a_layer(
    tmp_path: Path, closed: Closed, docker: Docker
) -> None:
    """An image that does it wrong: GOPROXY stays in its configuration, a netrc in a layer."""
    (tmp_path / "context").mkdir()
    (tmp_path / "context/netrc").write_text(f"machine localhost password {closed.password}\n")
    (tmp_path / "context/Dockerfile").write_text(
        "FROM scratch\nARG GOPROXY\nENV GOPROXY=$GOPROXY\nCOPY netrc /root/.netrc\n"
    )
    image = docker_build(docker, tmp_path / "context", "wrong", closed)

    found = traces(unpacked(image, tmp_path / "found"), closed.forms(), tmp_path / "none")

    assert any(path.endswith(".netrc") for path in found)
    assert str(tmp_path / "found/inspect") in found


def test_a_multi_stage_container_build_with_credentials_in_goproxy_leaves_none_in_its_layers(
    tmp_path: Path, closed: Closed, docker: Docker, go_image: str
) -> None:
    """Story (e): go builds in the first stage; the image is the second."""
    context = put_app(tmp_path / "context", closed.app)
    shutil.copy(closed.authority, context / "ca.pem")
    (context / "Dockerfile").write_text(
        f"FROM {go_image} AS build\n"
        "ARG GOPROXY\n"
        "ENV GONOSUMDB=corp.example CGO_ENABLED=0 SSL_CERT_FILE=/app/ca.pem GOCACHE=/tmp/cache\n"
        "WORKDIR /app\n"
        "COPY . .\n"
        "RUN go build -o /tmp/app .\n"
        "FROM scratch\n"
        "COPY --from=build /tmp/app /app\n"
        'ENTRYPOINT ["/app"]\n'
    )

    image = docker_build(docker, context, "multi-stage", closed)

    assert docker.output(image) == "hello from the proxy\n"
    found = unpacked(image, tmp_path / "found")
    assert (found / "inspect").stat().st_size > 100
    assert any(path.name == "app" for path in found.rglob("layer*/*"))
    assert traces(found, closed.forms(), tmp_path / "none") == []
    closed.server.stop()
    assert zips_given(closed.server) == 1


def test_pack_builds_through_the_proxy_and_leaves_no_trace_in_the_image(
    tmp_path: Path, closed: Closed, docker: Docker, pack: Pack
) -> None:
    binding = bind(tmp_path / "bindings/proxy", closed)
    shutil.copy(closed.authority, tmp_path / "ca.pem")
    authority = bind_authority(tmp_path / "bindings/ca", closed)
    volumes = (
        f"{binding}:/platform/bindings/proxy:ro",
        f"{authority}:/platform/bindings/ca:ro",
    )
    for path in (tmp_path / "bindings").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)

    built = pack.build(
        "behind-proxy",
        put_app(tmp_path / "app", closed.app),
        Given(str(ROOT), ROOT),
        env={"GOSUMDB": "off"},
        options=[part for volume in volumes for part in ("--volume", volume)],
    )

    assert docker.output(built.image) == "hello from the proxy\n"
    closed.server.stop()
    assert zips_given(closed.server) == 1
    assert [form for form in closed.forms() if form in os.fsencode(built.log)] == []
    assert (
        traces(unpacked(built.image, tmp_path / "found"), closed.forms(), tmp_path / "none") == []
    )


def bind_authority(folder: Path, closed: Closed) -> Path:
    """Write the binding by which a build trusts the proxy's authority."""
    folder.mkdir(parents=True)
    (folder / "type").write_text("ca-certificates")
    shutil.copy(closed.authority, folder / "ca.pem")
    return folder


def docker_build(docker: Docker, context: Path, name: str, closed: Closed) -> str:
    """Build an image with the proxy and its credentials in the build argument GOPROXY."""
    image = docker.name(name)
    argv = ["docker", "build", "--network", "host", "--tag", image, str(context)]
    argv += ["--build-arg", f"GOPROXY={closed.goproxy}"]
    done = run(argv, seconds=300)
    assert done.returncode == 0, done.stdout + done.stderr
    docker.adopt(image)
    return image


@pytest.fixture(scope="module")
def go_image(docker: Docker, tmp_path_factory: pytest.TempPathFactory) -> str:
    """An image with the go command of this machine, as an official one would be."""
    context = tmp_path_factory.mktemp("go-image")
    parts = ["bin", "pkg", "src", "VERSION", "go.env", "lib"]
    output_of(["tar", "-C", go_root(), "-cf", str(context / "go.tar"), *parts])
    (context / "Dockerfile").write_text(
        "FROM lab-build:bookworm\nUSER root\nADD go.tar /usr/local/go/\n"
        "ENV PATH=/usr/local/go/bin:/usr/local/bin:/usr/bin:/bin GOTOOLCHAIN=local\n"
    )
    image = docker.name("go")
    output_of(["docker", "build", "--quiet", "--tag", image, str(context)], seconds=300)
    docker.adopt(image)
    return image
