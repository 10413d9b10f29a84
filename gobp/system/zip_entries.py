"""The files of a zip, read by several threads at once: zipfile lists them, zlib unpacks them.

zipfile's own readers take turns at one file position, and more time for a small file than zlib
does. Source: PKWARE's APPNOTE.TXT 4.3.7 (local file header).
"""

import os
import struct
import zipfile
import zlib
from collections.abc import Iterator

_HEADER = struct.Struct("<4s22xHH")  # its mark, and the lengths of the name and the extra field
_MARK = b"PK\3\4"
_ENCRYPTED = 1
_CHUNK = 1024 * 1024


def read_entry(descriptor: int, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the content of an entry of the zip that is open as ``descriptor``.

    Its size and checksum are checked; what came before an error is not to be used. Raises
    BadZipFile, zlib.error, struct.error or EOFError where it is broken, encrypted or compressed in
    another way.
    """
    if info.flag_bits & _ENCRYPTED:
        raise zipfile.BadZipFile(f"{info.filename} is encrypted")
    size = checksum = 0
    for chunk in _unpacked(_stored(descriptor, info), info):
        size += len(chunk)
        checksum = zlib.crc32(chunk, checksum)
        if size > info.file_size:
            break
        yield chunk
    if (size, checksum) != (info.file_size, info.CRC):
        raise zipfile.BadZipFile(f"{info.filename} has a wrong size or checksum")


def _stored(descriptor: int, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """Yield the bytes of an entry as they are in the zip."""
    header = os.pread(descriptor, _HEADER.size, info.header_offset)
    mark, name_length, extra_length = _HEADER.unpack(header)
    if mark != _MARK:
        raise zipfile.BadZipFile(f"{info.filename} is not where the zip says")
    position = info.header_offset + _HEADER.size + name_length + extra_length
    left = info.compress_size
    while left:
        chunk = os.pread(descriptor, min(left, _CHUNK), position)
        if not chunk:
            raise EOFError(f"the zip ends within {info.filename}")
        yield chunk
        position, left = position + len(chunk), left - len(chunk)


def _unpacked(stored: Iterator[bytes], info: zipfile.ZipInfo) -> Iterator[bytes]:
    if info.compress_type == zipfile.ZIP_STORED:
        yield from stored
    elif info.compress_type == zipfile.ZIP_DEFLATED:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        for chunk in stored:
            packed = chunk
            while packed:
                yield inflater.decompress(packed, _CHUNK)
                packed = inflater.unconsumed_tail
        yield inflater.flush()
    else:
        raise zipfile.BadZipFile(f"{info.filename} is compressed as {info.compress_type}")
