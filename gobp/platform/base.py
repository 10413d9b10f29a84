"""The embedded base image: what a static Go program needs and no more.

CA certificates, time zones, a user that is not root, and the dynamic loader, because programs
built with ``-buildmode=pie`` name one even where they need no library.
"""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from gobp.errors import UserError
from gobp.oci.image import ContainerConfig, ImageConfig, Platform
from gobp.oci.layer_tar import Entry, FileContent
from gobp.system.machine import machine_architecture

USER_ID = 1000
GROUP_ID = 1000
NAME = "gobp/base"
VERSION = "1"
CREATED_BY = "gobp embedded base image"
LOADERS = {"amd64": "/lib64/ld-linux-x86-64.so.2", "arm64": "/lib/ld-linux-aarch64.so.1"}
BASE_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

_PASSWD = b"""\
root:x:0:0:root:/root:/sbin/nologin
cnb:x:1000:1000:cnb:/home/cnb:/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin
"""
_GROUP = b"root:x:0:\ncnb:x:1000:\nnogroup:x:65534:\n"
_NSSWITCH = b"hosts: files dns\n"
_OS_RELEASE = b'ID=gobp\nNAME="gobp embedded base"\nVERSION_ID="1"\n'
_BUNDLES = (
    Path("/etc/ssl/certs/ca-certificates.crt"),
    Path("/etc/pki/tls/certs/ca-bundle.crt"),
    Path("/etc/ssl/cert.pem"),
)
_ZONES = Path("/usr/share/zoneinfo")
# Copies of the whole tree for other clocks, links out of it, and tables that Go does not read.
_NO_ZONES = frozenset({"posix", "right", "localtime", "posixrules", "tzdata.zi", "leapseconds"})


def base_config(platform: Platform) -> ImageConfig:
    """Return the configuration of the base image, without its layer."""
    return ImageConfig(
        platform.architecture,
        platform.os,
        config=ContainerConfig(
            env=(
                f"PATH={BASE_PATH}",
                f"CNB_USER_ID={USER_ID}",
                f"CNB_GROUP_ID={GROUP_ID}",
            ),
            user=f"{USER_ID}:{GROUP_ID}",
            labels={
                "io.buildpacks.base.distro.name": "gobp",
                "io.buildpacks.base.distro.version": VERSION,
                "io.buildpacks.base.id": NAME,
            },
        ),
    )


def base_entries(loader: Path, architecture: str) -> Iterator[Entry]:
    """Yield the entries of the base image's layer, from this machine's files.

    ``loader`` is the dynamic loader for ``architecture``, see :func:`find_loader`.
    """
    yield Entry.directory("/etc")
    yield Entry.file("/etc/group", _GROUP)
    yield Entry.file("/etc/nsswitch.conf", _NSSWITCH)
    yield Entry.file("/etc/os-release", _OS_RELEASE)
    yield Entry.file("/etc/passwd", _PASSWD)
    yield Entry.directory("/etc/ssl")
    yield Entry.directory("/etc/ssl/certs")
    yield Entry.file("/etc/ssl/certs/ca-certificates.crt", certificates().read_bytes())
    yield Entry.directory("/home")
    yield Entry.directory("/home/cnb", uid=USER_ID, gid=GROUP_ID)
    place = LOADERS[architecture]
    yield Entry.directory(place.rpartition("/")[0])
    yield Entry.file(place, FileContent(loader, loader.stat().st_size), mode=0o755)
    yield Entry.directory("/tmp", mode=0o1777)  # noqa: S108 # a path of the image
    yield Entry.directory("/usr")
    yield Entry.directory("/usr/share")
    if _ZONES.is_dir():
        yield from _zone_entries(_ZONES, "/usr/share/zoneinfo")


def sources(architecture: str, buildpacks: Iterable[Path]) -> list[Path]:
    """Return the files and folders of this machine that decide what the base image holds."""
    own = _loader_places(architecture, list(buildpacks))
    return [*own, *_BUNDLES, certificates(), _ZONES]


def certificates() -> Path:
    """Return a bundle of CA certificates: this machine's, else the one that requests brings."""
    for bundle in _BUNDLES:
        if bundle.is_file():
            return bundle
    import certifi  # noqa: PLC0415 # only where the machine has no bundle

    return Path(certifi.where())


def find_loader(architecture: str, buildpacks: Iterable[Path]) -> Path:
    """Return the dynamic loader for an architecture: this machine's, or a buildpack's own.

    A packaged gobp carries one for each architecture. Raises UserError where there is none.
    """
    if architecture not in LOADERS:
        raise UserError(
            f"the embedded base image is not made for {architecture}",
            remedy=f"build for {' or '.join(LOADERS)}, or name a --run-image.",
        )
    looked = _loader_places(architecture, list(buildpacks))
    for place in looked:
        if place.is_file():
            return place.resolve()
    raise UserError(
        f"there is no dynamic loader for linux/{architecture} on this machine, "
        "which the embedded base image needs",
        detail="\n".join(f"looked for {place}" for place in looked),
        remedy="name a --run-image for that architecture, or run make runtime in the buildpack.",
    )


def _loader_places(architecture: str, buildpacks: Sequence[Path]) -> list[Path]:
    name = Path(LOADERS[architecture]).name
    own = [folder / "runtime" / architecture / "lib" / name for folder in buildpacks]
    host = [Path(LOADERS[architecture])] if architecture == machine_architecture() else []
    return [*host, *own]


def _zone_entries(folder: Path, target: str) -> Iterator[Entry]:
    yield Entry.directory(target)
    for name in sorted(os.listdir(folder)):  # noqa: PTH208 # names, not paths
        path = folder / name
        mode = path.lstat().st_mode
        if name in _NO_ZONES or name.endswith((".tab", ".list")):
            continue
        if stat.S_ISDIR(mode):
            yield from _zone_entries(path, f"{target}/{name}")
        elif stat.S_ISLNK(mode) and not path.readlink().is_absolute():
            yield Entry.symlink(f"{target}/{name}", str(path.readlink()))
        elif path.is_file():
            yield Entry.file(f"{target}/{name}", path.read_bytes())
