"""TOML text to tables and back, and typed reads of a table.

Reading is the standard library's: all of TOML 1.0. Writing is pytoml's, which stopped in 2019, so
it stands behind a guard that refuses what pytoml gets wrong, and what it wrote is read back.
"""

import re
from collections.abc import Mapping

from gobp.errors import UserError

Table = dict[str, object]

_ESCAPES = {
    "\b": "\\b",
    "\t": "\\t",
    "\n": "\\n",
    "\f": "\\f",
    "\r": "\\r",
    '"': '\\"',
    "\\": "\\\\",
}

_MAX_INTEGER = 2**63  # TOML 1.0, "Integer": 64-bit signed
# Tab, line feed and carriage return are text. pytoml writes DEL as it is, which is not TOML; a lone
# surrogate (bytes of an environment that are no UTF-8) cannot be written at all.
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def loads(text: str, *, source: str) -> Table:
    """Read TOML; ``source`` names the file in errors. Raises UserError with line and column."""
    import tomllib  # noqa: PLC0415 # a quarter of the start of a detect that reads no TOML

    try:
        return tomllib.loads(text)
    except ValueError as error:  # also what int() says to a number of thousands of digits
        detail = str(error)
    except RecursionError:
        detail = "values are nested too deeply"
    raise UserError(
        f"{source} is not valid TOML: {detail}", remedy=f"correct {source} at that place."
    )


def dumps(document: Mapping[str, object]) -> str:
    """Write TOML with sorted keys, so equal documents are equal text.

    Tuples become arrays. Raises UserError for text that TOML cannot hold, as it comes from users;
    TypeError or ValueError for a value that no CNB file has (None, local dates and times, NaN).
    """
    import tomllib  # noqa: PLC0415 # see loads

    import pytoml  # noqa: PLC0415 # only who writes pays for it

    plain = {_checked_key(key): _plain(value, key) for key, value in document.items()}
    text: str = pytoml.dumps(plain, sort_keys=True)
    if tomllib.loads(text) != plain:
        raise RuntimeError(f"pytoml wrote something else than {plain!r}")
    return text


def quoted(text: str) -> str:
    """Return a basic string, escaped as github.com/BurntSushi/toml does; any text can be one."""
    return '"' + "".join(_ESCAPES.get(each) or _escaped(each) for each in text) + '"'


def _escaped(character: str) -> str:
    control = character < " " or character == "\x7f"
    return f"\\u{ord(character):04x}" if control else character


def _plain(value: object, key: str) -> object:
    """Return the value with dicts and lists all the way down. ``key`` names it in errors."""
    if isinstance(value, Mapping):
        return {_checked_key(name): _plain(each, name) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each, key) for each in value]
    if isinstance(value, str):
        return _checked_text(value, f"the value of {key}")
    return _checked_scalar(value, key)


def _checked_scalar(value: object, key: str) -> object:
    from datetime import datetime  # noqa: PLC0415 # tomllib has loaded it by now

    if isinstance(value, bool):
        return value
    if isinstance(value, int) and not -_MAX_INTEGER <= value < _MAX_INTEGER:
        raise ValueError(f"{key} is {value}, which has more than 64 bits")
    if isinstance(value, float) and value - value != 0:
        raise ValueError(f"{key} is {value}, which pytoml cannot write")
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(f"{key} is {value}, which pytoml would write as UTC")
    if not isinstance(value, int | float | datetime):
        raise TypeError(f"{key} is {value!r}, and TOML files of gobp hold no {type(value)}")
    return value


def _checked_key(key: object) -> str:
    if not isinstance(key, str) or not key:
        raise TypeError(f"{key!r} cannot be a key")
    return _checked_text(key, "a key")


def _checked_text(text: str, what: str) -> str:
    found = _NOT_TEXT.search(text)
    if found is None:
        return text
    raise UserError(
        f"{what} has the character {found[0]!r} at position {found.start()}",
        remedy="remove it: only printable text, tabs and line ends can be kept.",
    )


def get_str(table: Mapping[str, object], key: str, *, source: str, default: str = "") -> str:
    """Return a string, or ``default`` where the key is absent. Raises UserError on another type."""
    value = table.get(key, default)
    if not isinstance(value, str):
        raise _wrong_type(key, "a string", source)
    return value


def get_bool(table: Mapping[str, object], key: str, *, source: str, default: bool = False) -> bool:
    """Return a boolean, or ``default`` where the key is absent. Raises UserError else."""
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise _wrong_type(key, "true or false", source)
    return value


def get_table(table: Mapping[str, object], key: str, *, source: str) -> Table:
    """Return a table, empty where the key is absent. Raises UserError on another type."""
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise _wrong_type(key, "a table", source)
    return value


def get_tables(table: Mapping[str, object], key: str, *, source: str) -> list[Table]:
    """Return an array of tables, empty where the key is absent. Raises UserError else."""
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise _wrong_type(key, "an array of tables", source)
    return value


def get_strs(table: Mapping[str, object], key: str, *, source: str) -> tuple[str, ...]:
    """Return an array of strings, empty where the key is absent. Raises UserError else."""
    value = table.get(key, [])
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise _wrong_type(key, "an array of strings", source)
    return tuple(value)


def require_str(table: Mapping[str, object], key: str, *, source: str) -> str:
    """Return a string that must be there and not be empty. Raises UserError."""
    value = get_str(table, key, source=source)
    if not value:
        raise UserError(f"{key} is missing in {source}", remedy=f"give {key} a value in {source}.")
    return value


def _wrong_type(key: str, wanted: str, source: str) -> UserError:
    return UserError(
        f"{key} in {source} is not {wanted}", remedy=f"make {key} {wanted} in {source}."
    )
