"""Whole outputs held against files; what differs from run to run is made the same first."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent / "golden"
UPDATE = "GOBP_UPDATE_GOLDEN"
_DURATION = re.compile(r"(Completed in|Failed after) (?:\d+ms|\d+\.\d+s)")


@dataclass(frozen=True)
class Golden:
    """Compares outputs with ``tests/golden/<case>.txt``, or writes them anew."""

    update: bool
    places: Mapping[str, str] = field(default_factory=dict)

    def at(self, places: Mapping[str, str]) -> "Golden":
        """Return the same with texts (paths, addresses) to be shown by other names."""
        return Golden(self.update, {**self.places, **places})

    def check(self, case: str, text: str) -> None:
        """Fail with the difference unless the text is the one in the file."""
        file = FOLDER / f"{case}.txt"
        found = self._normalised(text)
        if self.update:
            file.write_text(found)
            return
        if not file.exists():
            pytest.fail(f"{file.name} is not there; make it with {UPDATE}=1")
        expected = file.read_text()
        if found != expected:
            pytest.fail("\n".join(_difference(expected, found, file.name)))

    def _normalised(self, text: str) -> str:
        for shown in sorted(self.places, key=len, reverse=True):
            text = text.replace(shown, self.places[shown])
        return _DURATION.sub(r"\1 <time>", text)


def _difference(expected: str, found: str, name: str) -> Iterable[str]:
    return difflib.unified_diff(
        expected.splitlines(), found.splitlines(), name, "found", lineterm=""
    )
