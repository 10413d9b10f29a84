"""Installs a Go release: from the first place that has it, verified before it is used."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go_dist import distribution
from gobp.buildpack.go_dist.catalog import Release
from gobp.buildpack.go_dist.toolchain_module import ToolchainModule
from gobp.buildpack.supply.dependency import deliver, dependency
from gobp.buildpack.supply.mirrors import Mirrors, read_mirrors
from gobp.errors import UserError
from gobp.golang.dirhash import hash1
from gobp.system.archive import extract_tar, extract_zip
from gobp.system.fetch import NotAvailableError, redacted
from gobp.system.files import count_tree, remove_tree
from gobp.system.packed import SUFFIX
from gobp.system.packed import unpack as unpack_packed

REST = "go-rest"
"""Id in buildpack.toml of what a packed Go leaves out, as only tests and the like need it."""


class Shape(Enum):
    """The two shapes in which a Go distribution is published, and that of an offline package."""

    ARCHIVE = "archive"
    MODULE = "module"
    PACKED = "package"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a release can be had, in which shape."""

    url: str
    shape: Shape


def places(
    release: Release, mirrors: Mirrors, buildpack_dir: Path, module: ToolchainModule
) -> tuple[Place, ...]:
    """Return every place to try for a release, in order: the archive, then the module proxies."""
    found = []
    if release.uri.startswith("file:///"):  # a file in the package, as Paketo's offline packages
        url = f"file://{buildpack_dir}{release.uri.removeprefix('file://')}"
        found.append(Place(url, _shape_of(url)))
    elif release.uri:
        found.append(Place(mirrors.location(release.uri, release.sha256), Shape.ARCHIVE))
    found.extend(Place(url, Shape.MODULE) for url in module.locations(release))
    return tuple(found)


def _shape_of(url: str) -> Shape:
    if url.endswith(SUFFIX):
        return Shape.PACKED
    return Shape.MODULE if url.endswith(".zip") else Shape.ARCHIVE


@dataclass(frozen=True, slots=True)
class Installed:
    """A distribution ready to be moved to its place, and its archive if it came packed."""

    goroot: Path
    packed: Path | None


@contextmanager
def installed(
    release: Release,
    module: ToolchainModule,
    context: BuildContext,
    *,
    staging: Path,
    everything: bool,
) -> Iterator[Installed]:
    """Install a release below ``staging``, which is removed afterwards. Raises UserError.

    ``everything`` is that of ``distribution``.
    """
    remove_tree(staging)
    staging.mkdir(parents=True)
    try:
        mirrors = read_mirrors(context.env, context.facts.bindings)
        candidates = places(release, mirrors, context.buildpack_dir, module)
        archive = staging / f"go{release.version}.linux-{release.architecture}"
        goroot = staging / "go"
        place = _download(candidates, archive, release, context)
        unpack(place, archive, goroot, release, module, everything=everything)
        packed = archive if place.shape is Shape.PACKED else None
        if packed and everything:
            _add_the_rest(release, staging, context)
            packed = None
        size = archive.stat().st_size
        context.report.count(filesUnpacked=count_tree(goroot)[0], bytesUnpacked=size)
        yield Installed(goroot, packed)
    finally:
        remove_tree(staging)


def _add_the_rest(release: Release, staging: Path, context: BuildContext) -> None:
    rest = dependency(context.metadata, REST, release.architecture, version=str(release.version))
    if rest is None:
        raise UserError(
            f"the package holds of Go {release.version} only what compiling takes",
            remedy="package gobp again: this package was changed or made by hand.",
        )
    deliver(rest, staging / REST, context)
    unpack_packed(staging / REST, staging / "go")


def _download(
    candidates: Iterable[Place], archive: Path, release: Release, context: BuildContext
) -> Place:
    reasons = []
    for place in candidates:
        context.log.action(f"Downloading {redacted(place.url)}")
        sha256 = release.sha256 if place.shape is not Shape.MODULE else ""
        try:
            context.host.fetcher.download(place.url, archive, sha256=sha256)
        except NotAvailableError as error:
            context.log.action(f"Not available: {error.summary}")
            reasons.append(error.summary)
        else:
            return place
    raise UserError(
        f"Go {release.version} for linux/{release.architecture} cannot be downloaded",
        detail="\n".join(reasons) or "no place to download it from is known",
        remedy="set GOPROXY to a Go module proxy that this build can reach, name a mirror in "
        "BP_DEPENDENCY_MIRROR, use a build image with Go, or set BP_GO_VERSION to a version "
        "at hand.",
    )


def _kept(place: Place, release: Release, *, everything: bool) -> Callable[[str], str | None]:
    """Return what maps the names in a download to paths in the layer."""
    if place.shape is Shape.ARCHIVE:
        return distribution.kept_from_archive(everything=everything)
    return distribution.kept_from_module(_prefix(release), everything=everything)


def _prefix(release: Release) -> str:
    return distribution.module_prefix(release.version, release.architecture)


def unpack(
    place: Place,
    archive: Path,
    target: Path,
    release: Release,
    module: ToolchainModule,
    *,
    everything: bool = False,
) -> None:
    """Unpack what builds need of a release that was fetched from ``place``.

    Raises UserError where its hash is wrong; what is in ``target`` then is not to be used.
    """
    if place.shape is Shape.PACKED:  # its sha256 was checked as it was fetched
        target.mkdir()
        unpack_packed(archive, target)
        return
    kept = _kept(place, release, everything=everything)
    if place.shape is Shape.ARCHIVE:
        sums = extract_tar(archive, target, kept)
        if release.sha256:  # checked as it was downloaded
            return
        found = distribution.archive_hash(sums, _prefix(release))
    else:
        found = hash1(extract_zip(archive, target, kept, distribution.executable).items())
    expected = release.module_hash or module.module_hash(release)
    if found != expected:
        raise UserError(
            f"the download of Go {release.version} from {redacted(place.url)} is corrupted: "
            "its checksum is wrong",
            detail=f"expected {expected}\nfound    {found}",
            remedy="try again; if it stays so, the mirror or proxy in between holds a wrong copy.",
        )
