"""gobp verify as people run it, on what was really fetched by git, built by go and proven."""

import json
import os
import subprocess
import sys
import tarfile
import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from gobp.buildservice.artifacts.archive import write_archive
from gobp.buildservice.builds.build import Artifact, Build, Reason, State
from gobp.buildservice.builds.order import Order, Target
from gobp.buildservice.proof.prover import Prover
from gobp.buildservice.recipes.recipe import Product
from gobp.buildservice.resolving.git_resolver import GitResolver
from gobp.buildservice.settings.schema import Settings, Sources
from gobp.buildservice.sources.git_fetcher import GitFetcher
from gobp.system.fetch import sha256_of
from integration.git_hosting import GitRepository
from integration.go_env import go_env
from integration.loopback_git import loopback_git

pytestmark = pytest.mark.builds
ARCHIVE = "hello_linux_amd64.tar.gz"


@dataclass(frozen=True)
class Downloaded:
    """A folder as a client has it: the archive, its proofs and ``key.pem``."""

    folder: Path
    source: str
    commit: str
    build: str

    def verify(self, file: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            [sys.executable, "-m", "gobp", "verify", file, *arguments],
            cwd=self.folder,
            capture_output=True,
            check=False,
            text=True,
        )

    def refusal(self, file: str, *arguments: str) -> str:
        done = self.verify(file, *arguments)
        assert done.returncode == 1, done.stdout
        assert "verified" not in done.stdout
        return done.stderr


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Downloaded:
    folder = tmp_path_factory.mktemp("made")
    repository = GitRepository(folder / "work")
    repository.commit(
        {
            "go.mod": "module git.example/corp/hello\n\ngo 1.21\n",
            "main.go": 'package main\n\nfunc main() { println("hello") }\n',
        },
        "v1.2.3",
    )
    with loopback_git(folder / "host") as git:
        source = git.publish(repository, "corp/hello")
        sources = Sources(git=(git.settings(),))
        order = Order(source=source, ref="v1", target=Target("linux", "amd64"))
        order, pin = GitResolver(sources, os.environ).resolve(order)
        (folder / "source").mkdir()
        tree = GitFetcher(sources, os.environ).fetch(source, pin, folder / "source", print)
    env = {**go_env(folder, "off"), "CGO_ENABLED": "0", "GOOS": "linux", "GOARCH": "amd64"}
    go = ["go", "build", "-trimpath", "-buildvcs=false", "-o", "../product/hello", "."]
    subprocess.run(go, cwd=tree.folder, env=env, check=True)
    product = Product(folder / "product", ("hello",), (), "1.26.8")
    out = folder / "out"
    out.mkdir()
    write_archive(product, out / ARCHIVE, tree.time, 1 << 30)
    artifact = Artifact(
        name=ARCHIVE,
        kind="archive",
        sha256=sha256_of(out / ARCHIVE),
        size=(out / ARCHIVE).stat().st_size,
        media_type="application/gzip",
    )
    build = Build(
        id=f"{7:032x}",
        key="k",
        order=order,
        pin=pin,
        state=State.RUNNING,
        reason=Reason.REQUEST,
        who="t",
        priority=0,
        created=time.time(),
    )
    prover = Prover(Settings(public_url="https://builds.example"), folder / "root", os.environ)
    prover.prove(build, tree, product, artifact, "bubblewrap", (1e9, 1e9 + 5), out)
    (out / "key.pem").write_text(prover.key.public_pem)
    return Downloaded(out, source.name, pin.commit, build.id)


@pytest.fixture
def downloaded(made: Downloaded, tmp_path: Path) -> Downloaded:
    """A copy that a test may change."""
    for path in made.folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return Downloaded(tmp_path, made.source, made.commit, made.build)


def test_an_archive_is_verified_and_what_it_is_of_is_shown(made: Downloaded) -> None:
    done = made.verify(ARCHIVE, "--key", "key.pem")

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        f"{ARCHIVE}: verified",
        f"  built      2001-09-09T01:46:45Z by https://builds.example, build {made.build}",
        f"  of         {made.source} v1.2.3 (gitCommit {made.commit})",
        "  for        linux/amd64, by Go 1.26.8 with 0 modules fetched",
        "  sandbox    bubblewrap",
    ]


def test_a_program_out_of_the_archive_is_verified_too(downloaded: Downloaded) -> None:
    with tarfile.open(downloaded.folder / ARCHIVE) as archive:
        archive.extract("hello", downloaded.folder, filter="data")

    done = downloaded.verify("hello", "--key", "key.pem", "--provenance", f"{ARCHIVE}.intoto.jsonl")

    assert done.returncode == 0, done.stderr


