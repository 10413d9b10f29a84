"""Decides whether the programs of the previous image stay, and notes what the next build needs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gobp.buildpack.layers import Layer, Layers
from gobp.buildpack.sbom.config import read_config
from gobp.buildpack.unchanged.digests import NoKeyError
from gobp.buildpack.unchanged.key import Key, Surroundings, confirm, make_key
from gobp.buildpack.unchanged.noted import GO, PROGRAMS, TARGETS
from gobp.cnb import toml
from gobp.cnb.sbom import SbomFormat, file_name
from gobp.system.files import write_atomically

_INPUTS = "inputs"
_VARIABLES = "variables"
_SBOM = "sbom"
_HELPER = "ca-certificates-helper"
_STORE = "store.toml"


@dataclass(frozen=True, slots=True)
class Decision:
    """``keep`` the programs, or not: because of what changed, or as there is no ``key``.

    ``because`` is empty where there is no previous image to compare with; ``go`` is the Go that
    compiled the programs that stay.
    """

    keep: bool
    because: str
    key: Key | None
    go: Mapping[str, object] = field(default_factory=dict)


def decide(given: Surroundings, formats: Iterable[SbomFormat]) -> Decision:
    """Compare the inputs of this build with those of the previous image. Raises UserError.

    ``formats`` are those in which bills of materials are written.
    """
    (given.layers_dir / _STORE).unlink(missing_ok=True)  # it is of the last build
    try:
        key = make_key(given)
    except (NoKeyError, OSError) as reason:
        return Decision(
            keep=False, because=f"not all of its inputs are known beforehand: {reason}", key=None
        )
    restored = Layer(given.layers_dir, TARGETS).restored
    if not isinstance(restored.get(_INPUTS), Mapping):
        return Decision(keep=False, because="", key=key)
    changed = ", ".join(_changed(key, restored))
    because = changed or _missing(given, restored, formats)
    if not because:
        _say_repeatable(key, given.layers_dir)
    return Decision(not because, because, key, _table(restored, GO))


def note(decision: Decision, layers: Layers, app_dir: Path, go: object) -> str:
    """Note what this build was made of in the layer that it has made.

    ``go`` is the Go that compiled, as the build report has it. Returns why nothing was noted.
    """
    if decision.key is None:
        return ""
    try:
        confirm(decision.key, app_dir)
    except (NoKeyError, OSError) as reason:
        return f"not all of its inputs were known beforehand: {reason}"
    noted = {_INPUTS: dict(decision.key.groups), _VARIABLES: dict(decision.key.variables)}
    layers.annotate(TARGETS, {**noted, **({GO: go} if isinstance(go, Mapping) else {})})
    _say_repeatable(decision.key, layers.root)
    return ""


def _say_repeatable(key: Key, layers: Path) -> None:
    """Tell the platform that the same app, variables and tools give the same image.

    Programs with C code in them depend on more of the build image than a platform looks at.
    """
    if not key.c_code:
        document = toml.dumps({"metadata": {"repeatable": True}})
        write_atomically(layers / _STORE, document.encode())


def _changed(key: Key, restored: Mapping[str, object]) -> Iterator[str]:
    """Yield the groups of inputs that are others than noted."""
    noted = _table(restored, _INPUTS)
    for name in sorted({*key.groups, *noted}):
        if key.groups.get(name) != noted.get(name):
            yield f"{name} changed{_of_variables(key, restored) if name == _VARIABLES else ''}"


def _of_variables(key: Key, restored: Mapping[str, object]) -> str:
    noted = _table(restored, _VARIABLES)
    names = {*key.variables, *noted}
    changed = sorted(name for name in names if key.variables.get(name) != noted.get(name))
    return f" ({', '.join(changed)})" if changed else ""


def _missing(
    given: Surroundings, restored: Mapping[str, object], formats: Iterable[SbomFormat]
) -> str:
    """Return what a build that keeps the programs would need, and was not given."""
    from gobp.buildpack.supply.helpers import prebuilt_helper  # noqa: PLC0415 # few builds get here

    components = {each.component for each in given.group.members}
    if not restored.get(PROGRAMS):
        return "the programs have no names"
    if _SBOM in components and not read_config(given.facts).disabled:
        files = [given.layers_dir / file_name(TARGETS, each) for each in formats]
        if not all(file.exists() for file in files):
            return "the bill of materials was not restored"
    if _HELPER in components and prebuilt_helper(given, "ca-certificates") is None:
        return "a helper for the image is to be compiled"
    return ""


def _table(document: Mapping[str, object], name: str) -> Mapping[str, object]:
    table = document.get(name, {})
    return table if isinstance(table, Mapping) else {}
