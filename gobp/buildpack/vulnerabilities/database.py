"""Asks a vulnerability database for what it knows of the modules of programs."""

from collections.abc import Iterable

from gobp.errors import UserError
from gobp.golang import vulndb
from gobp.golang.module import ModuleVersion
from gobp.golang.vulndb import Entry
from gobp.system.fetch import Fetcher, redacted

_MOST = 2000  # entries that one build asks for; all of Go's database were 4000 in 2025


class Database:
    """A database at an address; only what concerns the modules is fetched."""

    def __init__(self, fetcher: Fetcher, address: str) -> None:
        self._fetcher = fetcher
        self._address = address

    @property
    def name(self) -> str:
        """The address as it may be shown."""
        return redacted(self._address)

    def entries(self, modules: Iterable[ModuleVersion]) -> tuple[Entry, ...]:
        """Return the entries that may concern the modules. Raises UserError.

        A database that cannot be reached, or is damaged, must not look like one without entries.
        """
        index = vulndb.parse_index(self._read(vulndb.INDEX), source=self._shown(vulndb.INDEX))
        ids = vulndb.candidates(index, modules)
        if len(ids) > _MOST:
            raise UserError(
                f"{self.name} has {len(ids)} entries for this app, which cannot be",
                remedy="name another vulnerability database in GOVULNDB.",
            )
        return tuple(self._entry(id_) for id_ in ids)

    def _entry(self, id_: str) -> Entry:
        path = f"ID/{id_}.json"
        entry = vulndb.parse_entry(self._read(path), source=self._shown(path))
        if entry.id != id_:
            raise UserError(
                f"{self._shown(path)} holds the entry {entry.id}",
                remedy="name a complete copy of a vulnerability database in GOVULNDB.",
            )
        return entry

    def _read(self, path: str) -> bytes:
        return self._fetcher.read(f"{self._address}/{path}")

    def _shown(self, path: str) -> str:
        return f"{self.name}/{path}"
