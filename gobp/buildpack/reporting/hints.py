"""Words for settings that have no effect here: names of other buildpacks, and names misspelt."""

import difflib
from collections.abc import Iterable, Iterator, Mapping

from gobp.buildpack.reporting.variables import VARIABLES, is_known

_OURS = {
    "GOOGLE_GO_VERSION": "BP_GO_VERSION",
    "GOOGLE_RUNTIME_VERSION": "BP_GO_VERSION",
    "GOOGLE_BUILDABLE": "BP_GO_TARGETS",
    "GOOGLE_GOGCFLAGS": "BP_GO_BUILD_FLAGS=-gcflags=...",
    "GOOGLE_GOLDFLAGS": "BP_GO_BUILD_LDFLAGS",
    "GOOGLE_ENTRYPOINT": "BP_PROCFILE_DEFAULT_PROCESS",
    "GOOGLE_DEVMODE": "BP_LIVE_RELOAD_ENABLED",
    "GOOGLE_LABEL_*": "BP_IMAGE_LABELS",
    "GAE_YAML_MAIN": "BP_GO_TARGETS",
    "GO_INSTALL_PACKAGE_SPEC": "BP_GO_TARGETS",
    "GOVERSION": "BP_GO_VERSION",
    "GO_LINKER_SYMBOL": "BP_GO_BUILD_LDFLAGS=-X ...",
}
"""What users of Google's and Heroku's buildpacks set, and what to set instead."""
_NEEDLESS = {"GOOGLE_CLEAR_SOURCE": "the source never stays in the image"}
_FILES = {"buildpack.yml": "set variables (BP_GO_VERSION, BP_GO_TARGETS, BP_GO_BUILD_FLAGS)"}


def hints(given: Mapping[str, str], files: Iterable[str] = ()) -> Iterator[str]:
    """Yield a line for each setting that is meant for a Go build and not read by this one.

    ``given`` are the variables that the user gave the platform, ``files`` the names in the app's
    folder. Values are never shown.
    """
    for name in sorted(given):
        if ours := _counterpart(name):
            yield f"{name} is not read here; use {ours}"
        elif name in _NEEDLESS:
            yield f"{name} is not read here: {_NEEDLESS[name]}"
        elif _is_of_go(name) and not is_known(name):
            yield f"{name} is not a variable of this buildpack{_meant(name)}"
    for name in files:
        if name in _FILES:
            yield f"{name} is not read here; {_FILES[name]}"


def _counterpart(name: str) -> str:
    for theirs, ours in _OURS.items():
        if name == theirs or (theirs.endswith("*") and name.startswith(theirs[:-1])):
            return ours
    return ""


def _is_of_go(name: str) -> bool:
    """Tell whether a variable is of the buildpacks for Go by its name."""
    return name.startswith("BP_") and name.removeprefix("BP_").startswith("GO")


def _meant(name: str) -> str:
    """Return the question whether a similar name is meant."""
    similar = difflib.get_close_matches(name, [each.name for each in VARIABLES], n=1, cutoff=0.8)
    return f"; did you mean {similar[0]}?" if similar else ""
