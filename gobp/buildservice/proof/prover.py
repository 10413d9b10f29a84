"""Proof of a build: bills of materials, signed provenance, and checksums, beside its archive."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from gobp.buildservice.builds.build import Artifact, Build
from gobp.buildservice.proof.keys import SigningKey
from gobp.buildservice.proof.programs import bill_of, hashes_of, read_programs
from gobp.buildservice.proof.provenance import Run, Subject, statement
from gobp.buildservice.recipes.recipe import Product
from gobp.buildservice.settings.schema import Settings
from gobp.buildservice.sources.tree import SourceTree
from gobp.cnb.sbom import SbomFormat
from gobp.sbom.bill import ProgramFile
from gobp.sbom.origin import Origin
from gobp.sbom.render import render
from gobp.system.fetch import sha256_of

SUMS = "SHA256SUMS"
_MOST_SUBJECTS = 1000  # files of a product that are vouched for by themselves too
_SBOMS = {
    SbomFormat.CYCLONEDX: (".cdx.json", "application/vnd.cyclonedx+json"),
    SbomFormat.SPDX: (".spdx.json", "application/spdx+json"),
}
_ENVELOPE = "application/vnd.dsse.envelope.v1+json"
_NAMELESS = "urn:gobp:builds"

Proof = tuple[Path, str, str, str]


@dataclass(frozen=True, slots=True)
class _Built:
    """What was built, and how; ``programs`` are the Go programs of the product."""

    build: Build
    tree: SourceTree
    product: Product
    artifact: Artifact
    level: str
    times: tuple[float, float]
    programs: tuple[ProgramFile, ...]


class Prover:
    """Vouches for builds with one key. ``env`` says where go is."""

    def __init__(self, settings: Settings, root: Path, env: Mapping[str, str]) -> None:
        self.key = SigningKey.open(settings.proof, root)
        self._builder = settings.proof.builder or settings.public_url or _NAMELESS
        self._version = version("gobp")
        self._env = env

    def prove(  # noqa: PLR0913, PLR0917 # a build has so many sides, and this is where they meet
        self,
        build: Build,
        tree: SourceTree,
        product: Product,
        artifact: Artifact,
        level: str,
        times: tuple[float, float],
        folder: Path,
    ) -> list[Proof]:
        """Write proofs of what was built into a folder; return each with what Artifact needs.

        That is its file, name, kind and media type. ``artifact`` is the archive or image of the
        product, ``level`` that of the sandbox; ``times`` are when the build began and ended, in
        seconds of the epoch.
        """
        programs = read_programs(product.folder, product.files, self._env)
        built = _Built(build, tree, product, artifact, level, times, programs)
        proofs = list(self._bills(built, folder))
        proofs.append(self._provenance(built, proofs, folder))
        proofs.append(_sums(built, proofs, folder))
        return proofs

    def _bills(self, built: _Built, folder: Path) -> Iterator[Proof]:
        """Write the bills of materials, where there is a Go program that tells."""
        if not built.programs:
            return
        bill = bill_of(built.artifact.name, built.programs, built.tree.folder)
        origin = Origin(self._version, built.tree.time)
        for each, (ending, media_type) in _SBOMS.items():
            name = f"{built.artifact.name}{ending}"
            yield _written(folder, name, render(bill, each, origin)), name, "sbom", media_type

    def _provenance(self, built: _Built, proofs: list[Proof], folder: Path) -> Proof:
        hashes = hashes_of(built.programs)
        modules = {each: hashes.get(each, "") for each in built.product.modules}
        run = Run(
            builder=self._builder,
            gobp=self._version,
            go=built.product.go,
            sandbox=built.level,
            started=built.times[0],
            finished=built.times[1],
        )
        made = statement(_subjects(built, proofs), built.build, built.tree, modules, run)
        envelope = self.key.signed(json.dumps(made, sort_keys=True).encode())
        name = f"{built.artifact.name}.intoto.jsonl"
        path = _written(folder, name, json.dumps(envelope, sort_keys=True) + "\n")
        return path, name, "provenance", _ENVELOPE


def _subjects(built: _Built, proofs: list[Proof]) -> Iterator[Subject]:
    """Yield what is vouched for: the archive, the bills, and the files that are in the archive."""
    yield Subject(built.artifact.name, built.artifact.sha256)
    for path, name, _, _ in proofs:
        yield Subject(name, sha256_of(path))
    for name in built.product.files[:_MOST_SUBJECTS]:
        yield Subject(name, sha256_of(built.product.folder / name))


def _sums(built: _Built, proofs: list[Proof], folder: Path) -> Proof:
    """Write what ``sha256sum --check`` reads."""
    sums = {name: sha256_of(path) for path, name, _, _ in proofs}
    sums[built.artifact.name] = built.artifact.sha256
    text = "".join(f"{sums[name]}  {name}\n" for name in sorted(sums))
    return _written(folder, SUMS, text), SUMS, "sums", "text/plain; charset=utf-8"


def _written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path
