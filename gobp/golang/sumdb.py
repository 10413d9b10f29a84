"""What the checksum database says of a module, verified before it is believed.

The database is described at https://go.dev/ref/mod#checksum-database.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from gobp.errors import UserError
from gobp.golang.module import escape_path, escape_version
from gobp.golang.note import NoteError, Verifier, decode_base64, open_note
from gobp.golang.tlog import HASH_SIZE, ProofError, Tree, prove_inclusion, record_hash

DEFAULT_DATABASE = "sum.golang.org"
_KNOWN_KEYS = {
    DEFAULT_DATABASE: "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8",
}
# The same database under a name that is reachable from mainland China.
_ALIASES = {"sum.golang.google.cn": (DEFAULT_DATABASE, "https://sum.golang.google.cn")}

_NAME = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]+)?(?:/[A-Za-z0-9._~-]+)*", re.ASCII)
_TREE_HEADER = "go.sum database tree"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
_MAX_RESPONSE = 1_000_000
_CONTROL_CHARACTERS = re.compile(r"[\x00-\x09\x0b-\x1f]")
_TREE_LINES = 3


class SumDatabaseError(UserError):
    """What a checksum database answered does not hold."""


@dataclass(frozen=True, slots=True)
class SumDatabase:
    """A checksum database to ask; ``url`` is empty where GOSUMDB names none.

    Then it is asked through the module proxy, or else at https:// and its name.
    """

    verifier: Verifier
    url: str = ""

    @property
    def name(self) -> str:
        """The database's name, the host (and path) it is at."""
        return self.verifier.name


def parse_gosumdb(value: str) -> SumDatabase | None:
    """Return the database that the variable GOSUMDB names, None for ``off``.

    The forms are ``name``, ``name+hash+key`` and either of them with a URL; empty is the default.
    Raises SumDatabaseError for any other.
    """
    if value == "off":
        return None
    name, *url = value.split() or [DEFAULT_DATABASE]
    if name in _ALIASES and not url:
        name, *url = _ALIASES[name]
    if len(url) > 1:
        raise _bad_gosumdb(value, "it has more than a name and a URL")
    try:
        verifier = Verifier.parse(_KNOWN_KEYS.get(name, name))
    except NoteError as error:
        raise _bad_gosumdb(value, str(error)) from None
    if not _NAME.fullmatch(verifier.name):
        raise _bad_gosumdb(value, "the database's name is not a host or a host and path")
    return SumDatabase(verifier, *url)


def lookup_path(path: str, version: str) -> str:
    """Return where a database answers for a module: ``lookup/example.com/!app@v1.0.0``."""
    return f"lookup/{escape_path(path)}@{escape_version(version)}"


def verify_lookup(
    response: bytes, *, verifier: Verifier, read_tile: Callable[[str], bytes]
) -> tuple[str, ...]:
    """Return the go.sum lines of an answer to a lookup, once they are proven.

    The signed tree head must be the database's own, and the lines a record of that tree by the
    tiles, which ``read_tile`` returns for paths such as ``tile/8/0/x066/385.p/12``. Which module
    the lines are of is left to hash_of. That one tree head continues another is not checked:
    nothing is remembered between builds. Raises SumDatabaseError.
    """
    try:
        index, record, note = split_lookup(response)
        tree = parse_tree_head(open_note(note, verifier))
        prove_inclusion(tree, index, record_hash(record.encode()), read_tile)
    except (NoteError, ProofError) as error:
        raise SumDatabaseError(
            f"the answer of the checksum database {verifier.name} cannot be trusted",
            detail=str(error),
            remedy="try again, and if it stays, find out what answers in place of the database.",
        ) from None
    return tuple(record.splitlines())


def hash_of(lines: tuple[str, ...], path: str, version: str) -> str:
    """Return the ``h1:`` hash that proven go.sum lines have for the zip of one module.

    With ``/go.mod`` after the version it is that of the go.mod file. Raises SumDatabaseError if
    the lines are those of another module.
    """
    for line in lines:
        if line.startswith(f"{path} {version} h1:"):
            return line.rpartition(" ")[2]
    raise SumDatabaseError(
        f"the checksum database has no hash for {path} {version}",
        detail="\n".join(lines),
        remedy="check the version, and what answers in place of the database.",
    )


def split_lookup(response: bytes) -> tuple[int, str, str]:
    """Return a record's index, its text with the last newline, and the signed tree head.

    Raises NoteError for an answer to a lookup that is malformed.
    """
    try:
        text = response.decode()
    except UnicodeDecodeError:
        raise NoteError("the answer is not text") from None
    index, _, rest = text.partition("\n")
    record, blank_line, note = rest.partition("\n\n")
    well_formed = _NUMBER.fullmatch(index) and blank_line and len(response) <= _MAX_RESPONSE
    if not well_formed or not record or _CONTROL_CHARACTERS.search(record):
        raise NoteError("the answer is malformed: it is no record and tree head")
    return int(index), record + "\n", note


def parse_tree_head(text: str) -> Tree:
    """Return the tree that a note's text describes; lines after the third are for the future.

    Raises NoteError for another text.
    """
    lines = text.split("\n")
    if lines[0] != _TREE_HEADER or len(lines) <= _TREE_LINES or not _NUMBER.fullmatch(lines[1]):
        raise NoteError("the signed note does not describe a tree")
    root = decode_base64(lines[2])
    if len(root) != HASH_SIZE:
        raise NoteError(f"the tree's hash has {len(root)} bytes, not {HASH_SIZE}")
    return Tree(int(lines[1]), root)


def _bad_gosumdb(value: str, reason: str) -> SumDatabaseError:
    return SumDatabaseError(
        f"GOSUMDB is {value!r}, which is no checksum database: {reason}",
        remedy=f"set GOSUMDB to {DEFAULT_DATABASE}, to name+hash+key, or to off.",
    )
