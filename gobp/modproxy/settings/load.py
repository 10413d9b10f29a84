"""Read the settings: the file, then variables ``GOBP_MODULES_...``, then flags."""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from gobp.errors import UserError
from gobp.modproxy.settings.document import Document
from gobp.modproxy.settings.rules import check_settings, default_root
from gobp.modproxy.settings.schema import Section, Settings
from gobp.modproxy.settings.values import Duration, Size

PREFIX = "GOBP_MODULES_"
_REMEDY = "see docs/modproxy-settings.md, or gobp serve modules --help, for the settings."
_UNKNOWN = re.compile(r"Object contains unknown field `(.*)`")


def load_settings(
    file: Path | None, env: Mapping[str, str], flags: Mapping[str, object]
) -> Settings:
    """Return the settings; flags (by the path of the setting, ``log.format``) win over variables.

    A setting ``log.format`` has the variable ``GOBP_MODULES_LOG_FORMAT``; lists and tables are
    set in the file only. ``root`` is never empty. Raises UserError, which names the setting and
    where it was set.
    """
    document = Document.read(file) if file is not None else Document("the settings", "")
    sources: dict[str, str] = {}
    values = document.values
    for path, name in variables().items():
        if env.get(name):
            _put(values, path, env[name], source=name)
            sources[path] = name
    for path, value in flags.items():
        _put(values, path, value, source=f"--{path}")
        sources[path] = f"the flag for {path}"
    settings = _converted(document, sources)
    if not settings.root:
        settings = msgspec.structs.replace(settings, root=default_root(env))
    check_settings(settings)
    return settings


def variables() -> dict[str, str]:
    """Return the variable of each single setting, by its path."""
    return {path: PREFIX + path.replace(".", "_").upper() for path in _single_settings(Settings)}


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


def section_of(kind: object) -> type[Section] | None:
    """Return the section that a type is, or may be; None for lists of them and for other types."""
    for candidate in (kind, *getattr(kind, "__args__", ())):
        if isinstance(candidate, type) and issubclass(candidate, Section):
            return candidate if "tuple" not in str(kind) else None
    return None


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


def _converted(document: Document, sources: Mapping[str, str]) -> Settings:
    try:  # not strict: variables are text, numbers and truths among them too
        return msgspec.convert(document.values, Settings, strict=False, dec_hook=_with_unit)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at ")
        path = place.strip("`").removeprefix("$").removeprefix(".")
        unknown = _UNKNOWN.fullmatch(reason)
        if unknown is not None:
            path = f"{path}.{unknown[1]}".removeprefix(".")
            reason = f"there is no such setting{_meant(unknown[1])}"
        raise UserError(f"{_place(document, sources, path)}: {reason}", remedy=_REMEDY) from None


def _place(document: Document, sources: Mapping[str, str], path: str) -> str:
    if path in sources:
        return sources[path]
    line = document.line_of(path)
    where = f"{document.name}:{line}" if line else document.name
    return f"{where}: {path}" if path else where


def _meant(name: str) -> str:
    known = {path.rpartition(".")[2] for path in variables()} | set(get_type_hints(Settings))
    near = get_close_matches(name, sorted(known), n=1)
    return f"; is {near[0]} meant?" if near else ""


def _with_unit(kind: type, value: object) -> object:
    if kind in {Duration, Size}:
        return kind.parse(value)
    raise NotImplementedError
