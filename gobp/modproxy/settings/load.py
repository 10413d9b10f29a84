"""Read the settings: the file, then variables ``GOBP_MODULES_...``, then flags."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_type_hints

import msgspec
import yaml

from gobp.errors import UserError
from gobp.modproxy.settings.schema import Section, Settings
from gobp.modproxy.settings.values import Duration, Size

PREFIX = "GOBP_MODULES_"
_MOST_BYTES = 4 * 1024 * 1024


def load_settings(
    file: Path | None, env: Mapping[str, str], flags: Mapping[str, object]
) -> Settings:
    """Return the settings; flags (by the path of the setting, ``log.format``) win over variables.

    A setting ``log.format`` has the variable ``GOBP_MODULES_LOG_FORMAT``; lists and tables are
    set in the file only. Raises UserError, which names the setting.
    """
    document = _read(file) if file is not None else {}
    for path, name in variables().items():
        if env.get(name):
            _put(document, path, _scalar(env[name]), source=name)
    for path, value in flags.items():
        _put(document, path, value, source=f"--{path}")
    return _converted(document, str(file) if file else "the settings")


def variables() -> dict[str, str]:
    """Return the variable of each single setting, by its path."""
    return {path: PREFIX + path.replace(".", "_").upper() for path in _single_settings(Settings)}


def _single_settings(section: type[Section], prefix: str = "") -> list[str]:
    paths: list[str] = []
    for name, kind in get_type_hints(section).items():
        if name.startswith("__"):
            continue
        inner = _section_of(kind)
        if inner is not None:
            paths.extend(_single_settings(inner, f"{prefix}{name}."))
        elif "tuple" not in str(kind) and "dict" not in str(kind):
            paths.append(prefix + name)
    return paths


def _section_of(kind: object) -> type[Section] | None:
    for candidate in (kind, *getattr(kind, "__args__", ())):
        if isinstance(candidate, type) and issubclass(candidate, Section):
            return candidate if "tuple" not in str(kind) else None
    return None


def _read(file: Path) -> dict[str, Any]:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise UserError(
            f"the settings file {file} cannot be read: {error.strerror}",
            remedy="name an existing YAML file with --config.",
        ) from None
    if len(content) > _MOST_BYTES:
        raise UserError(f"{file} is larger than 4 MiB", remedy="name a file of settings.")
    try:
        document = yaml.safe_load(content)
    except (yaml.YAMLError, RecursionError) as error:
        raise UserError(f"{file} is not YAML", detail=str(error), remedy="correct it.") from None
    if document is None:
        return {}
    if not isinstance(document, dict):
        raise UserError(
            f"{file} holds no settings: it is a {type(document).__name__}",
            remedy="write names and values, as listen: 0.0.0.0:8130.",
        )
    return document


def _put(document: dict[str, Any], path: str, value: object, *, source: str) -> None:
    *sections, name = path.split(".")
    for section in sections:
        document = document.setdefault(section, {})
        if not isinstance(document, dict):
            raise UserError(
                f"{source} sets {path}, but the file has no section {section}",
                remedy=f"make {section} a section of settings in the file.",
            )
    document[name] = value


def _scalar(text: str) -> object:
    """Return a variable's text as YAML would read it, so that 4 is a number and off a truth."""
    value = yaml.safe_load(text) if text.strip().lower() in {"true", "false"} else text
    return int(text) if text.isdecimal() else value


def _converted(document: dict[str, Any], source: str) -> Settings:
    try:
        return msgspec.convert(document, Settings, dec_hook=_with_unit)
    except msgspec.ValidationError as error:
        reason, _, place = str(error).partition(" - at ")
        where = place.strip("`").removeprefix("$.") or "the top"
        raise UserError(
            f"{source}: at {where}: {reason}",
            remedy="see docs/modproxy.md, or gobp serve modules --help, for the settings.",
        ) from None


def _with_unit(kind: type, value: object) -> object:
    if kind in {Duration, Size}:
        return kind.parse(value)
    raise NotImplementedError
