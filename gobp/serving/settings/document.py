"""The settings file as YAML: what it says, and on which line."""

import re
from pathlib import Path
from typing import Any

import yaml

from gobp.errors import UserError

_MOST_BYTES = 4 * 1024 * 1024
_BOOL = "tag:yaml.org,2002:bool"


class _Loader(yaml.SafeLoader):
    """The safe loader, for which only true and false are truths, as in YAML 1.2.

    ``off`` is a word of GOPROXY and GOSUMDB.
    """


_Loader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != _BOOL]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(_BOOL, re.compile("true|false"), ["t", "f"])


class Document:
    """A settings file: ``values`` is what it says, ``name`` what errors call it."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.values: dict[str, Any] = {}
        self._root: yaml.MappingNode | None = None
        try:
            root = yaml.compose(text, Loader=_Loader)
            if root is not None:
                self._root = self._checked(root)
                self.values = yaml.load(text, _Loader)  # noqa: S506 # it is a safe one
        except (yaml.YAMLError, RecursionError) as error:
            raise UserError(
                f"{name} is not YAML", detail=str(error), remedy="correct it."
            ) from None

    @classmethod
    def read(cls, file: Path) -> "Document":
        """Read a file. Raises UserError where it cannot be read or is no YAML of settings."""
        try:
            content = file.read_bytes()
        except OSError as error:
            raise UserError(
                f"the settings file {file} cannot be read: {error.strerror}",
                remedy="name an existing YAML file with --config.",
            ) from None
        if len(content) > _MOST_BYTES:
            raise UserError(f"{file} is larger than 4 MiB", remedy="name a file of settings.")
        try:
            return cls(str(file), content.decode("utf-8"))
        except UnicodeDecodeError:
            raise UserError(
                f"{file} is not UTF-8 text", remedy="name a file of settings."
            ) from None

    def line_of(self, path: str) -> int:
        """Return the line of a setting such as ``rules[0].action``, 0 if it is not in the file."""
        node: yaml.Node | None = self._root
        line = 0
        for step in path.replace("[", ".[").split("."):
            found = _child(node, step)
            if found is None:
                return line
            node, line = found
        return line

    def _checked(self, root: yaml.Node) -> yaml.MappingNode:
        """Return the top of the file. Raises UserError where it is no table of names."""
        if not isinstance(root, yaml.MappingNode):
            raise UserError(
                f"{self.name} holds no settings: it is no table of names and values",
                remedy="write names and values, as listen: 0.0.0.0:8130.",
            )
        self._check_names(root)
        return root

    def _check_names(self, node: yaml.Node) -> None:
        """Raise UserError where a name stands twice: YAML would silently take the last."""
        if isinstance(node, yaml.SequenceNode):
            for item in node.value:
                self._check_names(item)
        if not isinstance(node, yaml.MappingNode):
            return
        lines: dict[object, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in lines:
                raise UserError(
                    f"{self.name}:{line}: {key.value} is set already on line {lines[key.value]}",
                    remedy="keep one of them.",
                )
            lines[key.value] = line
            self._check_names(value)


def _child(node: yaml.Node | None, step: str) -> tuple[yaml.Node, int] | None:
    """Return the node below another by a name or ``[index]``, with its line."""
    if isinstance(node, yaml.SequenceNode) and step[1:-1].isdecimal():
        item = node.value[int(step[1:-1])]
        return item, item.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == step:
                return value, key.start_mark.line + 1
    return None
