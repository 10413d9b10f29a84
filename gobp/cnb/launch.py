"""launch.toml: processes, image labels and slices of the app folder.

Source: buildpack specification, "launch.toml (TOML)"; for APIs before 0.9 its earlier versions.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gobp.cnb.api_version import at_least
from gobp.cnb.toml import Table, get_bool, get_str, get_strs, get_tables, require_str
from gobp.errors import UserError

_TYPE = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
_ARRAY_COMMANDS = "0.9"  # the API since which command is an array and every process is direct
_WORKING_DIRECTORY = "0.8"  # the API since which a process has a working-dir


def check_process_type(process_type: str) -> None:
    """Raise UserError unless the type has only letters, digits, ``.``, ``_`` and ``-``.

    It is also the name of a link and of folders in the image, so ``.`` and ``..`` are refused.
    """
    if _TYPE.fullmatch(process_type) is None or process_type in {".", ".."}:
        raise UserError(
            f"{process_type!r} cannot be the type of a process",
            remedy="use letters, digits, dots, underscores and hyphens.",
        )


@dataclass(frozen=True, slots=True)
class Process:
    """A process of the image.

    A direct process is executed as ``command + args``; users may replace ``args``. A process that
    is not direct is one line of shell in ``command``; the image must have bash for it.
    """

    type: str
    command: tuple[str, ...]
    args: tuple[str, ...] = ()
    default: bool = False
    direct: bool = True
    working_directory: str = ""

    def __post_init__(self) -> None:
        check_process_type(self.type)
        if not self.command or not self.command[0]:
            raise UserError(
                f"the process {self.type} has no command",
                remedy=f"give {self.type} a command or remove it.",
            )
        if not self.direct and len(self.command) != 1:
            raise ValueError(f"the shell process {self.type} has a command of several parts")

    def to_toml(self, api: str) -> Table:
        """Return the table as the Buildpack API version ``api`` has it."""
        table: Table = {"type": self.type}
        args = self.args
        if at_least(api, _ARRAY_COMMANDS):
            table["command"] = self.command if self.direct else ("bash", "-c", *self.command)
        else:
            table["command"] = self.command[0]
            table["direct"] = self.direct
            args = self.command[1:] + args
        if args:
            table["args"] = args
        if self.default:
            table["default"] = True
        if self.working_directory and at_least(api, _WORKING_DIRECTORY):
            table["working-dir"] = self.working_directory
        return table

    @classmethod
    def from_toml(cls, table: Mapping[str, object], *, api: str, source: str) -> "Process":
        """Read the table as ``api`` has it. Raises UserError."""
        direct = True
        if not at_least(api, _ARRAY_COMMANDS):
            direct = get_bool(table, "direct", source=source)
            command: tuple[str, ...] = (get_str(table, "command", source=source),)
        elif "direct" in table:
            raise UserError(
                f"a process in {source} has the key direct, which Buildpack API {api} has not",
                remedy="remove the key; every process is direct.",
            )
        else:
            command = get_strs(table, "command", source=source)
        return cls(
            type=get_str(table, "type", source=source),
            command=command,
            args=get_strs(table, "args", source=source),
            default=get_bool(table, "default", source=source),
            direct=direct,
            working_directory=get_str(table, "working-dir", source=source),
        )


@dataclass(frozen=True, slots=True)
class Label:
    """A label of the image."""

    key: str
    value: str

    def __post_init__(self) -> None:
        if not self.key:
            raise UserError(
                f"the image label with the value {self.value!r} has no key",
                remedy="write labels as key=value.",
            )


@dataclass(frozen=True, slots=True)
class Slice:
    """Files of the app that get a layer of their own; globs of Go's filepath.Match."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Launch:
    """All of launch.toml."""

    processes: tuple[Process, ...] = ()
    labels: tuple[Label, ...] = ()
    slices: tuple[Slice, ...] = ()

    def __post_init__(self) -> None:
        _check_types(self.processes)
        _check_defaults(self.processes)
        _check_keys(self.labels)

    def to_toml(self, api: str) -> Table:
        """Return the document as the Buildpack API version ``api`` has it."""
        document: Table = {}
        if self.processes:
            document["processes"] = [process.to_toml(api) for process in self.processes]
        if self.labels:
            document["labels"] = [{"key": each.key, "value": each.value} for each in self.labels]
        if self.slices:
            document["slices"] = [{"paths": each.paths} for each in self.slices]
        return document

    @classmethod
    def from_toml(cls, document: Mapping[str, object], *, api: str, source: str) -> "Launch":
        """Read the document as ``api`` has it; of two of one type or key the later counts.

        So the lifecycle reads it. Raises UserError.
        """
        processes = [
            Process.from_toml(table, api=api, source=source)
            for table in get_tables(document, "processes", source=source)
        ]
        _check_defaults(processes)
        labels = {
            require_str(table, "key", source=source): get_str(table, "value", source=source)
            for table in get_tables(document, "labels", source=source)
        }
        slices = get_tables(document, "slices", source=source)
        return cls(
            processes=tuple({process.type: process for process in processes}.values()),
            labels=tuple(Label(key, value) for key, value in labels.items()),
            slices=tuple(Slice(get_strs(table, "paths", source=source)) for table in slices),
        )


def _check_types(processes: Iterable[Process]) -> None:
    seen: dict[str, Process] = {}
    for process in processes:
        other = seen.get(process.type)
        if other is not None:
            raise UserError(
                f"there are two processes of the type {process.type}",
                detail=f"{' '.join(other.command)}\n{' '.join(process.command)}",
                remedy="keep one of them or name the other one differently.",
            )
        seen[process.type] = process


def _check_defaults(processes: Iterable[Process]) -> None:
    defaults = [process.type for process in processes if process.default]
    if len(defaults) > 1:
        raise UserError(
            f"several processes are to be the default: {', '.join(defaults)}",
            remedy="make one of them the default.",
        )


def _check_keys(labels: Iterable[Label]) -> None:
    seen: dict[str, str] = {}
    for label in labels:
        if label.key in seen:
            raise UserError(
                f"the image label {label.key} has two values",
                detail=f"{seen[label.key]}\n{label.value}",
                remedy="give it once.",
            )
        seen[label.key] = label.value
