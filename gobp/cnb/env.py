"""How layers and users change the environment.

Source: buildpack specification, "Environment"; order and corner cases as in the lifecycle's
package ``env``.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from gobp.cnb.launch import check_process_type
from gobp.errors import UserError

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)
_PATH_SEPARATOR = ":"
_BUILD_DIRECTORIES = {
    "bin": ("PATH",),
    "lib": ("LD_LIBRARY_PATH", "LIBRARY_PATH"),
    "include": ("CPATH",),
    "pkgconfig": ("PKG_CONFIG_PATH",),
}
_LAUNCH_DIRECTORIES = {"bin": ("PATH",), "lib": ("LD_LIBRARY_PATH",)}

PLATFORM_PATH_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "LIBRARY_PATH", "CPATH", "PKG_CONFIG_PATH")
"""Variables whose value from a user is put before the one that is there (spec, "Provided by the
Platform")."""

INHERITED_VARIABLES = (
    *("CNB_STACK_ID", "HOSTNAME", "HOME"),
    *("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy"),
    *PLATFORM_PATH_VARIABLES,
)
"""All that a buildpack gets of the environment of the lifecycle (its ``BuildEnvIncludelist``)."""


class Operation(Enum):
    """What a file of an environment folder does; the value is its suffix.

    ``SET`` is a file without suffix. It overrides as well, but before the other files of its name,
    while ``OVERRIDE`` comes after ``APPEND`` and ``DEFAULT``: files are applied by name.
    """

    SET = ""
    APPEND = "append"
    DEFAULT = "default"
    DELIMITER = "delim"
    OVERRIDE = "override"
    PREPEND = "prepend"


@dataclass(frozen=True, slots=True)
class Modification:
    """One file of an environment folder; ``value`` is used to the last byte."""

    name: str
    operation: Operation
    value: str

    @property
    def file_name(self) -> str:
        """The name of the file, such as ``PATH.append``."""
        suffix = self.operation.value
        return f"{self.name}.{suffix}" if suffix else self.name


@dataclass(frozen=True, slots=True)
class LayerEnvironment:
    """The environment folders of a layer: ``env``, ``env.build``, ``env.launch`` and below it."""

    every: tuple[Modification, ...] = ()
    build: tuple[Modification, ...] = ()
    launch: tuple[Modification, ...] = ()
    processes: Mapping[str, tuple[Modification, ...]] = field(default_factory=dict)

    def to_files(self) -> dict[str, str]:
        """Return each file's path relative to the layer and its content, sorted by path.

        Raises UserError on names that no variable or process can have, and ValueError where two
        modifications would be one file.
        """
        folders = {"env": self.every, "env.build": self.build, "env.launch": self.launch}
        for process_type, modifications in self.processes.items():
            check_process_type(process_type)
            folders[f"env.launch/{process_type}"] = modifications
        files: dict[str, str] = {}
        for folder, modifications in folders.items():
            for each in modifications:
                check_variable_name(each.name)
                path = f"{folder}/{each.file_name}"
                if path in files:
                    raise ValueError(f"two values for {path}")
                files[path] = each.value
        return dict(sorted(files.items()))

    @classmethod
    def from_files(cls, files: Mapping[str, str]) -> "LayerEnvironment":
        """Read the files of a layer, by path relative to it; files of other folders are ignored."""
        folders: dict[str, dict[str, str]] = {}
        for path, value in files.items():
            folder, _, name = path.rpartition("/")
            folders.setdefault(folder, {})[name] = value
        prefix = "env.launch/"
        processes = {
            folder.removeprefix(prefix): from_folder(names)
            for folder, names in sorted(folders.items())
            if folder.startswith(prefix) and "/" not in folder.removeprefix(prefix)
        }
        return cls(
            from_folder(folders.get("env", {})),
            from_folder(folders.get("env.build", {})),
            from_folder(folders.get("env.launch", {})),
            {name: modifications for name, modifications in processes.items() if modifications},
        )

    def at_build(self, env: Mapping[str, str]) -> dict[str, str]:
        """Return ``env`` as the buildpacks after this layer's see it, layer paths aside."""
        return apply(self.build, apply(self.every, env))

    def at_launch(self, env: Mapping[str, str], process_type: str) -> dict[str, str]:
        """Return ``env`` as a process of the image sees it, layer paths aside."""
        shared = apply(self.launch, apply(self.every, env))
        return apply(self.processes.get(process_type, ()), shared)


def from_folder(
    files: Mapping[str, str], *, without_suffix: Operation = Operation.SET
) -> tuple[Modification, ...]:
    """Read one environment folder, by file name; unknown suffixes are ignored, as in the spec.

    ``without_suffix`` is what a plain name means: ``DEFAULT`` in an operator's
    ``/cnb/build-config/env``.
    """
    operations = {operation.value: operation for operation in Operation}
    operations[""] = without_suffix
    found = []
    for file_name, value in sorted(files.items()):
        name, dot, suffix = file_name.partition(".")
        if suffix in operations and bool(dot) == bool(suffix):
            found.append(Modification(name, operations[suffix], value))
    return tuple(found)


def check_variable_name(name: str) -> None:
    """Raise UserError unless the name can be that of a variable: letters, digits and ``_``."""
    if _NAME.fullmatch(name) is None:
        raise UserError(
            f"{name!r} cannot be the name of an environment variable",
            remedy="use letters, digits and underscores, with no digit first.",
        )


def apply(modifications: Iterable[Modification], env: Mapping[str, str]) -> dict[str, str]:
    """Return ``env`` changed by the modifications of one folder.

    A delimiter counts for its folder alone, so folders are applied one after the other. An empty
    variable is as good as none: it gets no delimiter, and its default.
    """
    ordered = sorted(modifications, key=lambda each: (each.name, each.operation.value))
    delimiters = {
        each.name: each.value for each in ordered if each.operation is Operation.DELIMITER
    }
    result = dict(env)
    for each in ordered:
        old, delimiter = result.get(each.name, ""), delimiters.get(each.name, "")
        match each.operation:
            case Operation.SET | Operation.OVERRIDE:
                result[each.name] = each.value
            case Operation.APPEND:
                result[each.name] = f"{old}{delimiter}{each.value}" if old else each.value
            case Operation.PREPEND:
                result[each.name] = f"{each.value}{delimiter}{old}" if old else each.value
            case Operation.DEFAULT:
                result[each.name] = old or each.value
            case Operation.DELIMITER:
                pass
    return result


def layer_directories(
    layer_root: str, present: Collection[str], env: Mapping[str, str], *, launch: bool
) -> dict[str, str]:
    """Return ``env`` with the layer's own folders before the paths that are there.

    ``present`` are the names of the folders in the layer (spec, "Layer Paths").
    """
    result = dict(env)
    for directory, names in (_LAUNCH_DIRECTORIES if launch else _BUILD_DIRECTORIES).items():
        if directory in present:
            for name in names:
                _put_first(f"{layer_root}/{directory}", name, result)
    return result


def apply_platform_env(env: Mapping[str, str], user: Mapping[str, str]) -> dict[str, str]:
    """Return ``env`` changed by the variables in ``<platform>/env``: paths first, others replaced.

    Source: buildpack specification, "Provided by the Platform".
    """
    result = dict(env)
    for name, value in user.items():
        if name in PLATFORM_PATH_VARIABLES:
            _put_first(value, name, result)
        else:
            result[name] = value
    return result


def _put_first(value: str, name: str, env: dict[str, str]) -> None:
    old = env.get(name, "")
    env[name] = f"{value}{_PATH_SEPARATOR}{old}" if old else value
