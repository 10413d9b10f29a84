"""Certificates of bindings are trusted: by what a build runs and downloads, and by the image.

Every server here has a certificate of an authority that was made for the test, and that nothing
else trusts. Images are started by the real launcher; one has no shell and no libc.
"""

import contextlib
import os
import shutil
import socket
import ssl
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest
import requests
from hypothesis import given, settings
from hypothesis import strategies as st

from gobp.buildpack.ca_certificates.certificates import Certificate, trust_store
from gobp.buildpack.ca_certificates.subject_hash import subject_hash
from gobp.cnb import toml
from gobp.oci.layout import read_layout
from gobp.system.machine import machine_architecture
from integration.by_hand import APP, MODULE, Workbench, go_env, go_root, search_path
from integration.creator import Creator, missing
from integration.docker import APP_PORT, Docker, free_port, output_of, run
from integration.lab import ROOT, Given, Pack
from integration.private_servers import (
    PrivateServer,
    Site,
    folder_site,
    git_site,
    go_sum,
    make_certificates,
    private_server,
    put_repository,
)
from integration.test_bad_input import put_lib
from release.helpers import build_helpers
from release.runtime import HELPERS, RUNTIME
from tests.fakes.certificates import Name, certificate, common_name, in_pem
from tests.strategies_subjects import subjects

PROXY, GO, GIT = (f"{name}.private.example.com" for name in ("modules", "go", "git"))
BINDING = "ca-certificates"
ADDED = "Added 1 additional CA certificate(s) to system truststore"
QEMU = "qemu-aarch64-static"
ELF_MACHINES = {"amd64": 62, "arm64": 183}
# As a client it gets the address that it is given; as a server it takes clients that show a
# certificate of an authority that its system trusts.
PROGRAM = """package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	if len(os.Args) > 1 {
		response, err := http.Get(os.Args[1])
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		io.Copy(os.Stdout, response.Body)
		return
	}
	trusted, err := x509.SystemCertPool()
	if err != nil {
		panic(err)
	}
	http.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "hello, friend")
	})
	clients := &tls.Config{ClientCAs: trusted, ClientAuth: tls.RequireAndVerifyClientCert}
	server := &http.Server{Addr: ":" + os.Getenv("PORT"), TLSConfig: clients}
	fmt.Println(server.ListenAndServeTLS("server.crt", "server.key"))
}
"""


@dataclass(frozen=True)
class World:
    """The authority, a certificate of it with its key, and the servers that show that one."""

    folder: Path
    server: PrivateServer
    tunnel: str

    @property
    def authority(self) -> str:
        """The authority's certificate in PEM."""
        return (self.folder / "ca.pem").read_text()

    @property
    def url(self) -> str:
        """The address of a server that says who it is, and nothing else."""
        return f"https://localhost:{self.server.server_port}/"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("authority")
    certificates = make_certificates(folder, ("localhost", PROXY, GO, GIT))
    with private_server(certificates) as (server, tunnel):
        host = f"localhost:{server.server_port}"
        server.sites[host] = Site(None, lambda request: request.send(200, b"it is me\n"))
        yield World(folder, server, tunnel)


@pytest.fixture
def bench(tmp_path: Path, world: World) -> Workbench:
    """A build that reaches every host of the test, and no other."""
    return Workbench(tmp_path, {"HTTPS_PROXY": world.tunnel, "GOPROXY": f"https://{PROXY}"})


def bind(bench: Workbench, binding_type: str, entries: Mapping[str, str]) -> Path:
    """Give the build a binding."""
    folder = bench.root / "platform/bindings" / binding_type
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"type": binding_type, **entries}.items():
        (folder / name).write_text(text)
    return folder


def test_modules_come_from_a_proxy_of_a_private_authority(bench: Workbench, world: World) -> None:
    app = put_lib(bench.root / "modules")
    world.server.sites[PROXY] = folder_site(None, bench.root / "modules")
    refused = bench.build(app)
    assert refused.status == 1
    assert "certificate signed by unknown authority" in refused.output

    bind(bench, BINDING, {"ca.pem": world.authority})
    done = bench.build(app)

    assert done.status == 0, done.output
    assert ADDED in done.output
    assert bench.program() == "hello from lib\n"


def test_go_gets_modules_by_git_from_a_server_of_a_private_authority(
    bench: Workbench, world: World
) -> None:
    module = f"{GIT}/team/lib"
    files = {"go.mod": f"module {module}\n\ngo 1.26\n", "lib.go": "package lib\n\nconst A = 1\n"}
    put_repository(bench.root / "git/team/lib.git", files, "v1.2.3")
    world.server.sites[GIT] = git_site(None, GIT, bench.root / "git")
    bench.env |= {"GOPROXY": "direct", "GOPRIVATE": GIT}
    bind(bench, BINDING, {"ca.pem": world.authority})

    done = bench.build(
        {
            "go.mod": f"{MODULE}\nrequire {module} v1.2.3\n",
            "go.sum": go_sum(module, "v1.2.3", files),
            "main.go": f'package main\n\nimport "{module}"\n\nfunc main() {{ println(lib.A) }}\n',
        }
    )

    assert done.status == 0, done.output
    assert bench.program() == "1\n"


