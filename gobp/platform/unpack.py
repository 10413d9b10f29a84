"""Unpacking the part of an image that buildpacks made, without root and kept inside one folder."""

import gzip
import os
import tarfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import IO

from gobp.errors import UserError
from gobp.oci.image import LAYER_GZIP, Layer
from gobp.platform.workspace import IMAGE_APP, IMAGE_LAYERS

SIZE_LIMIT = 8 * 1024**3  # bytes that an image may unpack to
_CHUNK = 1024 * 1024


def unpack(
    layers: Iterable[Layer], target: Path, below: Sequence[str] = (IMAGE_LAYERS, IMAGE_APP)
) -> None:
    """Unpack what the layers hold below these absolute paths into ``target``.

    Later layers win. Links are made as they are, but nothing is ever written through one; links
    to ``/layers`` and ``/workspace`` are led into ``target``. Raises UserError on an image that
    would write elsewhere, or is larger than ``SIZE_LIMIT``.
    """
    left = SIZE_LIMIT
    for layer in layers:
        with layer.blob.open() as blob, _plain(layer, blob) as content:
            left = _unpack_layer(content, target, tuple(below), left)


def _plain(layer: Layer, blob: IO[bytes]) -> IO[bytes]:
    if layer.descriptor.media_type == LAYER_GZIP:
        return gzip.GzipFile(fileobj=blob)  # type: ignore[return-value] # it reads as a file does
    return blob


def _unpack_layer(content: IO[bytes], target: Path, below: tuple[str, ...], left: int) -> int:
    with tarfile.open(fileobj=content, mode="r|") as tar:
        for member in tar:
            parts = PurePosixPath("/" + member.name.strip("/")).parts[1:]
            if not any(f"/{'/'.join(parts)}/".startswith(f"{root}/") for root in below):
                continue
            if ".." in parts:
                raise _leaves(member.name)
            left -= member.size
            if left < 0:
                raise UserError(
                    f"the image unpacks to more than {SIZE_LIMIT} bytes",
                    remedy="run it with a container engine.",
                )
            _unpack_member(tar, member, _place(target, parts), target)
    return left


def _place(target: Path, parts: tuple[str, ...]) -> Path:
    """Return where an entry goes; every folder above it is made, and is no link."""
    place = target
    for part in parts[:-1]:
        place /= part
        if place.is_symlink():
            raise _leaves("/".join(parts))
        place.mkdir(exist_ok=True)
    return place / parts[-1]


def _unpack_member(
    tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path, target: Path
) -> None:
    if member.isdir():
        if place.is_symlink():
            raise _leaves(member.name)
        place.mkdir(exist_ok=True)
        return
    if place.is_dir() and not place.is_symlink():
        raise _leaves(member.name)
    place.unlink(missing_ok=True)
    if member.issym():
        place.symlink_to(_led_inside(member.linkname, target))
    elif member.isreg():
        source = tar.extractfile(member)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        descriptor = os.open(place, flags, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            while source is not None and (chunk := source.read(_CHUNK)):
                file.write(chunk)
        place.chmod(member.mode & 0o777 | 0o600)


def _led_inside(link: str, target: Path) -> str:
    inside = any(link == root or link.startswith(f"{root}/") for root in (IMAGE_LAYERS, IMAGE_APP))
    return f"{target}{link}" if inside else link


def _leaves(name: str) -> UserError:
    return UserError(
        f"the image holds an entry that would be written elsewhere: {name!r}",
        remedy="do not run this image; build it again from a source you trust.",
    )
