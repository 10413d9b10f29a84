"""What can be seen to be wrong with a file of a tree, by the file alone."""

import re
from pathlib import Path

from gobp.golang.modzip import MOST_GO_MOD_BYTES
from gobp.golang.note import NoteError
from gobp.golang.sumdb import split_lookup
from gobp.golang.tlog import HASH_SIZE
from gobp.modproxy.protocol.requests import Kind, ModuleFile, SumdbFile, is_canonical
from gobp.modproxy.protocol.version_info import BadVersionInfoError, VersionInfo

_MODULE_LINE = re.compile(rb"^[ \t]*module[ \t\"(`]", re.MULTILINE)
_PIN = re.compile(rb"h1:[A-Za-z0-9+/]{43}=\n?")
_FULL_TILE = 256
_NULS = "it holds NUL bytes, as files do that were being written when a machine stopped"


def damage_of(file: ModuleFile, path: Path) -> str:
    """Return what is wrong with an .info or .mod file, "" if nothing is."""
    if path.stat().st_size > MOST_GO_MOD_BYTES:
        return f"it is larger than {MOST_GO_MOD_BYTES} bytes"
    content = path.read_bytes()
    if b"\0" in content:
        return _NULS
    return _damage_of_info(file, content) if file.kind is Kind.INFO else _damage_of_mod(content)


def damage_of_list(module: str, content: bytes) -> str:
    """Return what is wrong with the list of a module's versions, "" if nothing is."""
    if b"\0" in content:
        return _NULS
    words = [
        line.split()[0] for line in content.decode("utf-8", "replace").splitlines() if line.strip()
    ]
    strange = next((word for word in words if not is_canonical(module, word)), "")
    return f"{strange!r} is no version of the module" if strange else ""


def damage_of_pin(content: bytes) -> str:
    """Return what is wrong with a .ziphash file, "" if nothing is."""
    return "" if _PIN.fullmatch(content) else "it is no h1: hash"


def damage_of_sums(file: SumdbFile, content: bytes) -> str:
    """Return what is wrong with a file of a checksum database, "" if nothing is."""
    if file.file.startswith("lookup/"):
        return _damage_of_lookup(content)
    if not file.file.startswith("tile/") or "/data/" in file.file:
        return _NULS if b"\0" in content else ""
    name, _, width = file.file.rpartition(".p/")
    wanted = HASH_SIZE * (int(width) if name else _FULL_TILE)
    return "" if len(content) == wanted else f"it has {len(content)} bytes, not {wanted}"


def _damage_of_info(file: ModuleFile, content: bytes) -> str:
    try:
        info = VersionInfo.parse(content)
    except BadVersionInfoError as error:
        return str(error)
    return "" if info.version == file.version else f"it is that of version {info.version}"


def _damage_of_mod(content: bytes) -> str:
    try:
        content.decode()
    except UnicodeDecodeError:
        return "it is not text in UTF-8"
    return "" if _MODULE_LINE.search(content) else "it names no module"


def _damage_of_lookup(content: bytes) -> str:
    try:
        split_lookup(content)
    except NoteError as error:
        return str(error)
    return ""
