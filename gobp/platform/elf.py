"""What an ELF program needs from the image it runs in: its loader and its libraries."""

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_MAGIC = b"\x7fELF"
_CLASS_64 = 2
_LITTLE_ENDIAN = 1
_PT_LOAD, _PT_DYNAMIC, _PT_INTERP = 1, 2, 3
_DT_NULL, _DT_NEEDED, _DT_STRTAB = 0, 1, 5
_HEADER = struct.Struct("<16xHHIQQQIHHHHHH")
_PROGRAM_HEADER = struct.Struct("<IIQQQQQQ")
_DYNAMIC_ENTRY = struct.Struct("<QQ")
_LIMIT = 1024 * 1024  # bytes of one table that are read
_FARTHEST = 2**40  # no program is larger, and file systems refuse to seek beyond their limit


@dataclass(frozen=True, slots=True)
class ElfNeeds:
    """The loader (``interpreter``, "" for none), the library names and the architecture.

    ``machine`` is Go's name ("amd64", "arm64") or the number from the ELF header.
    """

    interpreter: str
    libraries: tuple[str, ...]
    machine: str


_MACHINES = {62: "amd64", 183: "arm64"}


def elf_needs(path: Path) -> ElfNeeds | None:
    """Return what a 64-bit little-endian ELF file needs; None for any other or a broken file."""
    with path.open("rb") as file:
        try:
            return _read(file)
        except (struct.error, ValueError):
            return None


def _read(file: BinaryIO) -> ElfNeeds | None:
    header = file.read(_HEADER.size)
    if header[:4] != _MAGIC or header[4] != _CLASS_64 or header[5] != _LITTLE_ENDIAN:
        return None
    (_, machine, _, _, headers_at, _, _, _, entry_size, count, *_) = _HEADER.unpack(header)
    segments = [
        _PROGRAM_HEADER.unpack(_at(file, headers_at + number * entry_size, _PROGRAM_HEADER.size))
        for number in range(count)
    ]
    interpreter = ""
    libraries: tuple[str, ...] = ()
    for kind, _, offset, _, _, size, _, _ in segments:
        if kind == _PT_INTERP:
            interpreter = _at(file, offset, size).rstrip(b"\0").decode()
        elif kind == _PT_DYNAMIC:
            libraries = _libraries(file, _at(file, offset, size), segments)
    return ElfNeeds(interpreter, libraries, _MACHINES.get(machine, str(machine)))


def _libraries(file: BinaryIO, table: bytes, segments: list[tuple[int, ...]]) -> tuple[str, ...]:
    names: list[int] = []
    strings_at = 0
    for tag, value in _DYNAMIC_ENTRY.iter_unpack(table[: len(table) // 16 * 16]):
        if tag == _DT_NULL:
            break
        if tag == _DT_NEEDED:
            names.append(value)
        elif tag == _DT_STRTAB:
            strings_at = _file_offset(value, segments)
    return tuple(_string(file, strings_at + name) for name in names)


def _file_offset(address: int, segments: list[tuple[int, ...]]) -> int:
    """Return where in the file the byte is that is loaded at ``address``."""
    for kind, _, offset, start, _, size, _, _ in segments:
        if kind == _PT_LOAD and start <= address < start + size:
            return offset + address - start
    raise ValueError("the string table is in no segment")


def _string(file: BinaryIO, offset: int) -> str:
    _seek(file, offset)
    text, end, _ = file.read(4096).partition(b"\0")
    if not end:
        raise ValueError("a string without an end")
    return text.decode()


def _at(file: BinaryIO, offset: int, size: int) -> bytes:
    if size > _LIMIT:
        raise ValueError("a table too large to be true")
    _seek(file, offset)
    data = file.read(size)
    if len(data) != size:
        raise ValueError("the file is cut short")
    return data


def _seek(file: BinaryIO, offset: int) -> None:
    if offset >= _FARTHEST:
        raise ValueError("an offset too large to be true")
    file.seek(offset)
