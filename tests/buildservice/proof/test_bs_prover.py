import hashlib
import json
import os
import subprocess
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from gobp.buildservice.builds.build import Artifact, Build, Reason, State
from gobp.buildservice.builds.order import GitSource, Order, Pin, Target
from gobp.buildservice.proof.envelope import public_keys
from gobp.buildservice.proof.prover import Prover
from gobp.buildservice.proof.verifying import Provenance, read_provenance
from gobp.buildservice.recipes.recipe import Product
from gobp.buildservice.settings.schema import Settings
from gobp.buildservice.sources.tree import SourceTree
from integration.go_env import go_env

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

    def statement(self) -> Any:
        envelope = json.loads(self.text("hello_linux_amd64.tar.gz.intoto.jsonl"))
        return json.loads(b64decode(envelope["payload"]))

    def provenance(self) -> Provenance:
        text = self.text("hello_linux_amd64.tar.gz.intoto.jsonl")
        return read_provenance(text, public_keys(self.prover.key.public_pem))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source of a program, and the program."""
    folder = tmp_path_factory.mktemp("program")
    source = folder / "source"
    source.mkdir()
    (source / "go.mod").write_text("module git.example/o/hello\n\ngo 1.21\n")
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


def artifact(content: bytes = b"archive") -> Artifact:
    return Artifact(
        name="hello_linux_amd64.tar.gz",
        kind="archive",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        media_type="application/gzip",
    )


def tree(folder: Path) -> SourceTree:
    return SourceTree(folder, 1_600_000_000, "git+https://git.example/o/hello", "gitCommit", COMMIT)


@pytest.fixture
def prove(program: Path, tmp_path: Path) -> Callable[..., Proven]:
    def prove(
        settings: Settings = Settings(), files: tuple[str, ...] = ("README", "hello")
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


def test_it_gives_bills_provenance_and_sums(prove: Callable[..., Proven]) -> None:
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
