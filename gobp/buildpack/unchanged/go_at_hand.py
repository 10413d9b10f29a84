"""Which Go will compile: what go-dist decides from, as far as it is known without the network."""

import os
from collections.abc import Mapping, Sequence

from gobp.buildpack.go_dist.candidates import version_candidates
from gobp.buildpack.go_dist.catalog import default_version, newest, releases
from gobp.buildpack.unchanged.digests import NoKeyError, found_on_path, identity, read_setting
from gobp.cnb.buildpack_plan import Entry
from gobp.errors import UserError
from gobp.golang.constraint import Constraint
from gobp.golang.version import GoVersion

_TOOLS = ("asm", "cgo", "compile", "link")


def inputs_of_go(
    settings: Mapping[str, str],
    entries: Sequence[Entry],
    metadata: Mapping[str, object],
    architecture: str,
) -> list[str]:
    """Return what the Go of the build image is, and who wants which version.

    Raises NoKeyError where a module proxy would be asked for the version, or the Go of the image
    does not tell its own without being run.
    """
    wanted = version_candidates(entries, default_version(metadata))[0]
    constraint = Constraint.parse(wanted.version, source=wanted.source)
    program = found_on_path("go", settings)
    at_hand = _Go(program, settings) if program else None
    known = newest(releases(metadata, architecture), constraint)
    if known is None and not (at_hand and at_hand.satisfies(constraint, entries)):
        raise NoKeyError(f"the Go module proxy says which Go satisfies {wanted.version!r}")
    return [wanted.source, wanted.version, *(at_hand.inputs(architecture) if at_hand else ())]


class _Go:
    """The Go on the PATH, from its files."""

    def __init__(self, program: str, settings: Mapping[str, str]) -> None:
        self._program = program
        folder = os.path.dirname(os.path.dirname(os.path.realpath(program)))  # noqa: PTH120 # text
        self._root = settings.get("GOROOT", "") or folder
        self._version = read_setting(f"{self._root}/VERSION")
        if not self._version:
            raise NoKeyError(f"{program} does not tell its version")

    def satisfies(self, constraint: Constraint, entries: Sequence[Entry]) -> bool:
        if any(entry.metadata.get("launch") is True for entry in entries):
            return False
        try:
            return constraint.allows(GoVersion.parse(self._version.split()[0]))
        except UserError:  # a development version
            return False

    def inputs(self, architecture: str) -> list[str]:
        tools = f"{self._root}/pkg/tool/linux_{architecture}"
        return [
            self._root,
            self._version,
            read_setting(f"{self._root}/go.env"),
            identity(self._program),
            *(identity(f"{tools}/{name}") for name in _TOOLS),
        ]
