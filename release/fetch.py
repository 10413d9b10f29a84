"""Downloads of package files: verified against the lock, kept by name for the next build."""

import hashlib
from http import HTTPStatus
from pathlib import Path

import requests

from gobp.errors import UserError
from release.lock import PoolFile

_TIMEOUT = (10.0, 60.0)  # seconds to connect, and between two pieces of an answer
_GONE = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})


class GoneError(UserError):
    """The archive does not hold the file any more: Debian deletes superseded versions."""


def fetch(session: requests.Session, url: str, file: PoolFile, cache: Path) -> bytes:
    """Return a package file, from the cache where it is there and right.

    Raises GoneError where the archive has it no more, UserError on any other trouble.
    """
    kept = cache / file.name
    if kept.is_file():
        data = kept.read_bytes()
        if _is_right(data, file):
            return data
    data = _download(session, url, file)
    if not _is_right(data, file):
        raise UserError(
            f"{file.name} is not the file that the lock names",
            detail=f"expected sha256 {file.sha256}\nfound    sha256 {_sha256(data)}",
            remedy="try again; if it stays so, the mirror or a proxy holds a wrong copy.",
        )
    cache.mkdir(parents=True, exist_ok=True)
    part = kept.with_name(f"{kept.name}.part")
    part.write_bytes(data)
    part.replace(kept)
    return data


def _download(session: requests.Session, url: str, file: PoolFile) -> bytes:
    try:
        with session.get(url, timeout=_TIMEOUT, stream=True) as answer:
            if answer.status_code in _GONE:
                raise GoneError(
                    f"the archive has {file.name} no more",
                    remedy="renew the lock with `make runtime-lock`.",
                )
            answer.raise_for_status()
            return _read(answer, file.size)
    except (requests.RequestException, OSError) as error:
        raise UserError(
            f"{file.name} could not be downloaded: {type(error).__name__}",
            detail=str(error),
            remedy="check the network, proxy settings and the mirror, then try again.",
        ) from error


def _read(answer: requests.Response, size: int) -> bytes:
    data = bytearray()
    for chunk in answer.iter_content(1024 * 1024):
        data += chunk
        if len(data) > size:
            break  # wrong already, and perhaps endless
    return bytes(data)


def _is_right(data: bytes, file: PoolFile) -> bool:
    return len(data) == file.size and _sha256(data) == file.sha256


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
