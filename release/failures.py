"""Writes what users read of failures of go: ``python -m release.failures`` writes docs/failures.md.

The page says what the catalogue in gobp/golang/failures says.
"""

import re
import sys
from collections.abc import Iterable
from pathlib import Path

from gobp.golang.failures.catalogue import THEMES
from gobp.golang.failures.failure import Failure

PAGE = Path(__file__).resolve().parent.parent / "docs" / "failures.md"
_PLACEHOLDER = re.compile(r"\{(\w+)(?:!r)?\}")
_INTRODUCTION = """\
# Failures of go, and what to do about them

Written by `python -m release.failures` from `gobp/golang/failures`: edit that, not this page.

When a go command of a build fails, its output is in the log as go wrote it. Below it gobp says
what is wrong and what to do, with the app's own names in place of the words in *italics* here. The
code stands in the [build report](build-report.md) as `error.code`.

Which failure is meant, where the output shows more than one: one of the machine wherever it
stands, for others follow from it; else the one that stands first; else the errors of the code.
"""
_OTHERS = """\
## Other codes

| Code | Meaning |
| --- | --- |
| `compile-error` | the code does not compile (or `go vet` finds mistakes): how many errors in how \
many files, and where the first is |
| `go-failed` | a go command failed in a way that the catalogue does not know |
| `permission-denied` | a file or folder of the build cannot be read or written |
| `user` | a setting, a file or a binding that gobp itself refuses; the summary says which |
| `stopped` | a signal stopped the build |
| `internal` | a bug of gobp's |
"""


def main() -> int:
    """Write docs/failures.md."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


def page() -> str:
    """Return docs/failures.md."""
    themes = (f"## {theme}\n\n{_table(failures)}" for theme, failures in THEMES.items())
    return "\n".join((_INTRODUCTION, *themes, _OTHERS))


def _table(failures: Iterable[Failure]) -> str:
    rows = (
        f"| `{each.code}` | {_told(each.summary)} | {_told(each.remedy)} |" for each in failures
    )
    return "\n".join(("| Code | What is said | Remedy |", "| --- | --- | --- |", *rows, ""))


def _told(template: str) -> str:
    """Return a sentence with its placeholders in italics, fit for a cell of a table."""
    escaped = template.replace("|", "\\|").replace("*", "\\*").replace("<", "&lt;")
    return _PLACEHOLDER.sub(r"*\1*", escaped)


if __name__ == "__main__":
    sys.exit(main())
