import hashlib
import json
import os
import shutil
import subprocess
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey  # type: ignore[attr-defined] # see keys.py

from gobp.buildservice.builds.build import Artifact, Build, Reason, State
from gobp.buildservice.builds.order import GitSource, Order, Pin, Target
from gobp.buildservice.proof.envelope import public_keys
from gobp.buildservice.proof.programs import hashes_of, read_programs
from gobp.buildservice.proof.provenance import Run, statement
from gobp.buildservice.proof.prover import Prover
from gobp.buildservice.proof.verifying import Provenance, read_provenance
from gobp.buildservice.recipes.recipe import Product
from gobp.buildservice.settings.schema import Proof, Settings
from gobp.buildservice.sources.tree import SourceTree
from gobp.golang.buildinfo import BuildInfo, BuiltModule
from gobp.sbom.bill import ProgramFile
from integration.go_env import go_env

pytestmark = pytest.mark.slow  # real tools and servers

ARCHIVE = b"archive"
SETTINGS = Settings()
RUN = Run(builder="b", gobp="1", go="1.26.8", sandbox="none", started=0, finished=0)
COMMIT = "1b44ddac608e3580c02b2731e60d682cf1ad9946"
H1 = "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
MIT = Path(__file__).parents[2] / "sbom" / "licences" / "MIT.txt"


@dataclass(frozen=True)
class Proven:
    """A proven build: files by kind and name, and the prover."""

    prover: Prover
    folder: Path
    proofs: list[tuple[Path, str, str, str]]

    def text(self, name: str) -> str:
        return (self.folder / name).read_text()

    def envelope(self) -> str:
        return self.text("hello_linux_amd64.tar.gz.intoto.jsonl")

    def statement(self) -> Any:
        return json.loads(b64decode(json.loads(self.envelope())["payload"]))

    def provenance(self) -> Provenance:
        return read_provenance(self.envelope(), public_keys(self.prover.key.public_pem))


