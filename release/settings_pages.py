"""Writes the pages of settings in docs/ from their types: ``python -m release.settings_pages``."""

import ast
import inspect
import json
import sys
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import get_args

import msgspec

from gobp.buildservice.settings import load as builds_load
from gobp.buildservice.settings import schema as builds_schema
from gobp.modproxy.settings import load as modules_load
from gobp.modproxy.settings import schema as modules_schema
from gobp.serving.settings.json_schema import json_schema, setting_texts
from gobp.serving.settings.section import Section
from gobp.serving.settings.values import Duration, Size, written

_DOCS = Path(__file__).resolve().parent.parent / "docs"


@dataclass(frozen=True, slots=True)
class SettingsPage:
    """The settings of a server: its name, command, files in docs/, types and variables."""

    server: str
    command: str
    stem: str
    source: str
    schema: type[Section]
    variables: dict[str, str]
    choices: tuple[type[StrEnum], ...] = ()

    @property
    def page(self) -> Path:
        """Where the page is."""
        return _DOCS / f"{self.stem}-settings.md"

    @property
    def json_schema(self) -> Path:
        """Where the schema for editors is."""
        return _DOCS / f"{self.stem}.schema.json"

    def text(self) -> str:
        """Return the page."""
        sections = "\n".join(
            _section(title, kind, self.variables) for title, kind in _sections(self.schema)
        )
        choices = "\n".join(_choices(kind) for kind in self.choices)
        return f"{self._introduction()}\n{sections}\n{choices}".rstrip() + "\n"

    def json_text(self) -> str:
        """Return the schema for editors."""
        schema = json_schema(self.schema, f"Settings of {self.command}")
        return json.dumps(schema, indent=2) + "\n"

    def _introduction(self) -> str:
        name = self.json_schema.name
        return f"""\
# Settings of the {self.server}

Written by `python -m release.settings_pages` from `{self.source}`: edit that,
not this page.

`{self.command} --config FILE` reads them from one YAML file. A setting that has a variable can
be set there instead; the variable wins over the file, and a flag of the command over both.
`{self.command} --config FILE --check` says whether a file is right; editors can check it by
[{name}]({name}). Durations are written `500ms`, `90s`, `10m`, `1h30m`
or `7d`, sizes `500MiB` or `20GB`.
"""


MODULES = SettingsPage(
    "module proxy",
    "gobp serve modules",
    "modproxy",
    "gobp/modproxy/settings/schema.py",
    modules_schema.Settings,
    modules_load.variables(),
    (modules_schema.Mode, modules_schema.Action),
)
BUILDS = SettingsPage(
    "build service",
    "gobp serve builds",
    "buildservice",
    "gobp/buildservice/settings/schema.py",
    builds_schema.Settings,
    builds_load.variables(),
)
PAGES = (MODULES, BUILDS)


def main() -> int:
    """Write the pages and the schemas."""
    for page in PAGES:
        page.page.write_text(page.text(), encoding="utf-8")
        page.json_schema.write_text(page.json_text(), encoding="utf-8")
    return 0


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


def _section(path: str, kind: type[Section], known: dict[str, str]) -> str:
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
