"""Debian packages, read in memory: an ar archive that holds a tar of the files.

Nothing is unpacked to disk: links are followed inside the mapping of paths, so that no name in a
package can lead out of it.
"""

import io
import lzma
import posixpath
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gobp.errors import UserError

SIZE_LIMIT = 256 * 1024 * 1024  # bytes that one package may unpack to
_MAGIC = b"!<arch>\n"
_HEADER_SIZE = 60  # deb(5): name 16, time 12, owner 6, group 6, mode 8, size 10, end 2
_HEADER_END = b"`\n"
_LINK_LIMIT = 40  # as many as Linux follows in one path


@dataclass(frozen=True, slots=True)
class PackageFiles:
    """The regular files and the symbolic links of packages, by path without a leading slash."""

    files: Mapping[str, bytes]
    links: Mapping[str, str]

    def read(self, path: str) -> bytes:
        """Return a file's content, links followed. Raises UserError if there is no such file."""
        try:
            return self.files[self._resolve(path)]
        except KeyError:
            raise UserError(
                f"the Debian packages of the lock hold no {path}",
                remedy="look where the file moved to and correct release/recipe.py.",
            ) from None

    def below(self, folder: str) -> Iterator[str]:
        """Yield the paths of the files below a folder, relative to it, sorted."""
        prefix = f"{folder}/"
        for path in sorted(self.files):
            if path.startswith(prefix):
                yield path.removeprefix(prefix)

    def _resolve(self, path: str) -> str:
        for _ in range(_LINK_LIMIT):
            link = next((part for part in _prefixes(path) if part in self.links), None)
            if link is None:
                return path
            target = posixpath.join("/", posixpath.dirname(link), self.links[link])
            path = posixpath.normpath(target + path.removeprefix(link)).lstrip("/")
        return path


def merge(packages: Iterable[PackageFiles]) -> PackageFiles:
    """Lay packages over one another, as an installation would; a later one wins."""
    files: dict[str, bytes] = {}
    links: dict[str, str] = {}
    for package in packages:
        files.update(package.files)
        links.update(package.links)
    return PackageFiles(files, links)


def read_deb(data: bytes, *, source: str) -> PackageFiles:
    """Read a binary package (deb(5)). Raises UserError naming ``source`` where it is broken."""
    for name, content in ar_members(data, source=source):
        if name == "data.tar.xz":
            return _read_tar(content, source)
    raise _broken(source, "it has no data.tar.xz")


def ar_members(data: bytes, *, source: str) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each member of an ar archive. Raises UserError."""
    if not data.startswith(_MAGIC):
        raise _broken(source, "it is no ar archive")
    offset = len(_MAGIC)
    while offset < len(data):
        header = data[offset : offset + _HEADER_SIZE]
        digits = header[48:58].strip()
        if header[58:] != _HEADER_END or not digits.isdigit():
            raise _broken(source, f"the ar header at byte {offset} is wrong")
        start = offset + _HEADER_SIZE
        end = start + int(digits)
        if end > len(data):
            raise _broken(source, f"the ar member at byte {offset} is cut off")
        yield header[:16].decode("latin-1").rstrip(" ").removesuffix("/"), data[start:end]
        offset = end + end % 2  # members start at even bytes


def _read_tar(data: bytes, source: str) -> PackageFiles:
    try:
        decompressor = lzma.LZMADecompressor()
        unpacked = decompressor.decompress(data, SIZE_LIMIT)
        if not decompressor.eof:
            why = f"its tar is cut off or unpacks to more than {SIZE_LIMIT} bytes"
            raise _broken(source, why)
        with tarfile.open(fileobj=io.BytesIO(unpacked)) as tar:
            return _read_members(tar, source)
    except (lzma.LZMAError, tarfile.TarError, EOFError) as error:
        raise _broken(source, str(error)) from error


def _read_members(tar: tarfile.TarFile, source: str) -> PackageFiles:
    files: dict[str, bytes] = {}
    links: dict[str, str] = {}
    for member in tar:
        path = _inside(member.name, source)
        if member.issym():
            links[path] = member.linkname
        elif member.islnk():
            files[path] = files[_inside(member.linkname, source)]
        elif member.isreg():
            content = tar.extractfile(member)
            files[path] = b"" if content is None else content.read()
    return PackageFiles(files, links)


def _inside(name: str, source: str) -> str:
    path = name.removeprefix("./")
    if path.startswith("/") or ".." in path.split("/"):
        raise _broken(source, f"it names a file outside its root: {name!r}")
    return path


def _prefixes(path: str) -> Iterator[str]:
    parts = path.split("/")
    for count in range(1, len(parts) + 1):
        yield "/".join(parts[:count])


def _broken(source: str, why: str) -> UserError:
    return UserError(
        f"{source} is not a sound Debian package: {why}",
        remedy="remove it from the cache and fetch it again.",
    )
