"""From the private paths of a build to the paths in the image (docs/decisions/0005)."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from gobp.cnb.launch import Label, Process
from gobp.platform.workspace import IMAGE_APP, IMAGE_LAYERS, IMAGE_PLATFORM, Workspace

_CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Relocation:
    """Pairs of (folder at build time, folder in the image); the longest match comes first."""

    pairs: tuple[tuple[str, str], ...]

    def text(self, text: str) -> str:
        """Return the text with every private path replaced."""
        for old, new in self.pairs:
            text = text.replace(old, new)
        return text

    def content(self, data: bytes) -> bytes:
        """Return a small file's bytes with every private path replaced."""
        for old, new in self.pairs:
            data = data.replace(old.encode(), new.encode())
        return data

    def process(self, process: Process) -> Process:
        """Return a process whose command, arguments and working directory are the image's."""
        return replace(
            process,
            command=tuple(self.text(part) for part in process.command),
            args=tuple(self.text(part) for part in process.args),
            working_directory=self.text(process.working_directory),
        )

    def label(self, label: Label) -> Label:
        """Return a label whose value names the image's paths."""
        return Label(label.key, self.text(label.value))

    def value(self, value: object) -> object:
        """Return a TOML value (metadata of a layer or a store) with every text replaced."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {key: self.value(item) for key, item in value.items()}
        if isinstance(value, Sequence) and not isinstance(value, bytes):
            return [self.value(item) for item in value]
        return value

    def reversed(self) -> "Relocation":
        """Return the way back: from the image's paths to private ones."""
        return Relocation(tuple((new, old) for old, new in self.pairs))


def image_relocation(workspace: Workspace) -> Relocation:
    """Return the relocation of a build's folders to those of its image."""
    return Relocation(
        (
            (str(workspace.layers), IMAGE_LAYERS),
            (str(workspace.app), IMAGE_APP),
            (str(workspace.platform), IMAGE_PLATFORM),
        )
    )


def files_with(private: str, files: Iterable[Path]) -> list[Path]:
    """Return those regular files whose bytes hold the private path, in the order given.

    A program that was compiled at the private path may hold it as debug information only; one
    that opens the path at run time will not find it. Nobody but the author can tell these apart.
    """
    return [file for file in files if _holds(file, private.encode())]


def _holds(path: Path, text: bytes) -> bool:
    if path.is_symlink() or not path.is_file():
        return False
    tail = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            if text in tail + chunk:
                return True
            tail = chunk[-len(text) :]
    return False
