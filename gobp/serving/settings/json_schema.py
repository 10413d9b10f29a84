"""The JSON schema of a settings file, for editors, from its types."""

import ast
import inspect
import types
from functools import cache
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import msgspec
from msgspec import Meta

from gobp.serving.settings.section import Section
from gobp.serving.settings.values import Duration, Size, written

_DURATION = Meta(
    pattern=r"^(([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+|0)$",
    examples=["500ms", "90s", "10m", "1h30m", "7d"],
)
_SIZE = Meta(pattern=r"^[0-9]+(\.[0-9]+)? ?([KMGT]i?B|B)?$", examples=["500MiB", "20GB"])
_WRITTEN: dict[object, object] = {
    Duration: Annotated[str, _DURATION] | Literal[0],
    Size: Annotated[str, _SIZE] | Annotated[int, Meta(ge=0)],
}


def json_schema(settings: type[Section], title: str) -> dict[str, Any]:
    """Return the schema of a file as it is written: durations and sizes are texts there."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        **msgspec.json.schema(_as_written(settings)),
    }


def setting_texts(section: type[Section]) -> dict[str, str]:
    """Return what stands below each setting in the source of a section, on one line."""
    body = ast.parse(inspect.getsource(section)).body[0]
    texts: dict[str, str] = {}
    name = ""
    for node in body.body if isinstance(body, ast.ClassDef) else ():
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif name and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            texts[name] = " ".join(str(node.value.value).split())
            name = ""
    return texts


@cache
def _as_written(section: type[Section]) -> type[msgspec.Struct]:
    """Return a section's twin that holds what YAML holds, each setting with its description."""
    texts = setting_texts(section)
    fields = [
        (field.name, _described(_written_type(field.type), texts.get(field.name)), _default(field))
        for field in msgspec.structs.fields(section)
    ]
    twin = msgspec.defstruct(
        section.__name__, fields, kw_only=True, forbid_unknown_fields=True, frozen=True
    )
    twin.__doc__ = section.__doc__
    return twin


def _written_type(kind: Any) -> Any:  # noqa: ANN401 # types are values of no common type
    if kind in _WRITTEN:
        return _WRITTEN[kind]
    if isinstance(kind, type) and issubclass(kind, Section):
        return _as_written(kind)
    origin, inner = get_origin(kind), get_args(kind)
    if origin is tuple:
        return types.GenericAlias(tuple, (_written_type(inner[0]), ...))
    if origin in {Union, types.UnionType}:
        return Union[tuple(_written_type(each) for each in inner)]  # noqa: UP007 # made of values
    return kind


def _described(kind: Any, text: str | None) -> Any:  # noqa: ANN401 # as above
    return Annotated[kind, Meta(description=text)] if text else kind


def _default(field: msgspec.structs.FieldInfo) -> Any:  # noqa: ANN401 # whatever a setting holds
    default = field.default
    if default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT:
        return msgspec.NODEFAULT
    if isinstance(default, (Duration, Size)):
        return written(default)
    if isinstance(default, Section):
        return _as_written(type(default))()
    if default is msgspec.NODEFAULT:
        return msgspec.field(default_factory=field.default_factory)
    return default
