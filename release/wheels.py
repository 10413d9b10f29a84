"""The pure-Python packages beside the interpreter, from the locked requirements."""

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from gobp.errors import UserError
from release.recipe import PYTHON, TreeFile

BUNDLED = ("certifi", "charset-normalizer", "idna", "pytoml", "requests", "urllib3")
_SIZE_LIMIT = 32 * 1024 * 1024  # bytes that one wheel may unpack to
_DATA = frozenset({"certifi/cacert.pem"})
_LICENCE = re.compile(
    r"(?P<wheel>[^/]+)-[^/-]+\.dist-info/(?:licenses/)?(?P<file>(?:LICEN[CS]E|NOTICE)[^/]*)"
)


def bundled_requirements(requirements: str) -> str:
    """Return the part of a pip-compile file that pins the bundled packages, with their hashes.

    Raises UserError where one of them is not pinned.
    """
    blocks = re.split(r"\n(?=\S)", requirements)
    pins = {block.partition("==")[0]: block.rstrip() for block in blocks}
    missing = [name for name in BUNDLED if name not in pins]
    if missing:
        raise UserError(
            f"requirements/runtime.txt does not pin {', '.join(missing)}",
            remedy="write it anew with pip-compile.",
        )
    return "\n".join(pins[name] for name in BUNDLED) + "\n"


def download_wheels(pins: str, folder: Path) -> list[Path]:
    """Download the wheels that ``pins`` names into a folder; pip verifies their hashes.

    Only pure-Python wheels are asked for, so that one copy serves every architecture.
    Raises UserError where pip cannot get them.
    """
    wanted = folder / "requirements.txt"
    wanted.write_text(pins, encoding="utf-8")
    argv = [*_pip_download(), "--requirement", str(wanted), "--dest", str(folder)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise UserError(
            "pip could not download the packages that go along with the interpreter",
            detail=done.stderr.strip(),
            remedy="check pip's index and proxy settings.",
        )
    return sorted(folder.glob("*.whl"))


def wheel_files(wheel: Path) -> Mapping[str, TreeFile]:
    """Return the sources and data of a wheel by path. Raises UserError on a wrong name or size."""
    return {
        name: TreeFile(data)
        for name, data in _members(wheel)
        if name in _DATA or name.endswith(".py")
    }


def wheel_licences(wheel: Path) -> Mapping[str, TreeFile]:
    """Return the licence texts of a wheel by ``<package>/<file>``."""
    texts = ((_LICENCE.fullmatch(name), data) for name, data in _members(wheel))
    return {f"{match['wheel']}/{match['file']}": TreeFile(data) for match, data in texts if match}


def _pip_download() -> list[str]:
    return [
        *(sys.executable, "-m", "pip", "download", "--quiet"),
        *("--require-hashes", "--no-deps", "--only-binary", ":all:"),
        *("--platform", "any", "--implementation", "py", "--abi", "none"),
        *("--python-version", PYTHON),
    ]


def _members(wheel: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(wheel) as zipped:
        infos = [info for info in zipped.infolist() if not info.is_dir()]
        if sum(info.file_size for info in infos) > _SIZE_LIMIT:
            raise _refused(wheel, f"it unpacks to more than {_SIZE_LIMIT} bytes")
        for info in infos:
            if info.filename.startswith("/") or ".." in info.filename.split("/"):
                raise _refused(wheel, f"it names a file outside its root: {info.filename!r}")
            yield info.filename, zipped.read(info)


def _refused(wheel: Path, why: str) -> UserError:
    return UserError(
        f"{wheel.name} is not a sound wheel: {why}",
        remedy="do not use it; pin another version in requirements/runtime.in.",
    )
