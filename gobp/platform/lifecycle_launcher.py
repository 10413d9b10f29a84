"""A real launcher, from a lifecycle's folder: the program and what its descriptor says."""

from dataclasses import dataclass
from pathlib import Path

from gobp.cnb.api_version import at_least
from gobp.cnb.toml import get_str, get_strs, get_table
from gobp.errors import UserError
from gobp.platform.layers_dir import read_toml

PLATFORM_API = "0.15"  # the newest Platform API whose images gobp lays out
_OLDEST = "0.12"
_PROGRAM = "launcher"
_DESCRIPTOR = "lifecycle.toml"


@dataclass(frozen=True, slots=True)
class Launcher:
    """The launcher, its lifecycle's version ("" if unknown) and the Platform API to speak."""

    path: Path
    version: str
    platform_api: str


def find_launcher(place: Path) -> Launcher:
    """Find the launcher: a file, or a lifecycle's folder as its release archive has it.

    The descriptor ``lifecycle.toml`` lies beside the launcher or above. Raises UserError where
    there is no launcher, or none for Platform API 0.12 or later.
    """
    candidates = [place, place / _PROGRAM, place / "lifecycle" / _PROGRAM]
    path = next((each for each in candidates if each.is_file()), None)
    if path is None:
        raise UserError(
            f"there is no launcher at {place}",
            remedy="name the launcher of a CNB lifecycle, or the folder of a lifecycle.",
        )
    for folder in (path.parent, path.parent.parent):
        document = read_toml(folder / _DESCRIPTOR)
        if document is not None:
            return _described(path, document, str(folder / _DESCRIPTOR))
    return Launcher(path, "", _OLDEST)


def _described(path: Path, document: dict[str, object], source: str) -> Launcher:
    apis = get_table(get_table(document, "apis", source=source), "platform", source=source)
    supported = get_strs(apis, "supported", source=source)
    usable = [api for api in supported if at_least(api, _OLDEST) and at_least(PLATFORM_API, api)]
    if not usable:
        raise UserError(
            f"the launcher {path} speaks Platform API {', '.join(supported) or '(none)'}",
            remedy=f"use a lifecycle that speaks one from {_OLDEST} to {PLATFORM_API}.",
        )
    newest = usable[0]
    for api in usable:
        newest = api if at_least(api, newest) else newest
    info = get_table(document, "lifecycle", source=source)
    return Launcher(path, get_str(info, "version", source=source), newest)
