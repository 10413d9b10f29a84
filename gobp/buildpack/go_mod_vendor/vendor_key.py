"""What a vendor folder is made from: where it is all the same, the folder is too.

``go mod vendor`` copies the packages that the app's packages import, directly or not, at the
versions of go.mod, whatever they are built for (https://go.dev/ref/mod#go-mod-vendor).
"""

import hashlib
import os
import posixpath
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from gobp.buildpack.app.layout import AppLayout, Mode, Vendor
from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.flags import flag_name
from gobp.buildpack.switches import is_generating
from gobp.golang import modfile
from gobp.golang.imports import read_imports

_RULES = "1"  # change when what the key is made of changes
_HEAD = 16 * 1024  # bytes of a source file, which nearly always hold all of its imports
_OTHER_FILES = frozenset({"modfile", "overlay"})  # flags that name files in place of the app's


def vendor_key(context: BuildContext, layout: AppLayout) -> dict[str, str]:
    """Return digests of what the vendor folder is made from, by names for the log.

    Empty where more counts than can be told here: workspaces, replacements by folders, generated
    source. Raises UserError on a go.mod that cannot be read.
    """
    root = context.app_dir / layout.root
    go = _version_of_go(context.env)
    settings = [context.env.get(name, "") for name in ("GOFLAGS", "GO111MODULE")]
    if (
        layout.mode is not Mode.MODULE
        or layout.vendor is not Vendor.ABSENT
        or is_generating(context.env)
        or not go
        or not _OTHER_FILES.isdisjoint(map(flag_name, settings[0].split()))
        or _replaces_by_folders(context, layout)
    ):
        return {}
    return {
        "go": go,
        "go.mod": _digest((root / "go.mod").read_bytes()),
        "go.sum": _digest_of_file(root / "go.sum"),
        "imports": _digest("\n".join(sorted(_imports_below(root))).encode()),
        "settings": _digest("\n".join((_RULES, *settings)).encode()),
    }


def still_holds(key: Mapping[str, str], root: Path) -> bool:
    """Tell whether go has left go.mod and go.sum as they were when the key was made."""
    return key["go.mod"] == _digest((root / "go.mod").read_bytes()) and (
        key["go.sum"] == _digest_of_file(root / "go.sum")
    )


def _version_of_go(env: Mapping[str, str]) -> str:
    """Return the version of the Go on the PATH, "" where its folder does not tell."""
    program = shutil.which("go", path=env.get("PATH", ""))
    if program is None:
        return ""
    file = Path(program).resolve().parents[1] / "VERSION"
    return file.read_text(encoding="utf-8").partition("\n")[0].strip() if file.is_file() else ""


def _replaces_by_folders(context: BuildContext, layout: AppLayout) -> bool:
    path = posixpath.join(layout.root, "go.mod")
    file = modfile.parse(context.facts.app.read_text(path), source=path)
    return any(not each.new.version for each in file.replaces)


def _imports_below(root: Path) -> set[str]:
    """Return what the Go files of a module import; a file that is not Go counts as a whole.

    Files that go passes over count too: better a folder made anew than one that lacks a package.
    """
    return {path for file in _go_files(str(root)) for path in _imports_of(file)}


def _go_files(folder: str) -> Iterator[str]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                if entry.name != ".git":
                    yield from _go_files(entry.path)
            elif entry.name.endswith(".go") and entry.is_file():
                yield entry.path


def _imports_of(file: str) -> tuple[str, ...]:
    with open(file, "rb") as source:  # noqa: PTH123 # there may be thousands
        data = source.read(_HEAD)
        entire = len(data) < _HEAD
        found = read_imports(data.decode("utf-8-sig", "replace"), entire=entire)
        if not found.whole and not entire:
            data += source.read()
            found = read_imports(data.decode("utf-8-sig", "replace"))
    return found.paths if found.whole else (f"{file} {_digest(data)}",)


def _digest_of_file(path: Path) -> str:
    return _digest(path.read_bytes()) if path.is_file() else "none"


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:32]
