"""Which files of a commit are a module tree, and which commit cannot be served."""

from collections.abc import Iterable
from dataclasses import dataclass

from gobp.errors import UserError
from gobp.golang.modzip import MOST_BYTES, MOST_GO_MOD_BYTES
from gobp.modproxy.protocol.requests import (
    Kind,
    ModuleFile,
    NotOfTheProtocolError,
    parse_request,
)
from gobp.modproxy.published.mirror import Entry

LIST = "list"
ZIPHASH = "ziphash"
_MOST_BYTES = {
    Kind.INFO: 1024 * 1024,
    Kind.MOD: MOST_GO_MOD_BYTES,
    Kind.ZIP: MOST_BYTES,
    ZIPHASH: 1024,
    LIST: 16 * 1024 * 1024,
}


class BadCommitError(UserError):
    """A commit is no module tree; the one before it stays."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(
            f"{path}: {reason}",
            remedy="push a commit that puts it right; until then the one before is served.",
        )


@dataclass(frozen=True, slots=True)
class Served:
    """A file of a commit that is part of the tree.

    ``file`` is the file of a version that it is, or, of a .ziphash, belongs to; None of a list.
    """

    entry: Entry
    file: ModuleFile | None
    is_hash: bool = False


def served(entries: Iterable[Entry]) -> dict[str, Served]:
    """Return the files of a commit that are served, by their paths.

    What is not below an ``@v`` folder, or is no file of the protocol, is the repository's own
    (README, CI, the lock files of a module cache) and is left out. Raises BadCommitError.
    """
    found = (_served(entry) for entry in entries)
    return {each.entry.path: each for each in found if each is not None}


def _served(entry: Entry) -> Served | None:
    folder, at_v, name = entry.path.rpartition("/@v/")
    stem, dot, extension = name.rpartition(".")
    is_list = name == LIST
    if not at_v or not (is_list or (dot and extension in {*Kind, ZIPHASH})):
        return None
    if not entry.regular:
        raise BadCommitError(entry.path, "it is a link or a submodule, not a file")
    limit = _MOST_BYTES[LIST if is_list else extension]
    if entry.size > limit:
        raise BadCommitError(entry.path, f"it is larger than {limit} bytes")
    is_hash = extension == ZIPHASH and not is_list
    path = f"{folder}/@v/{stem}.zip" if is_hash else entry.path
    try:
        request = parse_request(path)
    except NotOfTheProtocolError as error:
        raise BadCommitError(entry.path, f"it is no path of a module tree: {error}") from None
    if is_list:
        return Served(entry, None)
    return Served(entry, request, is_hash) if isinstance(request, ModuleFile) else None
