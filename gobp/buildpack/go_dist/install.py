"""Puts a Go release into a layer: from the first place that has it, verified before it is used."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go_dist import distribution
from gobp.buildpack.go_dist.catalog import Release
from gobp.buildpack.go_dist.toolchain_module import ToolchainModule
from gobp.buildpack.layers import Layer
from gobp.buildpack.supply.mirrors import Mirrors, read_mirrors
from gobp.cnb.buildpack_plan import Entry
from gobp.errors import UserError
from gobp.golang.dirhash import hash1
from gobp.system.archive import extract_tar, extract_zip
from gobp.system.fetch import NotAvailableError, redacted
from gobp.system.files import remove_tree

SDK = "sdk"
"""Folder of the layer that is GOROOT: not the layer's root, as a ``lib`` there would change
LD_LIBRARY_PATH for everything built later (buildpack spec, "Layer Paths")."""
_PROGRAMS = ("go", "gofmt")


class Shape(Enum):
    """The two shapes in which a Go distribution is published."""

    ARCHIVE = "archive"
    MODULE = "module"


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
        shape = Shape.MODULE if release.uri.endswith(".zip") else Shape.ARCHIVE
        found.append(Place(f"file://{buildpack_dir}{release.uri.removeprefix('file://')}", shape))
    elif release.uri:
        found.append(Place(mirrors.location(release.uri, release.sha256), Shape.ARCHIVE))
    found.extend(Place(url, Shape.MODULE) for url in module.locations(release))
    return tuple(found)


def install(release: Release, layer: Layer, module: ToolchainModule, context: BuildContext) -> None:
    """Install a release into a layer. Raises UserError; the layer is then as it was."""
    staging = context.layers.root / ".go-staging"
    remove_tree(staging)
    staging.mkdir(parents=True)
    try:
        mirrors = read_mirrors(context.env, context.facts.bindings)
        candidates = places(release, mirrors, context.buildpack_dir, module)
        archive = staging / f"go{release.version}.linux-{release.architecture}"
        place = _download(candidates, archive, release, context)
        for_tests = is_for_tests(context.entries)
        unpack(place, archive, staging / SDK, release, module, for_tests=for_tests)
        _move_into(layer, staging / SDK)
    finally:
        remove_tree(staging)


def _download(
    candidates: Iterable[Place], archive: Path, release: Release, context: BuildContext
) -> Place:
    reasons = []
    for place in candidates:
        context.log.action(f"Downloading {redacted(place.url)}")
        sha256 = release.sha256 if place.shape is Shape.ARCHIVE else ""
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


def is_for_tests(entries: Iterable[Entry]) -> bool:
    """Tell whether somebody requires Go to run tests with it, which takes more of its tools."""
    return any(entry.metadata.get("test") is True for entry in entries)


def _kept(place: Place, release: Release, *, for_tests: bool) -> Callable[[str], str | None]:
    """Return what maps the names in a download to paths in the layer."""
    if place.shape is Shape.ARCHIVE:
        return distribution.kept_from_archive(for_tests=for_tests)
    return distribution.kept_from_module(_prefix(release), for_tests=for_tests)


def _prefix(release: Release) -> str:
    return distribution.module_prefix(release.version, release.architecture)


def unpack(
    place: Place,
    archive: Path,
    target: Path,
    release: Release,
    module: ToolchainModule,
    *,
    for_tests: bool = False,
) -> None:
    """Unpack what builds need of a release that was fetched from ``place``.

    Raises UserError where its hash is wrong; what is in ``target`` then is not to be used.
    """
    kept = _kept(place, release, for_tests=for_tests)
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


def _move_into(layer: Layer, sdk: Path) -> None:
    root = layer.reset()
    sdk.rename(root / SDK)
    (root / "bin").mkdir()
    for name in _PROGRAMS:
        (root / "bin" / name).symlink_to(f"../{SDK}/bin/{name}")
