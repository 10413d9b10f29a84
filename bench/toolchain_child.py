"""What gobp does of a toolchain install, as a process of its own for ``bench.toolchain``.

``toolchain_child.py install URL VERSION ARCHITECTURE HASH FOLDER`` fetches, unpacks and verifies;
``toolchain_child.py pack FOLDER ARCHIVE`` makes the archive of a cached layer, and
``toolchain_child.py unpack ARCHIVE FOLDER`` opens it.
"""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from gobp.system.packed import files_of, pack, unpack


def main(arguments: Sequence[str]) -> None:
    """Do one of these."""
    action, *rest = arguments
    if action == "install":
        url, version, architecture, expected, folder = rest
        install(url, version, architecture, expected, Path(folder))
    elif action == "pack":
        folder, archive = rest
        pack(Path(folder), Path(archive), files_of(Path(folder)))
    else:
        archive, folder = rest
        unpack(Path(archive), Path(folder))


def install(url: str, version: str, architecture: str, expected: str, folder: Path) -> None:
    """Install what builds need of a toolchain module. Raises RuntimeError where it is another."""
    from gobp.buildpack.go_dist import distribution  # noqa: PLC0415 # unpacking needs none of it
    from gobp.golang.dirhash import hash1  # noqa: PLC0415 # as above
    from gobp.golang.version import GoVersion  # noqa: PLC0415 # as above
    from gobp.system.archive import extract_zip  # noqa: PLC0415 # as above
    from gobp.system.fetch import HttpFetcher  # noqa: PLC0415 # as above

    archive = folder / "download"
    HttpFetcher(os.environ).download(url, archive)
    prefix = distribution.module_prefix(GoVersion.parse(version), architecture)
    kept = distribution.kept_from_module(prefix, everything=False)
    sums = extract_zip(archive, folder / "go", kept, distribution.executable)
    archive.unlink()
    if hash1(sums.items()) != expected:
        raise RuntimeError(f"{url} is not {expected}")


if __name__ == "__main__":
    main(sys.argv[1:])
