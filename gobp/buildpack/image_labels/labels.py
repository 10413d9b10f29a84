"""Reading BP_OCI_* and BP_IMAGE_LABELS.

BP_IMAGE_LABELS holds ``key=value`` pairs separated by spaces; keys and values may stand in single
or double quotes, and a backslash takes the quote after it as it is.
"""

from collections.abc import Mapping

from gobp.cnb.launch import Label
from gobp.errors import UserError

VARIABLE = "BP_IMAGE_LABELS"
_OCI = "org.opencontainers.image"
OCI_VARIABLES = {
    f"BP_OCI_{name.upper().replace('.', '_')}": f"{_OCI}.{name}"
    for name in (
        "authors",
        "created",
        "description",
        "documentation",
        "licenses",
        "ref.name",
        "revision",
        "source",
        "title",
        "url",
        "vendor",
        "version",
    )
}
_QUOTES = "\"'"


def image_labels(env: Mapping[str, str]) -> tuple[Label, ...]:
    """Return the labels, sorted by key; BP_IMAGE_LABELS wins over BP_OCI_*. Raises UserError."""
    labels = {key: env[variable] for variable, key in OCI_VARIABLES.items() if variable in env}
    labels |= parse_labels(env.get(VARIABLE, ""))
    return tuple(Label(key, labels[key]) for key in sorted(labels))


def parse_labels(text: str) -> dict[str, str]:
    """Read pairs of key and value. Raises UserError naming the character where it goes wrong."""
    labels: dict[str, str] = {}
    position = _skip_spaces(text, 0)
    while position < len(text):
        key, position = _part(text, position, ends="=")
        if position >= len(text):
            raise _unreadable(text, position, "a key without '=' and value")
        if not key:
            raise _unreadable(text, position, "a pair without a key")
        value, position = _part(text, position + 1, ends=" ")
        labels[key] = value
        position = _skip_spaces(text, position)
    return labels


def _part(text: str, position: int, *, ends: str) -> tuple[str, int]:
    """Read a key or a value from ``position`` up to the character that ends it."""
    if position < len(text) and text[position] in _QUOTES:
        return _quoted(text, position, ends=ends)
    out: list[str] = []
    while position < len(text) and text[position] != ends:
        if text[position] in _QUOTES or (ends == "=" and text[position] == " "):
            raise _unreadable(text, position, f"an unexpected {text[position]!r}")
        position = _take(text, position, out)
    return "".join(out), position


def _quoted(text: str, position: int, *, ends: str) -> tuple[str, int]:
    quote, start = text[position], position
    position += 1
    out: list[str] = []
    while position < len(text) and text[position] != quote:
        position = _take(text, position, out)
    if position >= len(text):
        raise _unreadable(text, start, "a quote that is never closed")
    position += 1
    if position < len(text) and text[position] != ends:
        raise _unreadable(text, position, "characters after a closing quote")
    return "".join(out), position


def _take(text: str, position: int, out: list[str]) -> int:
    if text[position] == "\\" and text[position + 1 : position + 2] in {'"', "'"}:
        position += 1
    out.append(text[position])
    return position + 1


def _skip_spaces(text: str, position: int) -> int:
    while position < len(text) and text[position] == " ":
        position += 1
    return position


def _unreadable(text: str, position: int, reason: str) -> UserError:
    return UserError(
        f"{VARIABLE} cannot be read: {reason} at character {position + 1}",
        detail=f"{text}\n{' ' * position}^",
        remedy="write pairs separated by spaces, such as team=web title='An App'.",
    )
