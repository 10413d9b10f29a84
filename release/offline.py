"""Packages for machines without a network: distributions of Go inside the buildpack.

A distribution is verified here as a build would, and packaged as the archive that a build keeps,
without what no build reads: the build checks its sha256 and unpacks it (docs/decisions/0007).
buildpack.toml then names these versions of Go and no others, so that no build chooses one that it
cannot get.
"""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gobp.buildpack.go.compile_seed import dependency_name
from gobp.buildpack.go_dist.catalog import Release, default_version, newest, releases
from gobp.buildpack.go_dist.distribution import compiles
from gobp.buildpack.go_dist.install import REST, Shape, places, unpack
from gobp.buildpack.go_dist.toolchain_module import ToolchainModule, goproxy_of, proxies
from gobp.buildpack.supply.mirrors import read_mirrors
from gobp.cnb import toml
from gobp.errors import UserError
from gobp.golang.constraint import Constraint
from gobp.golang.version import GoVersion
from gobp.system.fetch import Fetcher, HttpFetcher, NotAvailableError, redacted, sha256_of
from gobp.system.packed import SUFFIX, files_of, pack
from release.buildpackage import Document, read_descriptor
from release.publish import DEPENDENCIES
from release.runtime import host_architecture, say
from release.seed import BUILD_MODES, make_seed

DEFAULT = "default"
_SUFFIXES = {Shape.MODULE: ".zip", Shape.ARCHIVE: ".tar.gz"}


@dataclass(frozen=True, slots=True)
class Packager:
    """Gets distributions of Go, verifies them and puts them into the buildpack folder."""

    buildpack: Path
    module: ToolchainModule
    fetcher: Fetcher
    env: Mapping[str, str]
    downloads: Path

    def package(self, release: Release) -> list[Mapping[str, object]]:
        """Package a distribution; return its entries of buildpack.toml. Raises UserError.

        What compiling takes is one archive, what tests and the like take besides is another.
        """
        with tempfile.TemporaryDirectory(prefix="gobp-go-") as folder:
            shape = self.obtain(release, Path(folder), everything=True)
            goroot = Path(folder, "sdk")
            files = list(files_of(goroot))
            compiling = {name for name in files if compiles(name)}
            parts = {"go": compiling, REST: {*files} - compiling}
            packed = {name: Path(folder, f"{name}{SUFFIX}") for name in parts}
            for name, part in parts.items():
                pack(goroot, packed[name], part)
            entries = [self._entry_of(name, release, file) for name, file in packed.items()]
        say(f"packaged Go {release.version} for {release.architecture}, from its {shape.value}")
        entries[0] |= {"module-hash": release.module_hash} if release.module_hash else {}
        entries[0]["purl"] = f"pkg:generic/go@{release.version}"
        return [*entries]

    def package_seed(self, release: Release, host: Release, mode: str) -> Mapping[str, object]:
        """Package the compiled standard library; return its entry of buildpack.toml.

        ``host`` is the same version for this machine, which compiles for either architecture.
        Raises UserError.
        """
        folder = self.downloads / "seed"  # always the same: what cgo generates names it
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        try:
            self.obtain(host, folder)
            seed = folder / f"seed{SUFFIX}"
            go = folder / "sdk" / "bin" / "go"
            make_seed(go, folder / "cache", release.architecture, mode, seed)
            entry = self._entry_of(dependency_name(mode), release, seed)
        finally:
            shutil.rmtree(folder)
        say(f"packaged its standard library, compiled for {release.architecture} as {mode}")
        return entry

    def package_other(self, table: Mapping[str, object]) -> Mapping[str, object]:
        """Package a dependency other than Go; return its entry, unchanged where none is to be had.

        Few apps need one, and those can be given it by a mapping. Raises UserError where what is
        fetched is not what buildpack.toml says.
        """
        name = f"{table['id']} {table['version']} for {table['arch']}"
        uri, sha256 = str(table["uri"]), str(table["checksum"]).removeprefix("sha256:")
        file = self.downloads / sha256
        try:
            if not file.is_file():
                location = read_mirrors(self.env, ()).location(uri, sha256)
                self.fetcher.download(location, file, sha256=sha256)
        except NotAvailableError as error:
            say(f"Warning: {name} is not in the package: {error.summary}")
            return table
        say(f"packaged {name}")
        return {**table, "uri": f"file:///{DEPENDENCIES}/{self.add(file, '')}"}

    def obtain(self, release: Release, folder: Path, *, everything: bool = False) -> Shape:
        """Get a distribution, verify it, unpack what builds need to folder/sdk; return its shape.

        The module comes first: it has all that is needed, and is smaller. ``everything`` is that of
        ``distribution``. Raises UserError.
        """
        candidates = places(release, read_mirrors(self.env, ()), Path(), self.module)
        reasons = []
        for place in sorted(candidates, key=lambda each: each.shape is Shape.ARCHIVE):
            name = f"go{release.version}.linux-{release.architecture}{_SUFFIXES[place.shape]}"
            file = self.downloads / name
            sha256 = release.sha256 if place.shape is Shape.ARCHIVE else ""
            try:
                if not file.is_file():
                    say(f"fetching {redacted(place.url)}")
                    self.fetcher.download(place.url, file, sha256=sha256)
                unpack(place, file, folder / "sdk", release, self.module, everything=everything)
            except NotAvailableError as error:
                reasons.append(error.summary)
            except UserError:  # not what it should be: never to be used again
                file.unlink(missing_ok=True)
                raise
            else:
                return place.shape
        raise UserError(
            f"Go {release.version} for linux/{release.architecture} cannot be packaged",
            detail="\n".join(reasons) or "no place to fetch it from is known",
            remedy="set GOPROXY or BP_DEPENDENCY_MIRROR to a place that has it, or leave the "
            "architecture out: make package OFFLINE_GO=... ARCHES=amd64.",
        )

    def _entry_of(self, name: str, release: Release, file: Path) -> dict[str, object]:
        """Add an archive of a release; return its entry of buildpack.toml."""
        return {
            "id": name,
            "version": str(release.version),
            "os": "linux",
            "arch": release.architecture,
            "uri": f"file:///{DEPENDENCIES}/{self.add(file, SUFFIX)}",
            "checksum": f"sha256:{sha256_of(file)}",
        }

    def add(self, file: Path, suffix: str) -> str:
        """Copy a file into the package under the name of its content; return that name."""
        name = f"{sha256_of(file)}{suffix}"
        folder = self.buildpack / DEPENDENCIES
        folder.mkdir(exist_ok=True)
        shutil.copyfile(file, folder / name)
        return name


