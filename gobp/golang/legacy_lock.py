"""Lock files from before Go modules: Gopkg.lock (dep), glide.lock, and Godeps.json (godep).

Their documents are read by who has the reader for TOML, YAML (every scalar as text) and JSON; here
is what they mean.
Sources: ``rawLock`` and ``rawManifest`` of github.com/golang/dep v0.5.4; the structures by which
its internal/importers read glide's and godep's files.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gobp.errors import UserError
from gobp.golang import semver

GOPKG, GLIDE, GODEPS = "Gopkg.lock", "glide.lock", "Godeps/Godeps.json"
LOCK_FILES = (GOPKG, GLIDE, GODEPS)

# `git describe` of a commit after a tag: v1.0.0-5-g0123abc, which reads as a version and is none.
_DESCRIBED = re.compile(r".*-[0-9]+-g[0-9a-f]{4,}", re.ASCII)
_HOST = r"(?P<host>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)"
_URL = re.compile(rf"[a-z][a-z0-9+.-]*://(?:[^/@\s]+@)?{_HOST}(?::[0-9]*)?/+(?P<path>\S+)")
_SHORT_ADDRESS = re.compile(rf"(?:[^/@\s]+@)?{_HOST}[:/](?P<path>[^/\s]\S*)")  # as scp has it
# Hosts whose repositories' places are known by the path alone, as cmd/go knows them.
_ROOTS = re.compile(
    r"(?:github\.com|bitbucket\.org)/[^/]+/[^/]+|golang\.org/x/[^/]+"
    r"|gopkg\.in/(?:[^/]+/)?[^/]+\.v[0-9]+(?:-unstable)?"
)


@dataclass(frozen=True, slots=True)
class LockedProject:
    """A dependency as a lock file has it.

    ``paths`` are the import paths that may be its module's, the likeliest first (godep locks
    packages, the others repositories); ``version`` is the tag, "" where it is none that Go knows;
    ``source`` is the import path of the fork that it is fetched from, "" without one.
    """

    paths: tuple[str, ...]
    revision: str
    version: str = ""
    source: str = ""

    @property
    def path(self) -> str:
        """The import path by which the file and its users know it."""
        return self.paths[0]

    @property
    def queries(self) -> tuple[str, ...]:
        """What to ask go for, as ``path@version``, the best first: the tag, then the revision."""
        paths = (self.source,) if self.source else self.paths
        wanted = [each for each in (self.version, self.revision) if each]
        return tuple(f"{path}@{each}" for each in wanted for path in paths)


@dataclass(frozen=True, slots=True)
class LegacyLock:
    """All that a lock file says; ``import_path`` is the app's own, "" where it does not say."""

    projects: tuple[LockedProject, ...]
    import_path: str = ""


def from_gopkg(document: Mapping[str, object]) -> LegacyLock:
    """Read Gopkg.lock. Raises UserError on what dep would not write."""
    rows = _tables(document, "projects", GOPKG)
    return LegacyLock(
        tuple(
            _project(
                (_name(row, "name", GOPKG),),
                revision=_text(row, "revision", GOPKG),
                version=_text(row, "version", GOPKG),
                source=_text(row, "source", GOPKG),
            )
            for row in rows
        )
    )


def from_glide(document: Mapping[str, object], manifest: Mapping[str, object]) -> LegacyLock:
    """Read glide.lock, and the app's import path from glide.yaml. Raises UserError."""
    rows = [row for key in ("imports", "testImports") for row in _tables(document, key, GLIDE)]
    projects = (
        _project(
            (_name(row, "name", GLIDE),),
            revision=_text(row, "version", GLIDE),
            version=_text(row, "version", GLIDE),
            source=_text(row, "repo", GLIDE),
        )
        for row in rows
    )
    return LegacyLock(tuple(dict.fromkeys(projects)), _text(manifest, "package", "glide.yaml"))


def from_godeps(document: Mapping[str, object]) -> LegacyLock:
    """Read Godeps.json, which has a row for each package. Raises UserError."""
    projects = (
        _project(
            module_paths(_name(row, "ImportPath", GODEPS)),
            revision=_text(row, "Rev", GODEPS),
            version=_text(row, "Comment", GODEPS),
        )
        for row in _tables(document, "Deps", GODEPS)
    )
    unique = tuple(dict.fromkeys(projects))
    return LegacyLock(unique, _text(document, "ImportPath", GODEPS))


def untranslatable(manifest: Mapping[str, object]) -> tuple[str, ...]:
    """Return what Gopkg.toml says that go.mod has no words for, as sentences."""
    required = _strings(manifest, "required", "Gopkg.toml")
    ignored = _strings(manifest, "ignored", "Gopkg.toml")
    said = []
    if required:
        said.append(
            f"Gopkg.toml requires {', '.join(required)}, which no package imports: "
            "'go get -tool' keeps programs among them in go.mod"
        )
    if ignored:
        said.append(
            f"Gopkg.toml ignores {', '.join(ignored)}: go has no such setting, and gets what the "
            "app imports"
        )
    return tuple(said)


def module_paths(package: str) -> tuple[str, ...]:
    """Return the import paths that may be that of a package's module, the likeliest first."""
    known = _ROOTS.match(package)
    if known:
        return (known[0],)
    parts = package.split("/")
    shortest = min(2, len(parts))
    return tuple("/".join(parts[:size]) for size in range(len(parts), shortest - 1, -1))


def as_import_path(address: str) -> str:
    """Return the import path that a repository's address stands for, "" where it is none.

    ``https://example.com/a/b.git`` and ``git@example.com:a/b`` are ``example.com/a/b``.
    """
    text = address.strip()
    match = _URL.fullmatch(text) or _SHORT_ADDRESS.fullmatch(text)
    if match is None:
        return ""
    return f"{match['host'].lower()}/{match['path'].strip('/').removesuffix('.git')}"


def _project(
    paths: tuple[str, ...], *, revision: str, version: str, source: str = ""
) -> LockedProject:
    is_tag = semver.canonical(version) == version and not _DESCRIBED.fullmatch(version)
    fork = as_import_path(source) or source
    return LockedProject(
        paths,
        revision=revision,
        version=version if is_tag else "",
        source="" if fork in paths else fork,
    )


def _tables(table: Mapping[str, object], key: str, source: str) -> list[Mapping[str, object]]:
    rows = table.get(key) or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise _unreadable(source, f"{key} is not a list of tables")
    return rows


def _strings(table: Mapping[str, object], key: str, source: str) -> Iterable[str]:
    values = table.get(key) or []
    if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
        raise _unreadable(source, f"{key} is not a list of texts")
    return values


def _text(table: Mapping[str, object], key: str, source: str) -> str:
    value = table.get(key) or ""
    if not isinstance(value, str):
        raise _unreadable(source, f"{key} is not a text")
    return value


def _name(table: Mapping[str, object], key: str, source: str) -> str:
    name = _text(table, key, source)
    if not name:
        raise _unreadable(source, f"a dependency has no {key}")
    return name


def _unreadable(source: str, reason: str) -> UserError:
    return UserError(
        f"{source} cannot be read: {reason}",
        remedy=f"give the app the {source} that its tool wrote.",
    )