def test_a_bill_of_materials_is_verified_too(made: Downloaded) -> None:
    done = made.verify(
        f"{ARCHIVE}.cdx.json", "--key", "key.pem", "--provenance", f"{ARCHIVE}.intoto.jsonl"
    )

    assert done.returncode == 0, done.stderr


def test_a_changed_file_is_refused(downloaded: Downloaded) -> None:
    with (downloaded.folder / ARCHIVE).open("ab") as file:
        file.write(b"\0")

    said = downloaded.refusal(ARCHIVE, "--key", "key.pem")

    assert f"{ARCHIVE} is not what {ARCHIVE}.intoto.jsonl is for" in said
    assert "do not trust the file" in said


def test_a_changed_provenance_is_refused(downloaded: Downloaded) -> None:
    file = downloaded.folder / f"{ARCHIVE}.intoto.jsonl"
    envelope = json.loads(file.read_text())
    payload = b64decode(envelope["payload"]).replace(b"corp/hello", b"corp/other")
    file.write_text(json.dumps({**envelope, "payload": b64encode(payload).decode()}))

    said = downloaded.refusal(ARCHIVE, "--key", "key.pem")

    assert "it is not signed by this key" in said


def test_another_services_provenance_is_refused(downloaded: Downloaded, tmp_path: Path) -> None:
    other = Prover(Settings(), tmp_path / "other", os.environ)
    (downloaded.folder / "key.pem").write_text(other.key.public_pem)

    assert "it is not signed by this key" in downloaded.refusal(ARCHIVE, "--key", "key.pem")


@pytest.mark.parametrize("content", ["", "{}", "\0" * 100, "[" * 200_000])
def test_what_is_no_provenance_is_refused(downloaded: Downloaded, content: str) -> None:
    (downloaded.folder / f"{ARCHIVE}.intoto.jsonl").write_text(content)

    said = downloaded.refusal(ARCHIVE, "--key", "key.pem")

    assert "it is no signed envelope" in said
    assert "Traceback" not in said


def test_what_is_missing_is_said(downloaded: Downloaded) -> None:
    (downloaded.folder / f"{ARCHIVE}.intoto.jsonl").unlink()

    assert "download it from beside the file" in downloaded.refusal(ARCHIVE, "--key", "key.pem")
    assert "Missing option '--key'" in downloaded.verify(ARCHIVE).stderr
    assert "no.pem cannot be read" in downloaded.refusal(
        "key.pem", "--key", "no.pem", "--provenance", ARCHIVE
    )


def test_a_source_and_builder_can_be_expected(made: Downloaded) -> None:
    right = made.verify(
        *(ARCHIVE, "--key", "key.pem"),
        *("--source", made.source, "--builder", "https://builds.example"),
    )

    assert right.returncode == 0, right.stderr
    assert "has another source than it should" in made.refusal(
        ARCHIVE, "--key", "key.pem", "--source", "git.example/evil/hello"
    )
    assert "has another builder than it should" in made.refusal(
        ARCHIVE, "--key", "key.pem", "--builder", "https://evil.example"
    )


def test_a_key_without_a_key_is_refused(downloaded: Downloaded) -> None:
    (downloaded.folder / "key.pem").write_text("nothing\n")

    assert "has no public ed25519 key in PEM" in downloaded.refusal(ARCHIVE, "--key", "key.pem")


@pytest.fixture
def keys_url(made: Downloaded) -> Iterator[str]:
    """The URL of a server that has the key."""
    pem = (made.folder / "key.pem").read_bytes()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(pem)))
            self.end_headers()
            self.wfile.write(pem)

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/keys"
        finally:
            server.shutdown()
            thread.join()


def test_the_key_can_be_asked_for(made: Downloaded, keys_url: str) -> None:
    done = made.verify(ARCHIVE, "--key", keys_url)

    assert done.returncode == 0, done.stderr


def test_a_key_is_not_asked_for_where_others_can_change_the_answer(made: Downloaded) -> None:
    said = made.refusal(ARCHIVE, "--key", "http://builds.example/keys")

    assert "is not https" in said


def test_what_is_in_the_archive_has_the_time_of_the_commit(made: Downloaded) -> None:
    with tarfile.open(made.folder / ARCHIVE) as archive:
        (entry,) = archive.getmembers()

    assert (entry.name, entry.uid, entry.mtime) == ("hello", 0, 1_600_003_601)
