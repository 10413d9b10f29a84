"""Writes docs/modproxy-settings.md from the schema: ``python -m release.module_settings``."""

import ast
import inspect
import sys
from enum import StrEnum
from pathlib import Path
from typing import get_args

import msgspec

from gobp.modproxy.settings import schema
from gobp.modproxy.settings.load import variables
from gobp.serving.settings.json_schema import setting_texts
from gobp.serving.settings.section import Section
from gobp.serving.settings.values import Duration, Size, written

PAGE = Path(__file__).resolve().parent.parent / "docs" / "modproxy-settings.md"
_INTRODUCTION = """\
# Settings of the module proxy

Written by `python -m release.module_settings` from `gobp/modproxy/settings/schema.py`: edit that,
not this page.

`gobp serve modules --config FILE` reads them from one YAML file. A setting that has a variable can
be set there instead; the variable wins over the file, and a flag of the command over both.
`gobp serve modules --config FILE --check` says whether a file is right; editors can check it by
[modproxy.schema.json](modproxy.schema.json). Durations are written `500ms`, `90s`, `10m`, `1h30m`
or `7d`, sizes `500MiB` or `20GB`.
"""


def main() -> int:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


def page() -> str:
    """Return docs/modproxy-settings.md."""
    sections = "\n".join(_section(title, kind) for title, kind in _sections(schema.Settings))
    choices = "\n".join(_choices(kind) for kind in (schema.Mode, schema.Action))
    return f"{_INTRODUCTION}\n{sections}\n{choices}"


def _sections(kind: type[Section], path: str = "") -> list[tuple[str, type[Section]]]:
    """Return the sections in the order of the file, each under its path."""
    found = [(path, kind)]
    for field in msgspec.structs.fields(kind):
        inner, many = _inner_section(field.type)
        if inner is not None:
            found.extend(_sections(inner, f"{path}.{field.name}{many}".lstrip(".")))
    return found


def _inner_section(kind: object) -> tuple[type[Section] | None, str]:
    for candidate in (kind, *get_args(kind)):
        if isinstance(candidate, type) and issubclass(candidate, Section):
            return candidate, "[]" if getattr(kind, "__origin__", None) is tuple else ""
    return None, ""


def _section(path: str, kind: type[Section]) -> str:
    known = variables()
    texts = setting_texts(kind)
    rows, escaped_bar = [], r"\|"
    for field in msgspec.structs.fields(kind):
        if _inner_section(field.type)[0] is not None:
            continue
        variable = known.get(f"{path}.{field.name}".lstrip("."), "")
        cells = (
            f"`{field.name}`",
            texts.get(field.name, ""),
            _default(field),
            f"`{variable}`" if variable else "",
        )
        rows.append(f"| {' | '.join(cell.replace('|', escaped_bar) for cell in cells)} |")
    title = f"## `{path}`" if path else "## At the top"
    summary = (kind.__doc__ or "").partition("\n")[0]
    head = ("| Setting | Meaning | Default | Variable |", "| --- | --- | --- | --- |")
    return "\n".join((title, "", summary, "", *head, *rows, ""))


def _default(field: msgspec.structs.FieldInfo) -> str:
    if field.default is msgspec.NODEFAULT:
        return "" if field.default_factory is not msgspec.NODEFAULT else "required"
    value = field.default
    if isinstance(value, Duration | Size):
        return f"`{written(value)}`"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{value}`" if value not in {None, ""} and value != () else ""


def _choices(kind: type[StrEnum]) -> str:
    """Return the values of a setting, with the comment that stands beside each."""
    lines = (line.strip() for line in inspect.getsource(kind).splitlines())
    pairs = [line.partition("  # ") for line in lines if " = " in line]
    rows = (f"| `{ast.literal_eval(left.split()[-1])}` | {text} |" for left, _, text in pairs)
    head = (f"## Values of `{kind.__name__.lower()}`", "", kind.__doc__ or "", "")
    return "\n".join((*head, "| Value | Meaning |", "| --- | --- |", *rows, ""))


if __name__ == "__main__":
    sys.exit(main())
