"""Labels of images that lifecycles and platforms read, and the JSON form their values have.

Source: platform specification, "Labels"; distribution specification.
"""

from collections.abc import Mapping

LIFECYCLE_METADATA = "io.buildpacks.lifecycle.metadata"
BUILD_METADATA = "io.buildpacks.build.metadata"
PROJECT_METADATA = "io.buildpacks.project.metadata"
EXEC_ENV = "io.buildpacks.exec-env"
DISTRO_NAME = "io.buildpacks.base.distro.name"
DISTRO_VERSION = "io.buildpacks.base.distro.version"
BUILDPACK_LAYERS = "io.buildpacks.buildpack.layers"
BUILDPACKAGE_METADATA = "io.buildpacks.buildpackage.metadata"

_ESCAPES = {
    "<": "\\u003c",
    ">": "\\u003e",
    "&": "\\u0026",
    "\u2028": "\\u2028",
    "\u2029": "\\u2029",
}
_INTEGRAL_BELOW = 1e21  # up to here Go writes a float without exponent


def to_json(document: Mapping[str, object]) -> str:
    """Return a label's value as Go's encoding/json writes it, keys in the order they are given.

    The lifecycle is written in Go: the same label is then the same image.
    """
    import json  # noqa: PLC0415 # no buildpack writes labels

    return _escaped(json.dumps(_plain(document), ensure_ascii=False, separators=(",", ":")))


def to_json_string(text: str) -> str:
    """Return a string as Go's encoding/json quotes it."""
    import json  # noqa: PLC0415 # see to_json

    return _escaped(json.dumps(text, ensure_ascii=False))


def _escaped(text: str) -> str:
    return "".join(_ESCAPES.get(character, character) for character in text)


def sorted_keys(value: object) -> object:
    """Return free data, such as layer metadata, with the keys of all tables sorted, as Go does."""
    if isinstance(value, Mapping):
        return {key: sorted_keys(value[key]) for key in sorted(value)}
    if isinstance(value, list | tuple):
        return [sorted_keys(each) for each in value]
    return value


def _plain(value: object) -> object:
    from datetime import date, time  # noqa: PLC0415 # only TOML metadata has them

    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float) and value.is_integer() and abs(value) < _INTEGRAL_BELOW:
        return int(value)
    if isinstance(value, date | time):
        return _timestamp(value.isoformat())
    return value


def _timestamp(text: str) -> str:
    """Return an ISO time as Go writes it: Z for UTC, no zeros at the end of a fraction."""
    import re  # noqa: PLC0415 # see to_json

    text = text.removesuffix("+00:00") + ("Z" if text.endswith("+00:00") else "")
    return re.sub(r"\.(\d*?)0+(?=\D|$)", r".\1", text)