def described(statement: Any) -> Any:
    return statement["predicate"]["buildDefinition"]["resolvedDependencies"]


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source of a program, and the program."""
    folder = tmp_path_factory.mktemp("program")
    source = folder / "source"
    source.mkdir()
    (source / "go.mod").write_text("module git.example/o/hello\n\ngo 1.21\n")
    shutil.copy(MIT, source / "LICENSE")
    (source / "main.go").write_text('package main\n\nfunc main() { println("hello") }\n')
    env = {**go_env(folder, "off"), "CGO_ENABLED": "0"}
    go = ["go", "build", "-trimpath", "-buildvcs=false", "-o", "../product/hello", "."]
    subprocess.run(go, cwd=source, env=env, check=True)
    (folder / "product" / "README").write_text("no program\n")
    return folder


def build() -> Build:
    order = Order(
        source=GitSource("git.example", "o/hello"), ref="v1", target=Target("linux", "amd64")
    )
    return Build(
        id="0" * 32,
        key="k",
        order=order,
        pin=Pin(version="v1.2.3", commit=COMMIT, moving=True, time=1_600_000_000),
        state=State.RUNNING,
        reason=Reason.REQUEST,
        who="t",
        priority=0,
        created=1.0,
    )


def artifact(content: bytes = ARCHIVE) -> Artifact:
    return Artifact(
        name="hello_linux_amd64.tar.gz",
        kind="archive",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        media_type="application/gzip",
    )


def tree(folder: Path) -> SourceTree:
    return SourceTree(folder, 1_600_000_000, "git+https://git.example/o/hello", "gitCommit", COMMIT)


Prove = Callable[..., Proven]


@pytest.fixture
def prove(program: Path, tmp_path: Path) -> Prove:
    def prove(
        settings: Settings = SETTINGS, files: tuple[str, ...] = ("README", "hello")
    ) -> Proven:
        prover = Prover(settings, tmp_path / "root", os.environ)
        out = tmp_path / "out"
        out.mkdir(exist_ok=True)
        product = Product(program / "product", files, ("example.com/dep@v1.0.0",), "1.26.8")
        proofs = prover.prove(
            build(), tree(program / "source"), product, artifact(), "bubblewrap", (10.5, 20.5), out
        )
        return Proven(prover, out, proofs)

    return prove


def test_it_gives_bills_provenance_and_sums(prove: Prove) -> None:
    proven = prove()

    assert [proof[1:] for proof in proven.proofs] == [
        ("hello_linux_amd64.tar.gz.cdx.json", "sbom", "application/vnd.cyclonedx+json"),
        ("hello_linux_amd64.tar.gz.spdx.json", "sbom", "application/spdx+json"),
        (
            "hello_linux_amd64.tar.gz.intoto.jsonl",
            "provenance",
            "application/vnd.dsse.envelope.v1+json",
        ),
        ("SHA256SUMS", "sums", "text/plain; charset=utf-8"),
    ]
    assert all(path == proven.folder / name for path, name, _, _ in proven.proofs)


def test_the_bills_are_of_the_program(prove: Prove) -> None:
    proven = prove()

    cyclonedx = json.loads(proven.text("hello_linux_amd64.tar.gz.cdx.json"))
    spdx = json.loads(proven.text("hello_linux_amd64.tar.gz.spdx.json"))
    own = next(each for each in cyclonedx["components"] if each["name"] == "git.example/o/hello")
    assert [each["name"] for each in cyclonedx["components"]] == [
        "hello",
        "git.example/o/hello",
        "stdlib",
    ]
    assert own["licenses"] == [{"license": {"acknowledgement": "declared", "id": "MIT"}}]
    assert cyclonedx["metadata"]["timestamp"] == "2020-09-13T12:26:40Z"
    assert {each["name"] for each in spdx["packages"]} == {
        "hello",
        "git.example/o/hello",
        "stdlib",
    }


def test_what_is_no_go_program_has_no_bill(prove: Prove) -> None:
    proven = prove(files=("README",))

    assert [kind for _, _, kind, _ in proven.proofs] == ["provenance", "sums"]


def test_sha256sum_finds_all_files_as_they_are(prove: Prove) -> None:
    proven = prove()
    (proven.folder / artifact().name).write_bytes(ARCHIVE)

    done = subprocess.run(
        ["sha256sum", "--check", "--strict", "SHA256SUMS"],
        cwd=proven.folder,
        capture_output=True,
        check=False,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.count(": OK") == 4


def test_the_statement_is_of_the_build(prove: Prove) -> None:
    statement = prove().statement()

    definition = statement["predicate"]["buildDefinition"]
    assert statement["_type"] == "https://in-toto.io/Statement/v1"
    assert statement["predicateType"] == "https://slsa.dev/provenance/v1"
    assert definition["externalParameters"] == json.loads(msgspec.json.encode(build().order))
    assert definition["internalParameters"] == {
        "go": "1.26.8",
        "sandbox": "bubblewrap",
        "version": "v1.2.3",
    }
    assert definition["resolvedDependencies"] == [
        {"uri": "git+https://git.example/o/hello", "digest": {"gitCommit": COMMIT}},
        {"uri": "pkg:golang/example.com/dep@v1.0.0"},
    ]
    assert statement["predicate"]["runDetails"] == {
        "builder": {"id": "urn:gobp:builds", "version": {"gobp": version("gobp")}},
        "metadata": {
            "invocationId": "0" * 32,
            "startedOn": "1970-01-01T00:00:10Z",
            "finishedOn": "1970-01-01T00:00:20Z",
        },
    }


def test_all_that_is_downloaded_or_unpacked_is_a_subject(prove: Prove) -> None:
    proven = prove()

    files = proven.provenance().files
    assert sorted(files.values()) == [
        "README",
        "hello",
        "hello_linux_amd64.tar.gz",
        "hello_linux_amd64.tar.gz.cdx.json",
        "hello_linux_amd64.tar.gz.spdx.json",
    ]
    assert files[hashlib.sha256(ARCHIVE).hexdigest()] == "hello_linux_amd64.tar.gz"
    assert files[hashlib.sha256(b"no program\n").hexdigest()] == "README"


def test_the_hash_of_a_fetched_module_is_what_the_program_says() -> None:
    own = "git.example/o/hello@v1.0.0"
    info = BuildInfo("hello", "go1.26.8", main=BuiltModule("git.example/o/hello", "v1.0.0", H1))
    statement_ = statement([], build(), tree(Path()), hashes_of([ProgramFile(info, "")]), RUN)

    assert described(statement_)[1] == {
        "uri": f"pkg:golang/{own}",
        "digest": {"dirHash": b64decode(H1[3:]).hex()},
    }


@pytest.mark.parametrize(
    ("settings", "builder"),
    [
        (Settings(public_url="https://builds.example"), "https://builds.example"),
        (
            Settings(public_url="https://b.example", proof=Proof(builder="https://me.example/b")),
            "https://me.example/b",
        ),
    ],
)
def test_the_builder_is_who_the_settings_say(
    prove: Prove, settings: Settings, builder: str
) -> None:
    assert prove(settings).provenance().builder == builder


def test_securesystemslib_believes_the_envelope(prove: Prove) -> None:
    proven = prove()

    envelope = Envelope.from_dict(json.loads(proven.envelope()))
    key = SSlibKey.from_crypto(load_pem_public_key(proven.prover.key.public_pem.encode()))
    signed_by = SSlibKey(proven.prover.key.id, key.keytype, key.scheme, key.keyval)
    assert envelope.verify([signed_by], 1)


def test_openssl_believes_the_signature(prove: Prove, tmp_path: Path) -> None:
    proven = prove()
    envelope = json.loads(proven.envelope())
    payload, kind = b64decode(envelope["payload"]), envelope["payloadType"].encode()
    (tmp_path / "key").write_text(proven.prover.key.public_pem)
    (tmp_path / "said").write_bytes(
        b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
    )
    (tmp_path / "signature").write_bytes(b64decode(envelope["signatures"][0]["sig"]))

    options = [
        "-verify",
        "-pubin",
        "-inkey",
        "key",
        "-rawin",
        "-in",
        "said",
        "-sigfile",
        "signature",
    ]
    subprocess.run(["openssl", "pkeyutl", *options], cwd=tmp_path, check=True)


def test_a_hostile_tree_is_read_no_further_than_itself(prove: Prove, program: Path) -> None:
    """The recipe may have left anything where licences are looked for."""
    (program / "source" / "LICENSE").unlink()
    (program / "source" / "LICENSE").symlink_to(MIT)
    os.mkfifo(program / "source" / "COPYING")
    try:
        bill = json.loads(prove().text("hello_linux_amd64.tar.gz.cdx.json"))
    finally:
        (program / "source" / "COPYING").unlink()
        (program / "source" / "LICENSE").unlink()
        shutil.copy(MIT, program / "source" / "LICENSE")

    assert not any("licenses" in each and each["name"] != "stdlib" for each in bill["components"])


def test_nothing_of_the_program_runs(tmp_path: Path) -> None:
    """Whatever stands in a product, go reads it only; a go.mod there asks for no toolchain."""
    (tmp_path / "go.mod").write_text("module x\n\ngo 9.99\n\ntoolchain go9.99.9\n")
    program = tmp_path / "evil"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)

    assert read_programs(tmp_path, ("evil", "go.mod"), os.environ) == ()
    assert not (tmp_path / "ran").exists()
