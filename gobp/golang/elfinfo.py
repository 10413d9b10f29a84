"""What a Go program says of itself, read from its ELF file as ``go version -m`` reads it.

Source: Go's debug/buildinfo (the blob, and strings in it since Go 1.18) and the System V ABI,
"Object Files". Programs of older Go, and of other systems, are for go itself to read.
"""

import struct
from dataclasses import dataclass

from gobp.golang import buildinfo
from gobp.golang.buildinfo import BuildInfo

_ELF = b"\x7fELF"
_IDENT = 16  # bytes: the magic, the word size (1: 32 bits, 2: 64), the byte order, and more
_SECTION = b".go.buildinfo\0"
_UNWINDING = b"\0.eh_frame\0"
_MAGIC = b"\xff Go buildinf:"
_FLAGS_AT = 15  # in the blob
_STRINGS_INLINE = 2  # of the flags
_HEADER = 32  # bytes of the blob before its strings
_ALIGNED = 16
_FRAME = 16  # bytes before and after what a program says of its modules
_LONGEST_NUMBER = 10  # bytes of a varint
_MOST = 16 * 1024 * 1024  # bytes of a table or a section that are looked at


@dataclass(frozen=True, slots=True)
class _Layout:
    """Where fields are in files of one word size: in the file's header, and in a section's.

    ``table`` is the offset of the section table, ``sizes`` an entry's size, the number of entries
    and the index of the one with names; ``place`` a section's offset in the file and its size.
    """

    table: tuple[int, str]
    sizes: int
    place: tuple[int, str]


_LAYOUTS = {1: _Layout((32, "I"), 46, (16, "II")), 2: _Layout((40, "Q"), 58, (24, "QQ"))}
_BYTE_ORDERS = {1: "<", 2: ">"}


def read(file: str, content: bytes | memoryview) -> BuildInfo | None:
    """Return what the program with these bytes says, None where it is not to be read here.

    ``file`` is what the result calls it. Raises ValueError for a line that Go does not write.
    """
    try:
        blob = _blob(memoryview(content))
        strings = _strings(blob) if blob else None
    except (struct.error, OverflowError):  # an offset that is not in the file
        return None
    if strings is None or not strings[0]:
        return None
    version, modules = (each.decode("utf-8", "replace") for each in strings)
    return buildinfo.parse_embedded(file, version, modules)


def is_linked_by_go(content: memoryview) -> bool:
    """Tell whether go's own linker made a program, not a C linker with libraries of its own.

    C's start files bring tables for unwinding along, which go's linker never writes.
    """
    try:
        form = _form(content)
        names = _sections(content, *form)[0] if form else b""
    except (struct.error, OverflowError):
        return False
    return bool(names) and _UNWINDING not in names


def _blob(content: memoryview) -> bytes:
    """Return the build information from its magic on, b"" where there is none."""
    form = _form(content)
    section = _section(content, *form) if form else b""
    start = section.find(_MAGIC)
    while start % _ALIGNED and start != -1:
        start = section.find(_MAGIC, start + 1)
    return section[start:] if start != -1 else b""


def _form(content: memoryview) -> tuple[_Layout, str] | None:
    """Return the word size's layout and the byte order of an ELF file, None for another file."""
    if len(content) < _IDENT or content[: len(_ELF)] != _ELF or content[4] not in _LAYOUTS:
        return None
    return _LAYOUTS[content[4]], _BYTE_ORDERS.get(content[5], "<")


def _section(content: memoryview, layout: _Layout, order: str) -> bytes:
    """Return the section of the build information, b"" where there is none of its name."""
    names, places = _sections(content, layout, order)
    for name, *place in places:
        if names[name : name + len(_SECTION)] == _SECTION:
            return _bytes_of(content, tuple(place))
    return b""


def _sections(
    content: memoryview, layout: _Layout, order: str
) -> tuple[bytes, list[tuple[int, ...]]]:
    """Return the names of all sections, and where in them each one's is, with its place."""
    (table,) = struct.unpack_from(order + layout.table[1], content, layout.table[0])
    size, count, named = struct.unpack_from(f"{order}HHH", content, layout.sizes)
    places = [_place(content, layout, order, table + size * number) for number in range(count)]
    return (_bytes_of(content, places[named][1:]), places) if named < count else (b"", [])


def _place(content: memoryview, layout: _Layout, order: str, at: int) -> tuple[int, ...]:
    """Return a section's name (an offset in the names), its offset and its size."""
    where, form = layout.place
    return (
        *struct.unpack_from(f"{order}I", content, at),
        *struct.unpack_from(order + form, content, at + where),
    )


def _bytes_of(content: memoryview, place: tuple[int, ...]) -> bytes:
    offset, size = place
    return bytes(content[offset : offset + min(size, _MOST)])


def _strings(blob: bytes) -> tuple[bytes, bytes] | None:
    """Return Go's version and the modules' text; None for a blob that only points to them."""
    if len(blob) < _HEADER or not blob[_FLAGS_AT] & _STRINGS_INLINE:
        return None
    version, position = _string(blob, _HEADER)
    framed, _ = _string(blob, position)
    is_framed = len(framed) > 2 * _FRAME and framed[-_FRAME - 1 :][:1] == b"\n"
    return version, framed[_FRAME:-_FRAME] if is_framed else b""


def _string(blob: bytes, position: int) -> tuple[bytes, int]:
    """Return the string after its length (a varint), and where it ends; b"" for one cut off."""
    length = shift = 0
    for byte in blob[position : position + _LONGEST_NUMBER]:
        position += 1
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            break
    found = blob[position : position + length]
    return (found, position + length) if len(found) == length else (b"", len(blob))