def add_go(buildpack: Path, versions: str, architectures: Collection[str], *, seed: bool) -> None:
    """Put Go and the other dependencies into a staged folder, and with ``seed`` compile caches.

    ``versions`` has versions or constraints between spaces or commas, or "default". Raises
    UserError where one cannot be had for an architecture.
    """
    packager = _packager(buildpack)
    descriptor = read_descriptor(buildpack)
    here = host_architecture().name
    entries: list[Mapping[str, object]] = []
    for release in wanted(descriptor["metadata"], versions, architectures):
        complete = _with_hash(release, packager.module)
        entries += packager.package(complete)
        if seed:
            (host,) = wanted(descriptor["metadata"], str(release.version), [here])
            host = _with_hash(host, packager.module)
            entries += [packager.package_seed(complete, host, each) for each in BUILD_MODES]
    others = [each for each in descriptor["metadata"]["dependencies"] if each["id"] != "go"]
    entries += [packager.package_other(each) for each in others if each["arch"] in architectures]
    text = toml.dumps(with_dependencies(descriptor, entries))
    (buildpack / "buildpack.toml").write_text(text, encoding="utf-8")


def wanted(
    metadata: Mapping[str, object], versions: str, architectures: Iterable[str]
) -> Iterator[Release]:
    """Yield the releases that ``versions`` names, each once an architecture, newest first.

    A version that buildpack.toml does not know is taken as it is. Raises UserError on nonsense.
    """
    names = [name for name in re.split(r"[\s,]+", versions) if name]
    for architecture in architectures:
        known = releases(metadata, architecture)
        found = {}
        for name in names:
            text = default_version(metadata) if name == DEFAULT else name
            constraint = Constraint.parse(text, source="OFFLINE_GO")
            release = newest(known, constraint) or Release(GoVersion.parse(text), architecture)
            found[release.version] = release
        yield from (found[version] for version in sorted(found, reverse=True))


def with_dependencies(descriptor: Document, entries: list[Mapping[str, object]]) -> Document:
    """Return buildpack.toml with these dependencies in place of its own."""
    return {**descriptor, "metadata": {**descriptor["metadata"], "dependencies": entries}}


def _with_hash(release: Release, module: ToolchainModule) -> Release:
    """Return a release with a hash: the package must need no checksum database."""
    if release.module_hash or release.sha256:
        return release
    return replace(release, module_hash=module.module_hash(release))


def _packager(buildpack: Path) -> Packager:
    env = os.environ
    fetcher = HttpFetcher(env)
    goproxy = goproxy_of(env, _go_env_proxy())
    module = ToolchainModule(fetcher, proxies(goproxy), env.get("GOSUMDB", ""))
    downloads = Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache", "gobp", "go")
    downloads.mkdir(parents=True, exist_ok=True)
    return Packager(buildpack, module, fetcher, env, downloads)


def _go_env_proxy() -> str:
    """Return the GOPROXY that a go command here is configured with, "" where there is none."""
    if shutil.which("go") is None:
        return ""
    done = subprocess.run(["go", "env", "GOPROXY"], capture_output=True, text=True, check=True)
    return done.stdout.strip()
