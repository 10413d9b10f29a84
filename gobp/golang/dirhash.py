"""The h1: hashes of go.sum and of the checksum database (https://go.dev/ref/mod#go-sum-files)."""

import hashlib
from binascii import b2a_base64
from collections.abc import Iterable

from gobp.errors import UserError


def hash1(files: Iterable[tuple[str, str]]) -> str:
    """Return the ``h1:`` hash of files given as (name, SHA-256 of the content in hex).

    In a module zip the names are as they stand there, ``example.com/m@v1.0.0/go.mod``; their
    order does not matter. Raises UserError for a name with a newline, which would be ambiguous.
    """
    summary = hashlib.sha256()
    for name, sha256 in sorted(files):
        if "\n" in name:
            raise UserError(
                f"a file of the module is named {name!r}, with a newline",
                remedy="use a version of the module whose files have ordinary names.",
            )
        summary.update(f"{sha256.lower()}  {name}\n".encode())
    return "h1:" + b2a_base64(summary.digest(), newline=False).decode()


def go_mod_hash(content: bytes) -> str:
    """Return the ``h1:`` hash of a go.mod file alone, as go.sum has it for ``VERSION/go.mod``."""
    return hash1([("go.mod", hashlib.sha256(content).hexdigest())])
