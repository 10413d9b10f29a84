"""What was found, for people (a table in the log) and for programs (a JSON file)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gobp.golang.module import ModuleVersion
from gobp.golang.vulndb import STDLIB, Entry, Finding, Severity

VERSION = 1  # of the file's fields; additions do not change it
_SUMMARY_WIDTH = 70  # characters


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """An entry that concerns a module in some of the programs; ``ignored`` where the user says so.

    ``fixed`` is the first version without it, "" where there is none.
    """

    entry: Entry
    module: ModuleVersion
    fixed: str
    packages: tuple[str, ...]
    programs: tuple[str, ...]
    ignored: bool

    @property
    def severity(self) -> Severity:
        """How bad it is: where the database does not say, it counts as high."""
        return self.entry.severity or Severity.HIGH


def merged(
    found: Iterable[tuple[str, Finding]], ignored: frozenset[str]
) -> tuple[Vulnerability, ...]:
    """Join what was found in each program (its name first), sorted by id and module."""
    programs: dict[tuple[str, ModuleVersion], list[str]] = {}
    findings: dict[tuple[str, ModuleVersion], Finding] = {}
    for program, finding in found:
        key = (finding.entry.id, finding.module)
        programs.setdefault(key, []).append(program)
        findings[key] = finding
    return tuple(
        Vulnerability(
            entry=each.entry,
            module=each.module,
            fixed=each.fixed,
            packages=each.packages,
            programs=tuple(sorted(programs[key])),
            ignored=not ignored.isdisjoint(names_of(each.entry)),
        )
        for key, each in sorted(findings.items())
    )


def names_of(entry: Entry) -> frozenset[str]:
    """Return all ids of an entry, in upper case."""
    return frozenset(name.upper() for name in (entry.id, *entry.aliases))


def table(rows: Sequence[Vulnerability]) -> list[str]:
    """Return the vulnerabilities as aligned lines for the log."""
    cells = [(each.entry.id, _found(each), _fix(each), _shortened(each)) for each in rows]
    widths = [max(len(row[column]) for row in cells) for column in range(3)] if cells else []
    return [
        "  ".join(
            (*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[3])
        ).rstrip()
        for row in cells
    ]


def _found(each: Vulnerability) -> str:
    if each.module.path == STDLIB:
        return f"Go {each.module.version.removeprefix('v')}"
    return str(each.module)


def _fix(each: Vulnerability) -> str:
    if not each.fixed:
        return "not fixed"
    prefix = "" if each.module.path == STDLIB else "v"
    return f"fixed in {prefix}{each.fixed.removeprefix('v')}"


def _shortened(each: Vulnerability) -> str:
    summary = each.entry.summary
    if len(summary) > _SUMMARY_WIDTH:
        summary = summary[: _SUMMARY_WIDTH - 3].rstrip() + "..."
    return f"{summary} (ignored)" if each.ignored else summary


def document(database: str, rows: Iterable[Vulnerability]) -> bytes:
    """Return the report as JSON; the same programs and database give the same bytes."""
    fields = {
        "version": VERSION,
        "database": database,
        "vulnerabilities": [_fields(each) for each in rows],
    }
    return (json.dumps(fields, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _fields(each: Vulnerability) -> dict[str, object]:
    severity = each.entry.severity
    return {
        "id": each.entry.id,
        "aliases": list(each.entry.aliases),
        "summary": each.entry.summary,
        "url": each.entry.url,
        "severity": severity.name.lower() if severity else "unknown",
        "module": each.module.path,
        "found": each.module.version,
        "fixed": each.fixed,
        "packages": list(each.packages),
        "programs": list(each.programs),
        "ignored": each.ignored,
    }
