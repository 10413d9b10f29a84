"""Writes what users look up: ``python -m release.reference``.

docs/reference.md as a whole, and in README.md the tables between two marks, so that both say what
gobp/buildpack/reporting/variables.py and parts.py say.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

from gobp.buildpack.go_dist.candidates import DEFAULT, PRIORITIES
from gobp.buildpack.image_labels.labels import OCI_VARIABLES
from gobp.buildpack.reporting.parts import LAYERS, PARTS, PROCESSES
from gobp.buildpack.reporting.variables import BINDINGS, VARIABLES
from gobp.golang.constraint import ACCEPTED_FORMS

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
PAGE = ROOT / "docs" / "reference.md"
BEGIN = "<!-- begin of what release/reference.py writes -->"
END = "<!-- end of what release/reference.py writes -->"

_HOW_TO_GIVE = """\
# Reference

Variables, bindings, components, layers, processes, labels. Written by
`python -m release.reference` from `gobp/buildpack/reporting/variables.py` and `parts.py`: edit \
those files, not this one.

## How to give variables and bindings

| Platform | Variable | Binding |
|---|---|---|
| `gobp build` | `--env NAME=VALUE`, `--env-file FILE` | `--binding FOLDER` |
| `pack build` | `--env NAME=VALUE`, `--env-file FILE` | `--volume FOLDER:/platform/bindings/NAME` |
| both | `[[io.buildpacks.build.env]]` in the app's `project.toml` | |

A variable of the command line wins over `project.toml`. `gobp explain` (which reads the command
line only) shows which variables count, and names those with `BP` that mean nothing to gobp.
"""
_BINDINGS = """\
A binding is a folder with a file `type`, and a file for each key. gobp looks for bindings in
`SERVICE_BINDING_ROOT`, then `CNB_BINDINGS`, then `VCAP_SERVICES`, then `<platform>/bindings`; the
first of them that is set is the only one read.
"""
_COMPONENTS = """\
They run in this order. `BP_GO_SKIP` leaves out any of them but go-dist and go-build.
"""
_VERSIONS = """\
The forms are those of Paketo's Go buildpack, and a few more:
"""
_SOURCES = """\
The first of these that names a version decides:
"""

_OTHER_LABELS = (
    ("a `.git` folder", "org.opencontainers.image.revision"),
    ("`BP_GO_VULN`: how many are known", "io.gobp.vulnerabilities"),
    ("`BP_DISABLE_SBOM`", "io.paketo.sbom.disabled"),
)


def main() -> int:
    """Write both files."""
    README.write_text(with_tables(README.read_text(encoding="utf-8")), encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")
    return 0


def with_tables(readme: str) -> str:
    """Return README's text with the tables of today. Raises ValueError if a mark is missing."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README.md has no lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{variables_table()}\n{bindings_table()}{END}{after}"


def page() -> str:
    """Return docs/reference.md."""
    parts = (
        _HOW_TO_GIVE,
        f"## Variables\n\n{variables_table()}",
        f"## Bindings\n\n{_BINDINGS}\n{bindings_table()}",
        f"## Components\n\n{_COMPONENTS}\n{_parts_table()}",
        f"## Layers\n\n{_layers_table()}",
        f"## Processes\n\n{_table(('Type', 'When', 'Starts'), PROCESSES)}",
        f"## Who names the version of Go\n\n{_SOURCES}\n{_numbered((*PRIORITIES, DEFAULT))}",
        f"## What a version may look like\n\n{_VERSIONS}\n{_bullets(ACCEPTED_FORMS)}",
        f"## Labels\n\n{_labels_table()}",
    )
    return "\n".join(parts)


def variables_table() -> str:
    """Return the table of variables."""
    rows = ((f"`{each.name}`", each.meaning, each.default) for each in VARIABLES)
    return _table(("Variable", "Meaning", "Default"), rows)


def bindings_table() -> str:
    """Return the table of bindings."""
    rows = ((f"`{name}`", keys, values) for name, keys, values in BINDINGS)
    return _table(("Type of binding", "Keys", "Values"), rows)


def _parts_table() -> str:
    rows = ((f"`{each.name}`", each.takes_part, each.does) for each in PARTS)
    return _table(("Component", "Takes part", "Does"), rows)


def _layers_table() -> str:
    rows = ((f"`{each.name}`", each.types, each.holds, each.anew) for each in LAYERS)
    return _table(("Layer", "For", "Holds", "Made anew when"), rows)


def _labels_table() -> str:
    rows = [(f"`{name}`", f"`{label}`") for name, label in OCI_VARIABLES.items()]
    rows += [(when, f"`{label}`") for when, label in _OTHER_LABELS]
    return _table(("Set by", "Label"), rows)


def _table(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "".join(f"| {' | '.join(map(_cell, row))} |\n" for row in lines)


def _cell(text: str) -> str:
    return text.replace("|", r"\|")


def _numbered(texts: Iterable[str]) -> str:
    return "".join(f"{number}. `{text}`\n" for number, text in enumerate(texts, start=1))


def _bullets(texts: Iterable[str]) -> str:
    return "".join(f"- `{text}`\n" for text in texts)


if __name__ == "__main__":
    sys.exit(main())
