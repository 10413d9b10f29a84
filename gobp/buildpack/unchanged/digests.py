"""Digests of inputs, and the reason not to have any.

Paths are texts here and in the modules beside this one: they are many, and a build is waiting.
"""

import hashlib
import os
import stat
from collections.abc import Iterable, Mapping

_NAMES_OUTSIDE = (FileNotFoundError, NotADirectoryError)
ABSENT = "absent"


class NoKeyError(Exception):
    """The inputs of this build cannot be known for certain; the text says which and why."""


def digest_of(parts: Iterable[str]) -> str:
    """Return one digest (sha256, hex) of texts, each of which counts by itself and in its place."""
    total = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8", "surrogateescape")
        total.update(b"%d:" % len(data))
        total.update(data)
    return total.hexdigest()


def file_digest(path: str) -> str:
    """Return the digest (sha256, hex) of what a file holds."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 # one a file of the app
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_setting(path: str) -> str:
    """Return the text of a file that may be there, "" where it is not.

    Raises OSError, and NoKeyError for what has no end or no beginning: a device, a pipe.
    """
    try:
        is_file = stat.S_ISREG(os.stat(path).st_mode)  # noqa: PTH116 # text
    except _NAMES_OUTSIDE:
        return ""
    if not is_file:
        raise NoKeyError(f"{path} is not a file")
    with open(path, "rb") as file:  # noqa: PTH123 # text
        return file.read().decode("utf-8", "surrogateescape")


def identity(path: str) -> str:
    """Return what tells one program or library from another: its place, size and time."""
    try:
        status = os.stat(path)  # noqa: PTH116 # text
    except OSError:
        return f"{path} {ABSENT}"
    return f"{path} {os.path.realpath(path)} {status.st_size} {status.st_mtime_ns}"


def found_on_path(name: str, settings: Mapping[str, str]) -> str:
    """Return the program of a name that the PATH leads to, "" where there is none."""
    for folder in settings.get("PATH", "").split(":"):
        path = f"{folder or '.'}/{name}"
        if os.path.isfile(path) and os.access(path, os.X_OK):  # noqa: PTH113 # text
            return path
    return ""
