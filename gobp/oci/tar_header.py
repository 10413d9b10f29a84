"""The headers of a tar, with the very bytes that Go's archive/tar writes.

A layer's diff id is the digest of its tar, so a layer is the same as the lifecycle's only if each
header is. Go writes USTAR where everything fits its fields, else PAX (archive/tar, Writer and
Header.allowedFormats; the format: POSIX.1-2017, pax, "ustar Interchange Format").
"""

import posixpath
from dataclasses import dataclass

BLOCK = 512
END = bytes(2 * BLOCK)  # Go does not fill up to a record of 10240 as other writers do
REGULAR, SYMLINK, DIRECTORY, PAX_RECORDS = b"0", b"2", b"5", b"x"
_NAME_SIZE = 100
_PREFIX_SIZE = 155
_ID_SIZE = 8
_SIZE_SIZE = 12


@dataclass(frozen=True, slots=True)
class Fields:
    """What a header says; names are bytes, as a file system has them. ``mtime`` in seconds."""

    name: bytes
    kind: bytes
    mode: int
    uid: int
    gid: int
    size: int
    mtime: int
    link: bytes = b""


def header(fields: Fields) -> bytes:
    """Return the block or blocks in front of an entry's content."""
    records = _pax_records(fields)
    split = _split(fields.name)
    if set(records) <= ({"path"} if split else set()):
        prefix, name = split or (b"", fields.name)
        return _block(fields, name, fields.link, prefix)
    body = b"".join(_pax_record(key, records[key]) for key in sorted(records))
    folder, name = posixpath.split(fields.name)
    pax_name = _ascii(posixpath.join(folder, b"PaxHeaders.0", name))[:_NAME_SIZE].rstrip(b"/")
    pax = _finish(
        _text(pax_name, _NAME_SIZE)
        + _octal(0, 8) * 3
        + _octal(len(body), _SIZE_SIZE)
        + _octal(0, 12),
        PAX_RECORDS,
        b"",
    )
    return (
        pax + body + padding(len(body)) + _block(fields, _ascii(fields.name), _ascii(fields.link))
    )


def padding(size: int) -> bytes:
    """Return the zeros that fill content of ``size`` bytes up to whole blocks."""
    return bytes(-size % BLOCK)


def _pax_records(fields: Fields) -> dict[str, bytes]:
    """Return the fields that their place in the block cannot hold."""
    texts = {"path": fields.name, "linkpath": fields.link}
    numbers = {
        "uid": (fields.uid, _ID_SIZE),
        "gid": (fields.gid, _ID_SIZE),
        "size": (fields.size, _SIZE_SIZE),
    }
    return {
        key: text for key, text in texts.items() if len(text) > _NAME_SIZE or not text.isascii()
    } | {
        key: str(number).encode()
        for key, (number, width) in numbers.items()
        if not _fits_octal(number, width)
    }


def _pax_record(key: str, value: bytes) -> bytes:
    """Return "<length> <key>=<value>" and a newline; the length counts its own digits too."""
    rest = b" " + key.encode() + b"=" + value + b"\n"
    length = len(rest)
    while len(str(length)) + len(rest) != length:
        length = len(str(length)) + len(rest)
    return str(length).encode() + rest


def _split(name: bytes) -> tuple[bytes, bytes] | None:
    """Return a long name as USTAR's prefix and name, or None if it is short or does not split."""
    if len(name) <= _NAME_SIZE or not name.isascii():
        return None
    slash = name[: _PREFIX_SIZE + 1].rfind(b"/")
    if slash <= 0 or not 0 < len(name) - slash - 1 <= _NAME_SIZE:
        return None
    return name[:slash], name[slash + 1 :]


def _block(fields: Fields, name: bytes, link: bytes, prefix: bytes = b"") -> bytes:
    front = (
        _text(name, _NAME_SIZE)
        + _octal(fields.mode, 8)
        + _octal(fields.uid, 8)
        + _octal(fields.gid, 8)
        + _octal(fields.size, _SIZE_SIZE)
        + _octal(fields.mtime, 12)
    )
    owners_and_device = bytes(32 + 32) + _octal(0, 8) * 2
    return _finish(front, fields.kind, _text(link, _NAME_SIZE), owners_and_device, prefix)


def _finish(
    front: bytes, kind: bytes, link: bytes, owners_and_device: bytes = b"", prefix: bytes = b""
) -> bytes:
    rest = (
        kind
        + link.ljust(_NAME_SIZE, b"\0")
        + b"ustar\x0000"
        + owners_and_device.ljust(80, b"\0")
        + prefix
    ).ljust(BLOCK - len(front) - 8, b"\0")
    checksum = sum(front) + sum(rest) + 8 * ord(" ")
    return front + b"%06o\0 " % checksum + rest


def _text(text: bytes, size: int) -> bytes:
    """Return a text field, cut if too long; Go leaves no slash at the end of what it cuts."""
    field = text[:size]
    if len(text) > size and field.endswith(b"/"):
        kept = text[: size - 1].rstrip(b"/")
        field = kept + b"\0" + field[len(kept) + 1 :]
    return field.ljust(size, b"\0")


def _octal(number: int, size: int) -> bytes:
    """Return a number field; zero if too large for it, as a PAX record then has the number."""
    fitting = number if _fits_octal(number, size) else 0
    return b"%0*o\0" % (size - 1, fitting)


def _fits_octal(number: int, size: int) -> bool:
    return 0 <= number < 1 << 3 * (size - 1)


def _ascii(text: bytes) -> bytes:
    return bytes(byte for byte in text if byte < 0x80)
