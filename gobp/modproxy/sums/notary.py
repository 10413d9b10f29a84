"""The notary of public modules: their hashes are those that a checksum database has."""

import asyncio

from gobp.golang.note import NoteError
from gobp.golang.patterns import ModulePatterns
from gobp.golang.sumdb import SumDatabaseError, hash_of, lookup_path, parse_gosumdb
from gobp.golang.tlog import ProofError
from gobp.modproxy.protocol.requests import Kind, SumdbFile
from gobp.modproxy.sources.source import NotFoundError, RefusedError, SourceError, UnavailableError
from gobp.modproxy.sums.database_files import DatabaseFiles
from gobp.modproxy.sums.proven_log import ProvenLog

_TOOLCHAIN = "golang.org/toolchain"  # always checked, as by the go command
_MOST_PROVEN = 4096
_MOST_FORESEEN = 256
_Version = tuple[str, str]


class SumdbNotary:
    """Checks hashes by a checksum database (see Notary).

    ``database`` is as GOSUMDB, ``unlisted`` as GONOSUMDB: modules it is not asked about. Raises
    UserError for others.
    """

    def __init__(self, database: str, files: DatabaseFiles, unlisted: str) -> None:
        found = parse_gosumdb(database)
        self._files = files
        self._unlisted = ModulePatterns.parse(unlisted, source="sums.unlisted")
        self._name = found.name if found is not None else ""
        self._log = ProvenLog(found.verifier, files) if found is not None else None
        self._proven: dict[_Version, tuple[str, ...]] = {}
        self._proving: dict[_Version, asyncio.Task[tuple[str, ...]]] = {}

    def foresee(self, module: str, version: str) -> None:
        """See Notary.foresee."""
        key = (module, version)
        if self._log is None or not self._is_listed(module) or key in self._proven:
            return
        if len(self._proving) < _MOST_FORESEEN:
            self._begin(key, self._log)

    async def check(self, module: str, version: str, kind: Kind, h1: str) -> bool:
        """See Notary.check."""
        if self._log is None or not self._is_listed(module):
            return False
        try:
            lines = await self._lines((module, version), self._log)
            known = hash_of(lines, module, version if kind is Kind.ZIP else f"{version}/go.mod")
        except NotFoundError as error:
            raise RefusedError(_not_known(module, version, error.text)) from None
        except SumDatabaseError as error:
            raise UnavailableError(f"verifying {module}@{version}: {error.summary}") from None
        except SourceError as error:
            if kind is Kind.ZIP and self._files.tree.pinned_hash(module, version) == h1:
                return True  # it was proven when it was first here
            raise _cannot_ask(module, version, error) from None
        if known != h1:
            raise UnavailableError(_mismatch(f"{module}@{version}", kind, h1, known, self._name))
        return True

    def _is_listed(self, module: str) -> bool:
        return module == _TOOLCHAIN or not self._unlisted.match(module)

    async def _lines(self, key: _Version, log: ProvenLog) -> tuple[str, ...]:
        known = self._proven.get(key)
        if known is not None:
            return known
        return await asyncio.shield(self._begin(key, log))

    def _begin(self, key: _Version, log: ProvenLog) -> "asyncio.Task[tuple[str, ...]]":
        """Return the task that proves the lines of a version, which there is once."""
        task = self._proving.get(key)
        if task is None:
            task = asyncio.ensure_future(self._prove(key, log))
            self._proving[key] = task
            task.add_done_callback(lambda done: self._end(key, done))
        return task

    def _end(self, key: _Version, task: "asyncio.Task[tuple[str, ...]]") -> None:
        del self._proving[key]
        if task.cancelled() or task.exception() is not None:
            return
        self._proven[key] = task.result()
        while len(self._proven) > _MOST_PROVEN:
            del self._proven[next(iter(self._proven))]

    async def _prove(self, key: _Version, log: ProvenLog) -> tuple[str, ...]:
        """Return the proven lines; what does not hold is fetched anew, once."""
        request = SumdbFile(self._name, lookup_path(*key))
        reason = ""
        for _ in range(2):
            try:
                content, _ = await self._files.read(request)
                return await log.lines(content)
            except (NoteError, ProofError) as error:
                reason = str(error)
                self._files.forget(request)
            except SourceError:
                if not reason:
                    raise
        raise UnavailableError(
            f"the answer of the checksum database {self._name} cannot be trusted: {reason}\n"
            "SECURITY ERROR: find out what answers in place of the database"
        )


def _not_known(module: str, version: str, text: str) -> str:
    return (
        f"verifying {module}@{version}: {text}\n"
        "the checksum database does not know it; if it is private, a rule of this server or "
        "sums.unlisted must say so"
    )


def _cannot_ask(module: str, version: str, error: SourceError) -> UnavailableError:
    status = error.status if isinstance(error, UnavailableError) else 502
    return UnavailableError(
        f"verifying {module}@{version}: {error.text}", status=status, retry_after=error.retry_after
    )


def _mismatch(what: str, kind: Kind, downloaded: str, known: str, database: str) -> str:
    return (
        f"verifying {what} ({kind}): checksum mismatch\n"
        f"\tdownloaded: {downloaded}\n"
        f"\t{database}: {known}\n"
        "SECURITY ERROR: this is NOT what the checksum database reports; it is not served.\n"
        "The bits were replaced at the origin or on the way: compare with another source. A fork "
        "that is meant to differ needs a rule with private: true."
    )
