"""JSON documents of an image: typed reading, as they come from outside, and canonical writing."""

import json
from collections.abc import Mapping, Sequence

from gobp.errors import UserError

DOCUMENT_LIMIT = 4 * 1024 * 1024
"""Bytes of a manifest, index or config that are read (distribution spec: "Pushing Manifests")."""

_REMEDY = "the image is damaged or not an OCI or docker image; get it again from where it was made."

JsonObject = Mapping[str, object]


def dump(document: JsonObject | Sequence[JsonObject]) -> bytes:
    """Return the one canonical form: keys sorted, no white space, ASCII.

    Escapes instead of UTF-8, as half a surrogate pair, which JSON may carry, has no UTF-8.
    """
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def load(data: bytes, *, source: str) -> JsonObject:
    """Read a JSON object. Raises UserError, naming ``source``, if it is none or too large."""
    return _as_object(_parse(data, source), source)


def load_objects(data: bytes, *, source: str) -> tuple[JsonObject, ...]:
    """Read a JSON list of objects. Raises UserError as :func:`load`."""
    return get_objects({"the document": _parse(data, source)}, "the document", source=source)


def get_str(table: JsonObject, key: str, *, source: str) -> str:
    """Return a text; "" where it is absent or null, as Go writes absent values."""
    value = table.get(key)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise _wrong(source, key, "a text")
    return value


def get_int(table: JsonObject, key: str, *, source: str) -> int:
    """Return a number that must be there and not be negative, such as a size in bytes."""
    value = table.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise _wrong(source, key, "a number of bytes")
    return value


def get_strs(table: JsonObject, key: str, *, source: str) -> tuple[str, ...]:
    """Return a list of texts; empty where it is absent or null."""
    return tuple(_as_str(value, source, key) for value in _get_list(table, key, source))


def get_object(table: JsonObject, key: str, *, source: str) -> JsonObject:
    """Return an object; empty where it is absent or null."""
    value = table.get(key)
    return {} if value is None else _as_object(value, f"{source}: {key}")


def get_objects(table: JsonObject, key: str, *, source: str) -> tuple[JsonObject, ...]:
    """Return a list of objects; empty where it is absent or null."""
    return tuple(_as_object(value, f"{source}: {key}") for value in _get_list(table, key, source))


def get_str_map(table: JsonObject, key: str, *, source: str) -> dict[str, str]:
    """Return an object whose values are texts, such as annotations and labels."""
    items = get_object(table, key, source=source).items()
    return {name: _as_str(value, source, f"{key}.{name}") for name, value in items}


def without_empty(table: JsonObject) -> dict[str, object]:
    """Return what is worth writing: the keys with a value, as Go's ``omitempty`` does."""
    return {key: value for key, value in table.items() if value}


def _parse(data: bytes, source: str) -> object:
    if len(data) > DOCUMENT_LIMIT:
        raise UserError(f"{source} is larger than {DOCUMENT_LIMIT} bytes", remedy=_REMEDY)
    try:
        document: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise UserError(f"{source} is not JSON: {error}", remedy=_REMEDY) from None
    return document


def _get_list(table: JsonObject, key: str, source: str) -> list[object]:
    value = table.get(key)
    if value is None:
        return []
    if not isinstance(value, list):
        raise _wrong(source, key, "a list")
    return value


def _as_object(value: object, source: str) -> JsonObject:
    if not isinstance(value, dict):
        raise UserError(f"{source} is not a JSON object", remedy=_REMEDY)
    return value


def _as_str(value: object, source: str, key: str) -> str:
    if not isinstance(value, str):
        raise _wrong(source, key, "a text")
    return value


def _wrong(source: str, key: str, wanted: str) -> UserError:
    return UserError(f"{source}: {key} is not {wanted}", remedy=_REMEDY)
