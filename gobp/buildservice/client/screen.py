"""What somebody sees while a program is built and comes."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Protocol, TextIO

from gobp.buildservice.pages.ansi import pieces

if TYPE_CHECKING:
    from rich.text import Text

_STYLES = {"bold": "bold", "dim": "dim", "italic": "italic", "under": "underline"}
_OF_LEVELS = {"info": "cyan", "warning": "yellow", "error": "bold red"}


class Screen(Protocol):
    """Shows what happens."""

    def say(self, text: str, /) -> None:
        """Show a line of our own."""
        ...

    def line(self, text: str, level: str, /) -> None:
        """Show a line of a build's log, which may have colours."""
        ...

    def downloading(self, name: str, size: int, /) -> AbstractContextManager[Callable[[int], None]]:
        """Show how far a download is, which is told by its bytes so far."""
        ...


class PlainScreen:
    """Lines of text, without colours; those of logs only with ``logs``."""

    def __init__(self, out: TextIO, *, logs: bool) -> None:
        self._out = out
        self._logs = logs

    def say(self, text: str, /) -> None:
        """See Screen.say."""
        print(text, file=self._out, flush=True)

    def line(self, text: str, level: str, /) -> None:  # noqa: ARG002 # colours tell the level
        """See Screen.line."""
        if self._logs:
            self.say(f"  {''.join(piece.text for piece in pieces(text))}")

    @contextmanager
    def downloading(self, name: str, size: int, /) -> Iterator[Callable[[int], None]]:
        """See Screen.downloading."""
        self.say(f"downloading {name} ({size} bytes)")
        yield lambda _done: None


class RichScreen:
    """A terminal, with colours and a progress bar. rich is loaded when it is made."""

    def __init__(self, out: TextIO, *, logs: bool) -> None:
        from rich.console import Console  # noqa: PLC0415 # an extra

        self._console = Console(file=out, highlight=False)
        self._logs = logs

    def say(self, text: str, /) -> None:
        """See Screen.say."""
        self._console.print(text, markup=False)

    def line(self, text: str, level: str, /) -> None:
        """See Screen.line."""
        if self._logs:
            self._console.print(_styled(text, level))

    @contextmanager
    def downloading(self, name: str, size: int, /) -> Iterator[Callable[[int], None]]:
        """See Screen.downloading."""
        from rich.markup import escape  # noqa: PLC0415 # an extra
        from rich.progress import (  # noqa: PLC0415 # an extra
            BarColumn,
            DownloadColumn,
            Progress,
            TextColumn,
            TransferSpeedColumn,
        )

        columns = (
            TextColumn(escape(name)),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
        )
        with Progress(*columns, console=self._console) as progress:
            task = progress.add_task("", total=size or None)
            yield lambda done: progress.update(task, completed=done)


def _styled(line: str, level: str) -> "Text":
    from rich.text import Text  # noqa: PLC0415 # an extra

    text = Text("  ", style=_OF_LEVELS.get(level, ""))
    for piece in pieces(line):
        styles = [
            _STYLES.get(name, f"color({name.removeprefix('c')})") for name in piece.classes.split()
        ]
        text.append(piece.text, " ".join(styles))
    return text
