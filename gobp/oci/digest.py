"""Content digests, as the OCI image specification writes them (descriptor.md, "Digests")."""

import hashlib
import re
from pathlib import Path
from typing import IO

from gobp.errors import UserError

_CHUNK = 1024 * 1024
_SHA256 = re.compile(r"sha256:[0-9a-f]{64}")


def sha256_of(data: bytes) -> str:
    """Return the digest of bytes, ``sha256:`` and 64 hexadecimal digits."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def sha256_of_file(path: Path) -> str:
    """Return the digest of a file's content."""
    with path.open("rb") as file:
        return sha256_of_stream(file)


def sha256_of_stream(file: IO[bytes]) -> str:
    """Return the digest of all that is left to read."""
    checksum = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        checksum.update(chunk)
    return f"sha256:{checksum.hexdigest()}"


def check_digest(text: str) -> str:
    """Return ``text`` if it is a sha256 digest, so that it is safe as part of a path.

    Raises UserError for anything else; sha512, the one other algorithm registered, is unused in
    practice.
    """
    if _SHA256.fullmatch(text) is None:
        raise UserError(
            f"{text[:100]!r} is not a digest",
            remedy='write it as "sha256:" and 64 lower case hexadecimal digits.',
        )
    return text


def hex_of(digest: str) -> str:
    """Return the hexadecimal part of a digest: the file name of its blob."""
    return check_digest(digest).removeprefix("sha256:")
