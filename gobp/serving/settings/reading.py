"""Read settings of any server: the file, then variables, then flags."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Generic, TypeVar, get_type_hints

import msgspec

from gobp.errors import UserError
from gobp.serving.settings.document import Document
from gobp.serving.settings.section import Section
from gobp.serving.settings.values import Duration, Size

_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")
SettingsT = TypeVar("SettingsT", bound=Section)


@dataclass(frozen=True, slots=True)
class SettingsReader(Generic[SettingsT]):
    """Reads what ``schema`` says; variables begin with ``prefix``; ``remedy`` names the docs."""

    schema: type[SettingsT]
    prefix: str
    remedy: str

    def read(
        self, file: Path | None, env: Mapping[str, str], flags: Mapping[str, object]
    ) -> SettingsT:
        """Return the settings; flags (by the path of the setting, ``log.format``) win over all.

        A setting ``log.format`` has the variable ``<prefix>LOG_FORMAT``; lists and tables are set
        in the file only. Raises UserError, which names the setting and where it was set.
        """
        document = Document.read(file) if file is not None else Document("the settings", "")
        sources: dict[str, str] = {}
        values = document.values
        for path, name in self.variables().items():
            if env.get(name):
                _put(values, path, env[name], source=name)
                sources[path] = name
        for path, value in flags.items():
            _put(values, path, value, source=f"--{path}")
            sources[path] = f"the flag for {path}"
        return self._converted(document, sources)

    def variables(self) -> dict[str, str]:
        """Return the variable of each single setting, by its path."""
        paths = _single_settings(self.schema)
        return {path: self.prefix + path.replace(".", "_").upper() for path in paths}

    def _converted(self, document: Document, sources: Mapping[str, str]) -> SettingsT:
        try:  # not strict: variables are text, numbers and truths among them too
            return msgspec.convert(document.values, self.schema, strict=False, dec_hook=_with_unit)
        except msgspec.ValidationError as error:
            reason, _, place = str(error).partition(" - at ")
            path = place.strip("`").removeprefix("$").removeprefix(".")
            unknown = _UNKNOWN.fullmatch(reason)
            if unknown is not None:
                path = f"{path}.{unknown[1]}".removeprefix(".")
                reason = f"there is no such setting{self._meant(unknown[1])}"
            place = _place(document, sources, path)
            raise UserError(f"{place}: {reason}", remedy=self.remedy) from None

    def _meant(self, name: str) -> str:
        known = {path.rpartition(".")[2] for path in self.variables()}
        near = get_close_matches(name, sorted(known | set(get_type_hints(self.schema))), n=1)
        return f"; is {near[0]} meant?" if near else ""


def section_of(kind: object) -> type[Section] | None:
    """Return the section that a type is, or may be; None for lists of them and for other types."""
    for candidate in (kind, *getattr(kind, "__args__", ())):
        if isinstance(candidate, type) and issubclass(candidate, Section):
            return candidate if "tuple" not in str(kind) else None
    return None


def _single_settings(section: type[Section], prefix: str = "") -> list[str]:
    paths: list[str] = []
    for name, kind in get_type_hints(section).items():
        if name.startswith("__"):
            continue
        inner = section_of(kind)
        if inner is not None:
            paths.extend(_single_settings(inner, f"{prefix}{name}."))
        elif "tuple" not in str(kind) and "dict" not in str(kind):
            paths.append(prefix + name)
    return paths


def _put(values: dict[str, Any], path: str, value: object, *, source: str) -> None:
    *sections, name = path.split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise UserError(
                f"{source} sets {path}, but the file has no section {section}",
                remedy=f"make {section} a section of settings in the file.",
            )
    values[name] = value


def _place(document: Document, sources: Mapping[str, str], path: str) -> str:
    if path in sources:
        return sources[path]
    line = document.line_of(path)
    where = f"{document.name}:{line}" if line else document.name
    return f"{where}: {path}" if path else where


def _with_unit(kind: type, value: object) -> object:
    if kind in {Duration, Size}:
        return kind.parse(value)
    raise NotImplementedError
