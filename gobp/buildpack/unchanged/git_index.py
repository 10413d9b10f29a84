"""What a git index says of files, without when they were written and where on a disk they lie.

Each clone of one commit has another index, of the same entries. Source: gitformat-index(5).
"""

import hashlib
import struct
from collections.abc import Iterator

_HEADER = struct.Struct(">4sII")  # "DIRC", version, number of entries
_MODE_AT, _HASH_AT, _FLAGS_AT = 24, 40, 60  # of an entry; before the hash are times and places
_NAME_AT = 62
_EXTENDED = 0x4000  # flag: two more bytes of flags follow
_VERSIONS = (2, 3)
_SHA1 = 20
_ELSEWHERE = frozenset({b"link", b"sdir"})  # extensions: entries are in another file, or folders


def index_digest(data: bytes) -> str:
    """Return the digest (sha256, hex) of an index's entries: modes, hashes, flags and names.

    An index that is not read here (another version, another hash) counts as it is.
    """
    try:
        parts = list(_entries(data))
    except (struct.error, ValueError):
        parts = [data]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def _entries(data: bytes) -> Iterator[bytes]:
    """Yield what each entry says. Raises ValueError and struct.error."""
    signature, version, count = _HEADER.unpack_from(data)
    whole = hashlib.sha1(data[:-_SHA1], usedforsecurity=False).digest() == data[-_SHA1:]
    if signature != b"DIRC" or version not in _VERSIONS or not whole:
        raise ValueError
    position = _HEADER.size
    for _ in range(count):
        (flags,) = struct.unpack_from(">H", data, position + _FLAGS_AT)
        name = position + _NAME_AT + (2 if flags & _EXTENDED else 0)
        end = data.index(b"\0", name)
        yield data[position + _MODE_AT : position + _MODE_AT + 4]
        yield data[position + _HASH_AT : end]
        position += (end - position) // 8 * 8 + 8  # padded with one to eight NULs
    _check_extensions(data[position:-_SHA1])


def _check_extensions(data: bytes) -> None:
    """Raise ValueError where entries are not all in this file."""
    position = 0
    while position < len(data):
        name, size = struct.unpack_from(">4sI", data, position)
        if name in _ELSEWHERE:
            raise ValueError
        position += 8 + size
