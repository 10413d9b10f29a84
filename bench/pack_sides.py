"""The ways to build an app that ``pack`` compares: builders, each with its buildpacks.

Packages with a Go in them are kept in ``build/bench/packages`` until what they are made of changes.
"""

import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from bench.report import BUILDPACK, OUTPUT
from gobp.cnb import toml
from gobp.system.machine import machine_architecture
from integration.docker import output_of
from integration.lab import RUN_IMAGE, TOOLS
from release.offline import add_go
from release.tree import put_in_place, tree_hash

CASES = ("cold", "no change", "edit", "dependency")
PEERS = TOOLS / "peers/paketo"
EMPTY, GOBP, OFFLINE, SEED, PAKETO = "empty", "gobp", "gobp offline", "gobp seed", "paketo offline"
_PACKAGES = OUTPUT / "packages"
_BUILD_IMAGE = "lab-build:bookworm"
_EMPTY_TOML = 'api = "0.10"\n[buildpack]\nid = "bench/empty"\nversion = "0"\n[[stacks]]\nid = "*"\n'


@dataclass(frozen=True, slots=True)
class Side:
    """A way to build the app: the buildpacks of a builder, in order, and the cases it is for."""

    name: str
    buildpacks: tuple[Path, ...]
    cases: tuple[str, ...] = CASES

    @property
    def slug(self) -> str:
        """The side's name as part of an image's."""
        return self.name.replace(" ", "-")


def all_sides() -> tuple[list[Side], str]:
    """Return the sides, and the version of this machine's Go, with which all of them build.

    Offline sides find that Go in their package; gobp alone must download it, which matters to the
    cold build only, as the compiled standard library of ``gobp seed`` does.
    """
    version = output_of(["go", "env", "GOVERSION"]).strip().removeprefix("go")
    sides = [
        Side(EMPTY, (_kept("empty", "", _empty),)),
        Side(GOBP, (BUILDPACK,), CASES[:1]),
        Side(OFFLINE, (offline(version),)),
        Side(SEED, (offline(version, seed=True),), CASES[:1]),
    ]
    if (PEERS / "go-dist").is_dir():
        return [*sides, Side(PAKETO, paketo(version))], version
    print(f"SKIPPED side paketo: {PEERS} is not there", flush=True)
    return sides, version


def offline(version: str, *, seed: bool = False) -> Path:
    """Return gobp's offline package with a version of Go, made by its own release tool."""

    def make(folder: Path) -> None:
        shutil.copytree(BUILDPACK, folder)
        add_go(folder, version, [machine_architecture()], seed=seed)

    return _kept("seed" if seed else "offline", f"{tree_hash(BUILDPACK)} {version}", make)


def paketo(version: str) -> tuple[Path, ...]:
    """Return Paketo's three buildpacks for Go, with this machine's Go as the one they know."""

    def make(folder: Path) -> None:
        goroot = Path(output_of(["go", "env", "GOROOT"]).strip())
        shutil.copytree(PEERS / "go-dist", folder)
        archive = folder / "deps/go.tgz"
        archive.parent.mkdir(exist_ok=True)
        with tarfile.open(archive, "w:gz", compresslevel=6) as tar:
            tar.add(goroot, arcname="go")
        _name_go(folder, archive, version)

    return _kept("paketo", version, make), PEERS / "go-mod-vendor", PEERS / "go-build"


def builder_config(side: Side) -> toml.Table:
    """Return builder.toml: the lab's images and lifecycle, and one group of the side's buildpacks.

    Source: buildpacks.io, "Builder configuration".
    """
    group = []
    for path in side.buildpacks:
        source = path / "buildpack.toml"
        about = toml.get_table(
            toml.loads(source.read_text(), source=str(source)), "buildpack", source=str(source)
        )
        group.append({"id": about["id"], "version": about["version"]})
    return {
        "lifecycle": {"uri": f"file://{TOOLS}/lifecycle.tgz"},
        "build": {"image": _BUILD_IMAGE},
        "run": {"images": [{"image": RUN_IMAGE}]},
        "buildpacks": [{"uri": str(path)} for path in side.buildpacks],
        "order": [{"group": group}],
    }


def _kept(name: str, made_of: str, make: Callable[[Path], None]) -> Path:
    """Return a folder that ``make`` has made, at this or an earlier run, of the same things."""
    folder, note = _PACKAGES / name, _PACKAGES / f"{name}.made-of"
    if folder.is_dir() and note.is_file() and note.read_text() == made_of:
        return folder
    staging = _PACKAGES / f"{name}.new"
    shutil.rmtree(staging, ignore_errors=True)
    staging.parent.mkdir(parents=True, exist_ok=True)
    make(staging)
    note.unlink(missing_ok=True)
    put_in_place(staging, folder)
    note.write_text(made_of)
    return folder


def _name_go(buildpack: Path, archive: Path, version: str) -> None:
    """Make an archive in a buildpack the only Go it knows."""
    uri = f"file:///{archive.relative_to(buildpack).as_posix()}"
    checksum = f"sha256:{sha256(archive.read_bytes()).hexdigest()}"
    path = buildpack / "buildpack.toml"
    document = toml.loads(path.read_text(), source=str(path))
    document["metadata"] = {
        **toml.get_table(document, "metadata", source=str(path)),
        "default-versions": {"go": version},
        "dependencies": [
            {
                "id": "go",
                "version": version,
                "os": "linux",
                "arch": machine_architecture(),
                "stacks": ["*"],
                "strip-components": 1,
                "uri": uri,
                "checksum": checksum,
                "source": uri,
                "source-checksum": checksum,
            }
        ],
    }
    path.write_text(toml.dumps(document))


def _empty(folder: Path) -> None:
    """Make a buildpack that does nothing: what pack and the lifecycle take by themselves."""
    (folder / "bin").mkdir(parents=True)
    (folder / "buildpack.toml").write_text(_EMPTY_TOML)
    for phase in ("detect", "build"):
        program = folder / "bin" / phase
        program.write_text("#!/bin/sh\nexit 0\n")
        program.chmod(0o755)
