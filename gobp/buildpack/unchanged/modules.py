"""What module files say: that modules are in the app, and that the build left the files alone."""

import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping

from gobp.buildpack.app.layout import AppLayout, Mode
from gobp.buildpack.unchanged.app_files import AppFiles, entry_of
from gobp.buildpack.unchanged.digests import NoKeyError, read_setting

_FILES = ("go.mod", "go.sum", "go.work", "go.work.sum")
_WORDS = re.compile(r"[^\s()\"`]+")


def check_modules(
    app: str, files: AppFiles, layout: AppLayout, settings: Mapping[str, str]
) -> None:
    """Raise NoKeyError where modules or packages may come from folders outside the app.

    Also raises OSError. Source: go.dev/ref/mod, "go.mod files" and "Workspaces".
    """
    if settings.get("GOWORK", "") not in {"", "off"}:
        raise NoKeyError("GOWORK names a workspace")
    if layout.mode is not Mode.GOPATH and settings.get("GO111MODULE", "") in {"off", "auto"}:
        raise NoKeyError("GO111MODULE has go look for packages in GOPATH")
    for path in _named(files, ("go.mod", "go.work")):
        folder, name = posixpath.split(path)
        for place in _places(read_setting(f"{app}/{path}"), workspace=name == "go.work"):
            target = posixpath.normpath(posixpath.join(folder, place))
            if target.startswith(("/", "../")) or target == "..":
                raise NoKeyError(f"{path} names {place}, which is outside the app")


def check_left_alone(app: str, files: AppFiles, root: str) -> None:
    """Raise NoKeyError where the build has changed or made a go.mod, go.sum or go.work.

    Then the network had a part in which modules there are. ``root`` is the folder, relative to the
    app, that go ran in. Also raises OSError.
    """
    modules = {posixpath.dirname(path) for path in _named(files, _FILES)}
    for folder in sorted(modules | {root}):
        for name in _FILES:
            path = posixpath.join(folder, name)
            if entry_of(app, path) != files.entries.get(path, ""):
                raise NoKeyError(f"the build has changed {path}")


def _named(files: AppFiles, names: Iterable[str]) -> list[str]:
    wanted = frozenset(names)
    return sorted(path for path in files.entries if posixpath.basename(path) in wanted)


def _places(text: str, *, workspace: bool) -> Iterator[str]:
    """Yield the folders that a go.mod replaces modules by, or that a go.work names."""
    for line in text.splitlines():
        said = line.partition("//")[0]
        words = said if workspace else said.partition("=>")[2]
        yield from (word for word in _WORDS.findall(words) if word.startswith((".", "/")))