def test_go_itself_comes_from_a_mirror_of_a_private_authority(
    bench: Workbench, world: World
) -> None:
    archive = bench.root / "served/go.tar.gz"
    archive.parent.mkdir()
    version = go_env("GOVERSION").removeprefix("go")
    with tarfile.open(archive, "w:gz", compresslevel=1) as tar:
        for part in ("VERSION", "LICENSE", "bin", "pkg", "src", "lib", "go.env"):
            tar.add(Path(go_root(), part), f"go/{part}")
    world.server.sites[GO] = folder_site(None, archive.parent)
    digest = sha256(archive.read_bytes()).hexdigest()
    bench.env["CNB_BUILDPACK_DIR"] = str(buildpack_of(bench.root, version, digest))
    bench.env["PATH"] = f"{ROOT}/.venv/bin:/usr/bin:/bin"
    bind(bench, "dependency-mapping", {digest: f"https://{GO}/go.tar.gz"})
    # Its vendor folder is wrong: Go is installed, and nothing compiled.
    app = {**APP, "go.mod": f"{MODULE}\nrequire example.com/a v1.0.0\n", "vendor/modules.txt": ""}
    refused = bench.build(app)
    assert "its certificate is not trusted" in refused.output

    bind(bench, BINDING, {"ca.pem": world.authority})
    done = bench.build(app)

    assert f"Downloading https://{GO}/go.tar.gz" in done.output
    assert "the vendor folder does not agree with go.mod" in done.output, done.output
    assert (bench.layers / "go-sdk/bin/go").exists()


def buildpack_of(root: Path, version: str, digest: str) -> Path:
    """Return a copy of the buildpack that knows one Go, to be had nowhere."""
    folder = root / "buildpack"
    folder.mkdir()
    for name in ("bin", "gobp", "helpers"):
        (folder / name).symlink_to(ROOT / name)
    head = (ROOT / "buildpack.toml").read_text().partition("[[metadata.dependencies]]")[0]
    (folder / "buildpack.toml").write_text(
        f'{head}[[metadata.dependencies]]\nid = "go"\nversion = "{version}"\nos = "linux"\n'
        f'arch = "{machine_architecture()}"\nuri = "https://go.example.com/go.tgz"\n'
        f'checksum = "sha256:{digest}"\n'
    )
    return folder


def test_a_key_in_the_binding_stops_the_build_at_once_and_is_not_shown(
    bench: Workbench, world: World
) -> None:
    key = (world.folder / "ca.key").read_text()
    bind(bench, BINDING, {"ca.pem": world.authority, "ca.key": key})

    done = bench.build(APP)

    assert done.status == 1
    assert "'ca.key' in the binding 'ca-certificates' holds a private key" in done.output
    assert "Go Distribution" not in done.output
    assert not [line for line in key.splitlines()[1:-1] if line in done.output]


def test_an_image_without_launcher_trusts_what_is_embedded_and_has_no_helper(
    bench: Workbench, world: World
) -> None:
    bench.put(APP)
    folder = bind(bench, BINDING, {"ca.pem": world.authority})
    layout = bench.root / "image.oci"
    argv = [f"{ROOT}/.venv/bin/python", "-m", "gobp", "build", str(bench.app), "-o", str(layout)]
    argv += ["--binding", str(folder), "--env", "BP_EMBED_CERTS=true", "--env", "GOPROXY=off"]
    argv += ["--cache-dir", str(bench.root / "cache")]

    output_of(["env", f"PATH={search_path()}", f"HOME={bench.root}", *argv], seconds=300)

    config = read_layout(layout).config.config
    env = dict(text.partition("=")[::2] for text in config.env)
    store = "/layers/gobp_go/ca-certificates/ca-certificates"
    assert env["SSL_CERT_DIR"] == f"/etc/ssl/certs:{store}"
    assert env["SSL_CERT_FILE"] == "/etc/ssl/certs/ca-certificates.crt"
    assert "exec.d" not in str(config.labels)
    assert '"helper"' not in config.labels["io.buildpacks.lifecycle.metadata"]


# The helper alone.


@pytest.fixture(scope="module")
def helpers() -> Path:
    """The prebuilt helpers by architecture."""
    if shutil.which("go") is None:
        pytest.skip("go, which compiles the helpers, is not on the PATH")
    build_helpers(RUNTIME, HELPERS, os.environ)
    return RUNTIME / "helpers"


