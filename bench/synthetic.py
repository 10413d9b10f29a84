"""Generated Go apps of any size: packages that do a little, and programs that use them all."""

from dataclasses import dataclass
from pathlib import Path

MODULE = "example.com/growth"
_GO_MOD = f"module {MODULE}\n\ngo 1.24\n"
_PACKAGE = """// Package p{name} counts words.
package p{name}

import (
	"fmt"
	"sort"
	"strings"
)

const edited = {edit}

// Words returns the words of a text, each once, in order.
func Words(text string) []string {{
	seen := map[string]int{{}}
	for _, word := range strings.Fields(text) {{
		seen[strings.ToLower(word)]++
	}}
	words := make([]string, 0, len(seen))
	for word, count := range seen {{
		words = append(words, fmt.Sprintf("%s/%d/%d", word, count, edited))
	}}
	sort.Strings(words)
	return words
}}
"""


@dataclass(frozen=True, slots=True)
class Size:
    """How many packages an app has besides its programs, and how many programs."""

    packages: int
    commands: int

    def __str__(self) -> str:
        """Return the size's name in the figures."""
        return f"{self.packages} packages {self.commands} commands"


def write_app(folder: Path, size: Size, *, edit: int, everywhere: bool) -> None:
    """Write an app; ``edit`` is a number in the first package, or ``everywhere`` in all of them.

    Only files that change are written, so that an edit of one package is one changed file.
    """
    _write(folder / "go.mod", _GO_MOD)
    for number in range(size.packages):
        path = folder / f"internal/p{number:04}/p.go"
        if number == 0 or everywhere or not path.exists():
            _write(path, _PACKAGE.format(name=f"{number:04}", edit=edit))
    for number in range(size.commands):
        _write(folder / f"cmd/c{number:02}/main.go", _program(size.packages))


def _program(packages: int) -> str:
    """Return a program that imports all packages."""
    names = [f"p{number:04}" for number in range(packages)]
    imports = "".join(f'\t"{MODULE}/internal/{name}"\n' for name in names)
    calls = "".join(f"\tprintln(len({name}.Words(os.Args[0])))\n" for name in names)
    return f'package main\n\nimport (\n\t"os"\n\n{imports})\n\nfunc main() {{\n{calls}}}\n'


def _write(path: Path, text: str) -> None:
    if path.is_file() and path.read_text() == text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
