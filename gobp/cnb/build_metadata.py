"""What a build makes known of itself: config/metadata.toml, for the launcher, and its label.

Source: platform specification, "metadata.toml (TOML)" and "io.buildpacks.build.metadata (JSON)".
The file is a layer of the image, so it is written to the byte as the lifecycle writes it (with
github.com/BurntSushi/toml), not with ``toml.dumps``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gobp.cnb import labels, toml
from gobp.cnb.api_version import at_least
from gobp.cnb.launch import Label, Process, Slice
from gobp.cnb.toml import Table, get_bool, get_str, get_strs, get_tables, require_str

_ARRAY_COMMANDS = "0.10"  # the Platform API since which a command is an array


@dataclass(frozen=True, slots=True)
class GroupMember:
    """A buildpack that takes part in a build."""

    id: str
    version: str
    api: str = ""
    homepage: str = ""

    @classmethod
    def from_toml(cls, table: Mapping[str, object], *, source: str) -> "GroupMember":
        """Read the table. Raises UserError on a wrong type or a missing ID."""
        return cls(
            require_str(table, "id", source=source),
            get_str(table, "version", source=source),
            get_str(table, "api", source=source),
            get_str(table, "homepage", source=source),
        )


@dataclass(frozen=True, slots=True)
class ImageProcess:
    """A process and the buildpack that defined it."""

    process: Process
    buildpack_id: str


@dataclass(frozen=True, slots=True)
class BuildMetadata:
    """The buildpacks of a build, and what they say together about the image."""

    buildpacks: tuple[GroupMember, ...] = ()
    labels: tuple[Label, ...] = ()
    processes: tuple[ImageProcess, ...] = ()
    slices: tuple[Slice, ...] = ()
    default_process: str = ""

    def to_text(self, platform_api: str) -> str:
        """Return config/metadata.toml as the lifecycle writes it for a Platform API version."""
        tables = [
            *(("buildpacks", _member_lines(member)) for member in self.buildpacks),
            *(("labels", _label_lines(label)) for label in self.labels),
            *(("processes", _process_lines(each, platform_api)) for each in _sorted(self)),
            *(("slices", [_line("paths", each.paths)]) for each in self.slices),
        ]
        blocks = []
        if self.default_process:
            blocks.append(_line("buildpack-default-process-type", self.default_process))
        if not self.processes:
            blocks.insert(0, "processes = []\n")
        blocks += [f"[[{key}]]\n" + "".join(f"  {each}" for each in lines) for key, lines in tables]
        return "\n".join(blocks)

    def to_label(self, *, launcher_version: str, platform_api: str) -> str:
        """Return the value of the label ``labels.BUILD_METADATA``."""
        document: Table = {
            "buildpacks": [
                {"id": member.id, "version": member.version}
                | ({"homepage": member.homepage} if member.homepage else {})
                for member in self.buildpacks
            ],
            "launcher": {
                "version": launcher_version,
                "source": {"git": {"repository": "", "commit": ""}},
            },
            "processes": [_process_json(each, platform_api) for each in _sorted(self)],
        }
        if self.default_process:
            document["buildpack-default-process-type"] = self.default_process
        return labels.to_json(document)

    @classmethod
    def from_toml(cls, document: Mapping[str, object], *, source: str) -> "BuildMetadata":
        """Read config/metadata.toml of any Platform API. Raises UserError on a wrong type."""
        slices = get_tables(document, "slices", source=source)
        return cls(
            buildpacks=tuple(
                GroupMember.from_toml(table, source=source)
                for table in get_tables(document, "buildpacks", source=source)
            ),
            labels=tuple(
                Label(get_str(table, "key", source=source), get_str(table, "value", source=source))
                for table in get_tables(document, "labels", source=source)
            ),
            processes=tuple(
                _image_process(table, source)
                for table in get_tables(document, "processes", source=source)
            ),
            slices=tuple(Slice(get_strs(table, "paths", source=source)) for table in slices),
            default_process=get_str(document, "buildpack-default-process-type", source=source),
        )


def _sorted(metadata: BuildMetadata) -> list[ImageProcess]:
    return sorted(metadata.processes, key=lambda each: each.process.type)


def _command(process: Process, platform_api: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return command and args; before Platform API 0.10 the command has one part."""
    if at_least(platform_api, _ARRAY_COMMANDS):
        return process.command, process.args
    return process.command[:1], process.command[1:] + process.args


def _process_lines(image_process: ImageProcess, platform_api: str) -> list[str]:
    process = image_process.process
    command, args = _command(process, platform_api)
    text = ", ".join(labels.to_json_string(part) for part in command)
    if at_least(platform_api, _ARRAY_COMMANDS):
        text = f"[{text}]"
    return [
        _line("type", process.type),
        f"command = {text}\n",
        *([_line("args", args)] if args else []),
        f"direct = {'true' if process.direct else 'false'}\n",
        *(["default = true\n"] if process.default else []),
        _line("buildpack-id", image_process.buildpack_id),
        *_if_any("working-dir", process.working_directory),
    ]


def _process_json(image_process: ImageProcess, platform_api: str) -> Table:
    process = image_process.process
    command, args = _command(process, platform_api)
    document: Table = {
        "type": process.type,
        "command": command if at_least(platform_api, _ARRAY_COMMANDS) else command[0],
        "args": args or None,
        "direct": process.direct,
    }
    if process.default:
        document["default"] = True
    document["buildpackID"] = image_process.buildpack_id
    if process.working_directory:
        document["working-dir"] = process.working_directory
    return document


def _image_process(table: Mapping[str, object], source: str) -> ImageProcess:
    one = isinstance(table.get("command"), str)
    return ImageProcess(
        Process(
            type=get_str(table, "type", source=source),
            command=(get_str(table, "command", source=source),)
            if one
            else get_strs(table, "command", source=source),
            args=get_strs(table, "args", source=source),
            default=get_bool(table, "default", source=source),
            direct=get_bool(table, "direct", source=source),
            working_directory=get_str(table, "working-dir", source=source),
        ),
        get_str(table, "buildpack-id", source=source),
    )


def _member_lines(member: GroupMember) -> list[str]:
    return [
        _line("id", member.id),
        _line("version", member.version),
        *_if_any("api", member.api),
        *_if_any("homepage", member.homepage),
    ]


def _label_lines(label: Label) -> list[str]:
    return [_line("key", label.key), _line("value", label.value)]


def _if_any(key: str, value: str) -> list[str]:
    return [_line(key, value)] if value else []


def _line(key: str, value: str | Iterable[str]) -> str:
    if isinstance(value, str):
        return f"{key} = {toml.quoted(value)}\n"
    return f"{key} = [{', '.join(toml.quoted(each) for each in value)}]\n"
