"""Archives packed and unpacked, and counted in the build report."""

from collections.abc import Iterable
from pathlib import Path

from gobp.buildpack.reporting.report import Recorder
from gobp.system import packed


def pack(report: Recorder, folder: Path, archive: Path, names: Iterable[str]) -> None:
    """See ``gobp.system.packed.pack``."""
    files = tuple(names)
    size = packed.pack(folder, archive, files)
    report.count(filesPacked=len(files), bytesPacked=size)


def unpack(report: Recorder, archive: Path, folder: Path) -> tuple[str, ...]:
    """See ``gobp.system.packed.unpack``. Raises UserError where the archive is damaged."""
    names = packed.unpack(archive, folder)
    report.count(filesUnpacked=len(names), bytesUnpacked=archive.stat().st_size)
    return names