@dataclass(frozen=True)
class Helped:
    """What the helper gave to the launcher, and what it said."""

    variables: Mapping[str, object]
    said: str


def help_with(
    program: Path,
    root: Path,
    entries: Mapping[str, str],
    *,
    prefix: Sequence[str] = (),
    status: int = 0,
    **env: str,
) -> Helped:
    """Run the helper as the launcher does, with a binding of these entries."""
    folder = root / "bindings" / "corporate"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in entries.items():
        (folder / name).write_text(text)
    output = root / "output"
    done = subprocess.run(
        ["sh", "-c", 'exec "$@" 3>"$0"', output, *prefix, program],
        env={"SERVICE_BINDING_ROOT": str(root / "bindings"), "TMPDIR": str(root), **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    return Helped(toml.loads(output.read_text(), source="fd 3"), done.stderr)


def native(helpers: Path) -> Path:
    return helpers / machine_architecture() / "ca-certificates"


def test_openssl_finds_an_authority_in_the_folder_that_the_helper_makes(
    helpers: Path, world: World, tmp_path: Path
) -> None:
    helped = help_with(native(helpers), tmp_path, {"type": BINDING, "ca.pem": world.authority})

    assert helped.said == f"{ADDED}\n"
    *system, folder = str(helped.variables["SSL_CERT_DIR"]).split(":")
    assert "/etc/ssl/certs" in system or not Path("/etc/ssl/certs").exists()
    output_of(["openssl", "verify", "-CApath", folder, str(world.folder / "server.crt")])
    trusting = ssl.create_default_context(capath=folder)
    address = ("localhost", world.server.server_port)
    with (
        socket.create_connection(address) as plain,
        trusting.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        assert secure.version()


def test_without_bindings_the_helper_says_nothing(helpers: Path, tmp_path: Path) -> None:
    helped = help_with(native(helpers), tmp_path, {"type": "netrc", "netrc": "x"})

    assert helped == Helped({}, "")


def test_a_binding_without_type_is_told_and_passed_over(helpers: Path, tmp_path: Path) -> None:
    helped = help_with(native(helpers), tmp_path, {"ca.pem": "x"})

    assert helped.variables == {}
    assert "corporate is not used, as it has no type" in helped.said


@pytest.mark.parametrize(
    ("text", "words"),
    [("hunter2", "holds no certificate in PEM"), ("0\x82\x01\x01x", "holds no certificate in PEM")],
)
def test_what_cannot_be_trusted_stops_the_start_in_words(
    helpers: Path, tmp_path: Path, text: str, words: str
) -> None:
    entries = {"type": BINDING, "x": text}

    helped = help_with(native(helpers), tmp_path, entries, status=1)

    assert f'"x" in the binding "corporate" {words}' in helped.said
    assert "hunter2" not in helped.said


@settings(deadline=None, max_examples=50)
@given(st.lists(subjects, min_size=1, max_size=5))
def test_both_implementations_name_the_files_alike(
    helpers: Path, tmp_path_factory: pytest.TempPathFactory, each: list[list[list[Name]]]
) -> None:
    ders = list(dict.fromkeys(certificate(subject) for subject in each))
    root = tmp_path_factory.mktemp("alike")

    entries = {"type": BINDING, "bundle": "".join(map(in_pem, ders))}
    helped = help_with(native(helpers), root, entries)

    folder = Path(str(helped.variables["SSL_CERT_DIR"]).rpartition(":")[2])
    files = {path.name: path.read_text() for path in folder.iterdir()}
    assert files == trust_store(Certificate(der, subject_hash(der)) for der in ders)


@pytest.mark.parametrize("architecture", sorted(ELF_MACHINES))
def test_the_helper_is_static_and_for_its_architecture(helpers: Path, architecture: str) -> None:
    header = (helpers / architecture / "ca-certificates").read_bytes()[:0x400]

    assert header[:4] == b"\x7fELF"
    assert int.from_bytes(header[18:20], "little") == ELF_MACHINES[architecture]
    offset, size, count = (
        int.from_bytes(header[at : at + length], "little")
        for at, length in ((0x20, 8), (0x36, 2), (0x38, 2))
    )
    kinds = [int.from_bytes(header[offset + size * n :][:4], "little") for n in range(count)]
    assert 1 in kinds  # PT_LOAD
    assert 3 not in kinds  # PT_INTERP: a dynamic loader


@pytest.mark.skipif(shutil.which(QEMU) is None, reason=f"{QEMU} (qemu-user-static) is not here")
def test_the_helper_works_on_arm64(helpers: Path, tmp_path: Path) -> None:
    program = helpers / "arm64" / "ca-certificates"
    entries = {"type": BINDING, "a": in_pem(certificate(common_name("Example Root")))}

    helped = help_with(program, tmp_path, entries, prefix=[str(shutil.which(QEMU))])

    folder = Path(str(helped.variables["SSL_CERT_DIR"]).rpartition(":")[2])
    assert [path.name for path in folder.iterdir()] == ["506215f7.0"]


# Images, started by the real launcher.


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, world: World) -> Path:
    """A client and server whose image keeps the certificate that it shows."""
    folder = tmp_path_factory.mktemp("friends")
    for name, text in {"go.mod": MODULE, "main.go": PROGRAM}.items():
        (folder / name).write_text(text)
    for name in ("server.crt", "server.key"):
        shutil.copy(world.folder / name, folder)
        (folder / name).chmod(0o644)  # whoever the container runs as reads it
    return folder


@pytest.mark.skipif(bool(missing()), reason=missing())
def test_an_image_trusts_what_is_embedded_in_it(
    dist: Path, app: Path, world: World, tmp_path: Path
) -> None:
    creator = Creator(tmp_path / "work", [dist / "buildpack"], {"GOPROXY": "off"})
    bindings = {"ca": {"type": BINDING, "ca.pem": world.authority}}

    created = creator.create(app, {"BP_EMBED_CERTS": "true"}, bindings)

    assert ADDED in created.log
    assert created.output("web", world.url, NO_PROXY="localhost") == "it is me\n"


@pytest.fixture(scope="module")
def image(pack: Pack, packaged: Given, app: Path) -> str:
    """The app's image, on a base without shell and libc."""
    env = {
        "BP_KEEP_FILES": "server.crt:server.key",
        "BP_GO_BUILD_FLAGS": "-buildmode=default",
        "CGO_ENABLED": "0",
    }
    options = ["--run-image", "lab-static:bookworm"]
    return pack.build("friends", app, packaged, env=env, options=options).image


@contextlib.contextmanager
def serving(image: str, world: World, *options: str, bound: str = "") -> Iterator["Friend"]:
    """Start the image's server with a binding, for as long as the block runs."""
    folder = world.folder / "bound" / "ca"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if bound:
        (folder / "type").write_text(BINDING)
        (folder / "ca.pem").write_text(bound)
    port = free_port()
    argv = ["docker", "run", "--detach", "--publish", f"127.0.0.1:{port}:{APP_PORT}"]
    argv += ["--env", f"PORT={APP_PORT}", "--env", "SERVICE_BINDING_ROOT=/bindings"]
    argv += ["--volume", f"{folder.parent}:/bindings:ro", *options, image]
    container = output_of(argv).strip()
    try:
        yield Friend(container, f"https://localhost:{port}/", world)
    finally:
        run(["docker", "rm", "--force", "--volumes", container])


@dataclass(frozen=True)
class Friend:
    """A container whose server takes only clients that it can trust."""

    container: str
    url: str
    world: World

    def greeting(self) -> str:
        """Ask with a certificate of the authority; "" where the server does not trust it."""
        shown = (str(self.world.folder / "server.crt"), str(self.world.folder / "server.key"))
        for _ in range(40):
            try:
                trusted = str(self.world.folder / "ca.pem")
                return requests.get(self.url, cert=shown, verify=trusted, timeout=10).text
            except requests.exceptions.ConnectionError as error:
                if "alert" in str(error):
                    return ""
                output_of(["sleep", "0.25"])
        raise AssertionError(self.log())

    def log(self) -> str:
        """Return what the container wrote."""
        done = run(["docker", "logs", self.container])
        return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("options", "warning"),
    [
        ((), ""),
        (("--read-only", "--user", "12345:12345"), ""),  # /dev/shm can be written to
        (("--read-only", "--ipc", "none"), "no folder can be written to"),
    ],
    ids=["plain", "read-only", "nothing-writable"],
)
def test_an_image_without_a_shell_trusts_what_it_is_started_with(
    docker: Docker, image: str, world: World, options: tuple[str, ...], warning: str
) -> None:
    with serving(image, world, *options, bound=world.authority) as friend:
        assert friend.greeting() == "hello, friend\n"
        assert ADDED in friend.log()
        assert warning in friend.log()
        assert ("Warning" in friend.log()) == bool(warning)


def test_an_image_trusts_nobody_else(docker: Docker, image: str, world: World) -> None:
    with serving(image, world) as friend:
        assert friend.greeting() == ""
        assert ADDED not in friend.log()


def test_an_image_does_not_start_on_what_is_no_certificate(
    docker: Docker, image: str, world: World
) -> None:
    with serving(image, world, bound="garbage") as friend:
        status = output_of(["docker", "wait", friend.container]).strip()

        assert status != "0"
        assert '"ca.pem" in the binding "ca" holds no certificate in PEM' in friend.log()
