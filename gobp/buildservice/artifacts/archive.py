"""Pack what a build made: the same files give the same bytes."""

import gzip
import tarfile
from pathlib import Path

from gobp.buildservice.builds.build import State
from gobp.buildservice.recipes.recipe import Product, RecipeError

_LEVEL = 6
_PROGRAM, _FILE = 0o755, 0o644
_EXECUTABLE = 0o111


def write_archive(product: Product, file: Path, time: int, limit: int) -> None:
    """Write the files of a product as ``file``, a tar.gz: names sorted, owner 0, one time for all.

    ``time`` is in seconds of the epoch; ``limit`` bounds the bytes of the files together, and so
    the archive's. Members are regular files only, with mode 755 where somebody may execute them,
    else 644. The bytes depend on nothing else but the version of zlib. Raises RecipeError where
    the files are larger.
    """
    check_size(sum((product.folder / name).stat().st_size for name in product.files), limit)
    with (
        file.open("xb") as raw,
        gzip.GzipFile(filename="", mode="wb", compresslevel=_LEVEL, fileobj=raw, mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name in sorted(product.files):
            with (product.folder / name).open("rb") as content:
                tar.addfile(_member(name, product.folder / name, time), content)


def check_size(size: int, limit: int) -> None:
    """Raise RecipeError if ``size`` bytes of artifacts are more than may be."""
    if size > limit:
        raise RecipeError(
            State.FAILED,
            f"the build made files of {size} bytes, and an archive may have {limit}"
            " (limits.artifact of the service)",
        )


def _member(name: str, path: Path, time: int) -> tarfile.TarInfo:
    status = path.stat()
    member = tarfile.TarInfo(name)
    member.size = status.st_size
    member.mtime = max(0, time)
    member.mode = _PROGRAM if status.st_mode & _EXECUTABLE else _FILE
    return member
