"""Go's vulnerability database, and which of its entries concern the modules of a program.

Source: https://go.dev/doc/security/vuln/database (files and their fields, those of OSV); what
matches is what govulncheck finds in binary mode at module level. A database may be anybody's
mirror, so nothing in it is taken on trust.
"""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from gobp.errors import UserError
from gobp.golang import semver
from gobp.golang.buildinfo import BuildInfo, BuiltModule, release_of
from gobp.golang.module import ModuleVersion

INDEX = "index/modules.json"
STDLIB = "stdlib"
TOOLCHAIN = "toolchain"
_TOOLCHAIN_MODULE = "cmd"  # main module of the go command and its tools
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_GO_RELEASE = re.compile(r"(\d+\.\d+)(\.\d+)?(?:(beta|rc)(\d+))?", re.ASCII)
_FROM_THE_FIRST = "0"
_DEVELOPMENT = "(devel)"


class Severity(IntEnum):
    """How bad a vulnerability is; Go's own database does not say, and unknown counts as high."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3
    CRITICAL = 4


_SEVERITIES = {each.name: each for each in Severity} | {"MODERATE": Severity.MEDIUM}


@dataclass(frozen=True, slots=True)
class Vulnerable:
    """Packages of a module at some versions, by an entry.

    ``ranges`` are semantic version ranges, each a row of (introduced or not, version) events;
    without any, all versions are meant. ``packages`` are import paths; none means all.
    """

    module: str
    ranges: tuple[tuple[tuple[bool, str], ...], ...]
    packages: tuple["VulnerablePackage", ...]


@dataclass(frozen=True, slots=True)
class VulnerablePackage:
    """A package, where it matters: on all platforms, or on those named."""

    path: str
    goos: tuple[str, ...] = ()
    goarch: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Entry:
    """One vulnerability; ``severity`` is None where the database names none."""

    id: str
    aliases: tuple[str, ...]
    summary: str
    url: str
    severity: Severity | None
    withdrawn: bool
    affected: tuple[Vulnerable, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """An entry that concerns a module at the version that a program holds."""

    entry: Entry
    module: ModuleVersion
    fixed: str
    packages: tuple[str, ...]


def parse_index(data: bytes, *, source: str) -> dict[str, dict[str, str]]:
    """Return for each module the entries' ids, each with the last fixed version ("" for none).

    Raises UserError where the file is not such an index.
    """
    modules = _json(data, source)
    if not isinstance(modules, list):
        raise _malformed(source, "it is no list of modules")
    index: dict[str, dict[str, str]] = {}
    for module in modules:
        entries = index.setdefault(_text(_table(module, source), "path"), {})
        for vuln in _tables(module, "vulns", source):
            entries[_checked_id(_text(vuln, "id"), source)] = _text(vuln, "fixed")
    return index


def parse_entry(data: bytes, *, source: str) -> Entry:
    """Read ``ID/<id>.json``. Raises UserError where it is no entry."""
    document = _table(_json(data, source), source)
    about = document.get("database_specific")
    about = about if isinstance(about, dict) else {}
    aliases = document.get("aliases")
    return Entry(
        id=_checked_id(_text(document, "id"), source),
        aliases=_texts(aliases),
        summary=" ".join(_text(document, "summary").split()),
        url=_text(about, "url"),
        severity=_SEVERITIES.get(_text(about, "severity").upper()),
        withdrawn=bool(document.get("withdrawn")),
        affected=tuple(_affected(each, source) for each in _tables(document, "affected", source)),
    )


def program_modules(program: BuildInfo) -> tuple[ModuleVersion, ...]:
    """Return what a program was built of: Go's own packages, its main module, its dependencies.

    A replaced module is the one it was replaced by. Modules of no known version are left out.
    """
    modules = [_built(module) for module in program.dependencies]
    go_version = _go_as_semver(program.go_version)
    if program.main is not None:
        is_go = program.main.path == _TOOLCHAIN_MODULE
        modules.append(ModuleVersion(TOOLCHAIN, go_version) if is_go else _built(program.main))
    modules.append(ModuleVersion(STDLIB, go_version))
    return tuple(each for each in modules if each.version not in {"", _DEVELOPMENT})


def candidates(
    index: Mapping[str, Mapping[str, str]], modules: Iterable[ModuleVersion]
) -> tuple[str, ...]:
    """Return the ids of the entries that may concern a module, sorted: not those long fixed."""
    found = {
        id_
        for module in modules
        for id_, fixed in index.get(module.path, {}).items()
        if not fixed or _order(module.version) < _order(fixed)
    }
    return tuple(sorted(found))


def findings(
    entries: Iterable[Entry], modules: Sequence[ModuleVersion], *, goos: str, goarch: str
) -> tuple[Finding, ...]:
    """Return which entries concern the modules of a program built for a platform, in order."""
    found = []
    for entry in sorted(entries, key=lambda each: each.id):
        if entry.withdrawn:
            continue
        for module in modules:
            parts = [
                part
                for part in entry.affected
                if part.module == module.path
                and _in_ranges(part.ranges, module.version)
                and _on_platform(part, goos, goarch)
            ]
            if parts:
                packages = {package.path for part in parts for package in part.packages}
                fixed = _fixed_after(module.version, parts)
                found.append(Finding(entry, module, fixed, tuple(sorted(packages))))
    return tuple(found)


def _built(module: BuiltModule) -> ModuleVersion:
    real = module.replaced_by or module
    return ModuleVersion(real.path, real.version)


def _go_as_semver(go_version: str) -> str:
    """Return ``v1.27.0-rc.1`` for "go1.27rc1"; "" for a development version of Go."""
    match = _GO_RELEASE.fullmatch(release_of(go_version))
    if match is None:
        return ""
    prerelease = f"-{match[3]}.{match[4]}" if match[3] else ""
    return f"v{match[1]}{match[2] or '.0'}{prerelease}"


def _order(version: str) -> tuple[object, ...]:
    """Return what sorts versions with and without their ``v``."""
    return semver.order(version if version.startswith("v") else f"v{version}")


def _in_ranges(ranges: Sequence[Sequence[tuple[bool, str]]], version: str) -> bool:
    return not ranges or any(_in_range(events, version) for events in ranges)


def _in_range(events: Sequence[tuple[bool, str]], version: str) -> bool:
    """Tell whether the last event up to a version introduces; without events all are affected."""
    affected = not events
    for introduces, at in sorted(events, key=_event_order):
        if (introduces and at == _FROM_THE_FIRST) or _order(at) <= _order(version):
            affected = introduces
    return affected


def _event_order(event: tuple[bool, str]) -> tuple[object, ...]:
    return () if event[1] == _FROM_THE_FIRST else _order(event[1])


def _on_platform(part: Vulnerable, goos: str, goarch: str) -> bool:
    return not part.packages or any(
        (not package.goos or goos in package.goos)
        and (not package.goarch or goarch in package.goarch)
        for package in part.packages
    )


def _fixed_after(version: str, parts: Iterable[Vulnerable]) -> str:
    """Return the first version after this one that is fixed in every part, "" for none."""
    ranges = [events for part in parts for events in part.ranges]
    fixes = {at for events in ranges for introduces, at in events if not introduces}
    later = sorted((at for at in fixes if _order(at) > _order(version)), key=_order)
    good = (at for at in later if not any(_in_range(events, at) for events in ranges))
    return next(good, "")


def _affected(table: Mapping[str, object], source: str) -> Vulnerable:
    package = table.get("package")
    specific = table.get("ecosystem_specific")
    specific = specific if isinstance(specific, dict) else {}
    ranges = [
        tuple(event for each in _tables(span, "events", source) for event in _events(each))
        for span in _tables(table, "ranges", source)
        if _text(span, "type") == "SEMVER"
    ]
    packages = [
        VulnerablePackage(_text(each, "path"), _texts(each.get("goos")), _texts(each.get("goarch")))
        for each in _tables(specific, "imports", source)
    ]
    return Vulnerable(_text(_table(package, source), "name"), tuple(ranges), tuple(packages))


def _events(table: Mapping[str, object]) -> list[tuple[bool, str]]:
    kinds = ((True, "introduced"), (False, "fixed"))
    return [(introduces, at) for introduces, key in kinds if (at := _text(table, key))]


def _checked_id(text: str, source: str) -> str:
    """Return an id, which also names a file of the database."""
    if _ID.fullmatch(text) is None or ".." in text:
        raise _malformed(source, f"{text[:100]!r} is no id of an entry")
    return text


def _json(data: bytes, source: str) -> object:
    try:
        document: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _malformed(source, "it is not JSON") from error
    return document


def _table(value: object, source: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise _malformed(source, "an object is missing")
    return value


def _tables(table: Mapping[str, object], key: str, source: str) -> list[Mapping[str, object]]:
    values = table.get(key) or []
    if not isinstance(values, list):
        raise _malformed(source, f"{key} is no list")
    return [_table(value, source) for value in values]


def _text(table: Mapping[str, object], key: str) -> str:
    value = table.get(key)
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()


def _malformed(source: str, reason: str) -> UserError:
    return UserError(
        f"{source} is no file of a Go vulnerability database: {reason}",
        remedy="name a complete copy of a database in GOVULNDB; "
        "https://go.dev/doc/security/vuln/database describes its files.",
    )
