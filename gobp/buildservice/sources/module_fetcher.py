"""Fetch modules: the zip that the go command verified becomes files in a folder."""

import hashlib
import zipfile
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from gobp.buildservice.builds.order import ModuleSource, Pin, Source
from gobp.buildservice.sources.go_modules import GoModules, ModuleError
from gobp.buildservice.sources.tree import FetchError, SourceTree
from gobp.golang.dirhash import hash1
from gobp.sbom import purl

_CHUNK = 1024 * 1024
_FIRST_PASSING = 500


@dataclass(frozen=True, slots=True)
class ModuleFetcher:
    """Is a Fetcher of modules; ``seconds`` it may take, ``most`` bytes a source may have."""

    modules: GoModules
    seconds: float
    most: int

    def fetch(
        self, source: Source, pin: Pin, folder: Path, say: Callable[[str], None], /
    ) -> SourceTree:
        """See Fetcher.fetch. The hash is made anew from the files as they are written."""
        if not isinstance(source, ModuleSource):
            raise TypeError(source)
        name = f"{source.path}@{pin.version}"
        say(f"downloading module {name}")
        try:
            found = self.modules.download(source.path, pin.version, self.seconds)
        except ModuleError as error:
            raise FetchError(error.text, passing=error.status >= _FIRST_PASSING) from None
        h1 = _unpacked(found.zip, f"{name}/", folder, self.most)
        if h1 != pin.h1:
            raise FetchError(
                f"{name} has the hash {h1}, and had {pin.h1} when it was asked for", passing=False
            )
        say(f"verified {name} {h1}")
        return SourceTree(
            folder=folder,
            time=pin.time,
            uri=purl.golang(source.path, pin.version),
            digest_name="dirHash",  # as in-toto's DigestSet calls it, and in hex
            digest=b64decode(h1.removeprefix("h1:")).hex(),
        )


def _unpacked(file: Path, prefix: str, folder: Path, most: int) -> str:
    """Unpack a module's zip, of whose names ``prefix`` is cut off; return its hash."""
    hashes = []
    left = most
    with zipfile.ZipFile(file) as archive:
        for entry in archive.infolist():
            path = _inside(entry.filename, prefix, folder)
            path.parent.mkdir(parents=True, exist_ok=True)
            digest, size = _written(archive, entry, path, left)
            left -= size
            hashes.append((entry.filename, digest))
    return hash1(hashes)


def _inside(name: str, prefix: str, folder: Path) -> Path:
    relative = PurePosixPath(name.removeprefix(prefix))
    parts = relative.parts
    if not name.startswith(prefix) or relative.is_absolute() or not parts or ".." in parts:
        raise FetchError(f"the module's zip has a file {name!r} outside {prefix}", passing=False)
    return folder / relative


def _written(
    archive: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, left: int
) -> tuple[str, int]:
    """Write a file of at most ``left`` bytes; return its SHA-256 in hex and its size."""
    digest, size = hashlib.sha256(), 0
    with archive.open(entry) as content, path.open("xb") as file:
        while chunk := content.read(_CHUNK):
            size += len(chunk)
            if size > left:
                raise FetchError("the module is larger than sources.most allows", passing=False)
            digest.update(chunk)
            file.write(chunk)
    return digest.hexdigest(), size
