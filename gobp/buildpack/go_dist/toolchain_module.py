"""Go as the module ``golang.org/toolchain`` of a Go module proxy, checked by its ``h1:`` hash."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from gobp.buildpack.go_dist.catalog import Release
from gobp.buildpack.go_dist.distribution import module_version
from gobp.errors import UserError
from gobp.golang.constraint import Constraint
from gobp.golang.sumdb import SumDatabase, hash_of, lookup_path, parse_gosumdb, verify_lookup
from gobp.golang.version import GoVersion
from gobp.system.fetch import Fetcher, NotAvailableError, redacted

MODULE = "golang.org/toolchain"
_NOT_PROXIES = frozenset({"direct", "off", ""})


def proxies(goproxy: str) -> tuple[str, ...]:
    """Return the addresses in a GOPROXY list; ``direct`` and ``off`` are none."""
    entries = re.split("[,|]", goproxy)
    return tuple(e.strip().rstrip("/") for e in entries if e.strip() not in _NOT_PROXIES)


@dataclass(frozen=True, slots=True)
class ToolchainModule:
    """The toolchain module as proxies serve it; the first proxy that answers is taken."""

    fetcher: Fetcher
    proxies: tuple[str, ...]
    gosumdb: str

    def newest(self, constraint: Constraint, architecture: str) -> Release | None:
        """Return the newest release that the proxies list and a constraint allows."""
        allowed = [v for v in self.versions(architecture) if constraint.allows(v)]
        return Release(max(allowed), architecture) if allowed else None

    def versions(self, architecture: str) -> tuple[GoVersion, ...]:
        """Return every version that the proxies list for Linux, in no order."""
        listed = self._read(f"{MODULE}/@v/list").decode("utf-8", "replace").split()
        pattern = re.compile(rf"v0\.0\.1-go(\S+)\.linux-{re.escape(architecture)}")
        named = [match[1] for name in listed if (match := pattern.fullmatch(name))]
        return tuple(version for version in map(_parsed, named) if version is not None)

    def locations(self, release: Release) -> tuple[str, ...]:
        """Return where the release's zip is, a URL a proxy."""
        version = module_version(release.version, release.architecture)
        return tuple(f"{proxy}/{MODULE}/@v/{version}.zip" for proxy in self.proxies)

    def module_hash(self, release: Release) -> str:
        """Return the hash that the checksum database records. Raises UserError."""
        database = parse_gosumdb(self.gosumdb)
        version = module_version(release.version, release.architecture)
        if database is None:
            raise UserError(
                f"Go {release.version} cannot be verified: GOSUMDB is off, its hash is not known",
                remedy="use a version that this buildpack knows, or leave GOSUMDB as it is.",
            )
        lines = verify_lookup(
            self._ask(database, lookup_path(MODULE, version)),
            verifier=database.verifier,
            read_tile=lambda path: self._ask(database, path),
        )
        return hash_of(lines, MODULE, version)

    def _ask(self, database: SumDatabase, path: str) -> bytes:
        """Ask the checksum database through the proxies, as one may mirror it, or itself."""
        if database.url:
            return self.fetcher.read(f"{database.url}/{path}")
        mirrored = [f"{proxy}/sumdb/{database.name}/{path}" for proxy in self.proxies]
        return self._read_first([*mirrored, f"https://{database.name}/{path}"])

    def _read(self, path: str) -> bytes:
        return self._read_first([f"{proxy}/{path}" for proxy in self.proxies])

    def _read_first(self, urls: list[str]) -> bytes:
        reasons = []
        for url in urls:
            try:
                return self.fetcher.read(url)
            except NotAvailableError as error:
                reasons.append(error.summary)
        raise NotAvailableError(
            "no Go module proxy serves Go itself"
            if self.proxies
            else "no Go module proxy is named, so Go cannot be fetched from one",
            detail="\n".join(reasons),
            remedy="set GOPROXY to a Go module proxy that this build can reach.",
        )


def goproxy_of(env: Mapping[str, str], go_env_says: str) -> str:
    """Return GOPROXY: the variable, else what the Go at hand is configured with."""
    return env.get("GOPROXY", "") or go_env_says


def shown(addresses: tuple[str, ...]) -> str:
    """Return proxies for a message, without credentials."""
    return ", ".join(redacted(address) for address in addresses) or "none"


def _parsed(text: str) -> GoVersion | None:
    try:
        return GoVersion.parse(text)
    except UserError:
        return None
