"""Find a module's folder at a commit, and see that it is a module of that path at all.

See https://go.dev/ref/mod#vcs-dir.
"""

from dataclasses import dataclass

from gobp.errors import UserError
from gobp.golang.module import split_path_major
from gobp.modproxy.sources.source import NotFoundError
from gobp.modproxy.vcs.gomod import module_path
from gobp.modproxy.vcs.place import Place

_V0_OR_V1 = frozenset({"", "v0", "v1"})


@dataclass(frozen=True, slots=True)
class Found:
    """The folder of a module at a commit, and its go.mod file, None where it has none."""

    folder: str
    go_mod: bytes | None


def find_folder(place: Place, go_mod: bytes | None, major_go_mod: bytes | None) -> Found:
    """Return where a module is.

    ``go_mod`` is the file of the place's folder, ``major_go_mod`` that of its major_folder, None
    where there is none. Raises NotFoundError where neither is of the module.
    """
    here = go_mod is not None and _is_of(place, module_path(go_mod))
    if major_go_mod is not None:
        path = module_path(major_go_mod)
        if not _has_major(path, place.major):
            raise _none(place, f"{place.major_folder}/go.mod is of module {path or 'no path'}")
        if here:
            raise _none(
                place, f"{place.tag_prefix}go.mod and {place.major_folder}/go.mod are both of it"
            )
        return Found(place.major_folder, major_go_mod)
    if here:
        return Found(place.folder, go_mod)
    if go_mod is not None:
        path = module_path(go_mod)
        raise _none(place, f"{place.tag_prefix}go.mod is of module {path or 'no path'}")
    if place.folder or place.major.startswith("/"):
        raise _none(place, f"{place.tag_prefix}go.mod is missing")
    return Found("", None)


def _is_of(place: Place, path: str) -> bool:
    # Paths of gopkg.in may stand for those without a version: https://go.dev/issue/34254.
    stands_for_any = not place.major and path.startswith("gopkg.in/")
    return stands_for_any or _has_major(path, place.major)


def _has_major(path: str, major: str) -> bool:
    """Say whether the path of a go.mod file allows the versions that ``major`` does.

    Only that much is looked at: a fork that stands in for a module has another path.
    """
    try:
        found = split_path_major(path)[1] if path else None
    except UserError:
        return False
    if found is None:
        return False
    if not major:
        return found[1:].removesuffix("-unstable") in _V0_OR_V1
    return found[1:] == major[1:] and found != ""


def _none(place: Place, reason: str) -> NotFoundError:
    return NotFoundError(f"{place.module} is not in its repository there: {reason}")
