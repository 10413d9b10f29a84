"""From the private paths of a build to the paths in the image (docs/decisions/0005)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from gobp.cnb.build_metadata import BuildMetadata, ImageProcess
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

    def table(self, table: Mapping[str, object]) -> dict[str, object]:
        """Return a TOML table (metadata of a layer or a store) with every text replaced."""
        return {key: self._value(value) for key, value in table.items()}

    def metadata(self, metadata: BuildMetadata) -> BuildMetadata:
        """Return what the build made known, with the processes and labels of the image."""
        return replace(
            metadata,
            processes=tuple(
                ImageProcess(self.process(each.process), each.buildpack_id)
                for each in metadata.processes
            ),
            labels=tuple(Label(each.key, self.text(each.value)) for each in metadata.labels),
        )

    def _value(self, value: object) -> object:
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self.table(value)
        if isinstance(value, list | tuple):
            return [self._value(item) for item in value]
        return value


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
