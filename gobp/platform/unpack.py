"""Unpacking the part of an image that buildpacks made, without root and kept inside one folder."""

import gzip
import os
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from gobp.errors import UserError
from gobp.oci.image import LAYER_GZIP, Layer
from gobp.platform.workspace import IMAGE_APP, IMAGE_LAYERS

SIZE_LIMIT = 8 * 1024**3  # bytes that an image may unpack to
_CHUNK = 1024 * 1024


def unpack(
    layers: Iterable[Layer],
    target: Path,
    *,
    below: Sequence[str] = (IMAGE_LAYERS, IMAGE_APP),
    links_to: Path | None = None,
) -> None:
    """Unpack what the layers hold below these absolute paths into ``target``.

    Later layers win. Links are made as they are, but nothing is ever written through one; links
    to ``/layers`` and ``/workspace`` are led into ``links_to``
    (None: ``target``), for a caller that moves the folder. Raises UserError on an image that
    would write elsewhere, or is larger than ``SIZE_LIMIT``.
    """
    left = SIZE_LIMIT
    unpacking = _Unpacking(target, tuple(below), links_to or target)
    for layer in layers:
        with layer.blob.open() as blob, _plain(layer, blob) as content:
            left = unpacking.layer(content, left)


def _plain(layer: Layer, blob: IO[bytes]) -> IO[bytes]:
    if layer.descriptor.media_type == LAYER_GZIP:
        return gzip.GzipFile(fileobj=blob)  # type: ignore[return-value] # it reads as a file does
    return blob


@dataclass(frozen=True, slots=True)
class _Unpacking:
    """Where entries go, which are wanted, and where links to the image's folders lead."""

    target: Path
    below: tuple[str, ...]
    links_to: Path

    def layer(self, content: IO[bytes], left: int) -> int:
        """Unpack a layer's tar; return how many of ``left`` bytes are left."""
        with tarfile.open(fileobj=content, mode="r|") as tar:
            for member in tar:
                parts = PurePosixPath("/" + member.name.strip("/")).parts[1:]
                name = f"/{'/'.join(parts)}/"
                if not any(name.startswith(f"{root}/") for root in self.below):
                    continue
                if ".." in parts:
                    raise _leaves(member.name)
                left -= member.size
                if left < 0:
                    raise UserError(
                        f"the image unpacks to more than {SIZE_LIMIT} bytes",
                        remedy="run it with a container engine.",
                    )
                self._member(tar, member, self._place(parts))
        return left

    def _place(self, parts: tuple[str, ...]) -> Path:
        """Return where an entry goes; every folder above it is made, and is no link."""
        place = self.target
        for part in parts[:-1]:
            place /= part
            if place.is_symlink():
                raise _leaves("/".join(parts))
            place.mkdir(exist_ok=True)
        return place / parts[-1]

    def _member(self, tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
        if member.isdir():
            if place.is_symlink():
                raise _leaves(member.name)
            place.mkdir(exist_ok=True)
            return
        if place.is_dir() and not place.is_symlink():
            raise _leaves(member.name)
        place.unlink(missing_ok=True)
        if member.issym():
            place.symlink_to(self._led_inside(member.linkname))
        elif member.isreg():
            _write(place, tar.extractfile(member), member.mode)

    def _led_inside(self, link: str) -> str:
        roots = (IMAGE_LAYERS, IMAGE_APP)
        inside = any(link == root or link.startswith(f"{root}/") for root in roots)
        return f"{self.links_to}{link}" if inside else link


def _write(place: Path, source: IO[bytes] | None, mode: int) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
    with os.fdopen(os.open(place, flags, 0o600), "wb") as file:
        while source is not None and (chunk := source.read(_CHUNK)):
            file.write(chunk)
    place.chmod(mode & 0o777 | 0o600)


def _leaves(name: str) -> UserError:
    return UserError(
        f"the image holds an entry that would be written elsewhere: {name!r}",
        remedy="do not run this image; build it again from a source you trust.",
    )
