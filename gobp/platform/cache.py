"""The layer cache on disk: folders that are moved in whole and linked out, never packed.

A committed layer is never handed to a build itself: the build gets hard links, so a failed build
leaves the cache as it was, as the lifecycle's volume cache does. A build that writes *into* a file
instead of replacing it reaches the committed one too; it then has another time or size, and the
layer is dropped before anybody uses it.
"""

import hashlib
import json
import os
import stat
import time as clock
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from pathlib import Path

from gobp.cnb.buildpack import escape_id
from gobp.cnb.layer import LayerTypes
from gobp.cnb.lifecycle_metadata import StoredLayer
from gobp.log import BuildLog
from gobp.system.files import remove_tree, write_atomically

_FORMAT = 1
_INDEX = "cache.json"
_BEFORE_ANY_BUILD_NS = 1_000_000_000  # how long before now a restored file claims to be written


@dataclass(frozen=True, slots=True)
class CachedLayer:
    """One layer in the cache; ``stored.sha`` is known only of those that are in the image too."""

    buildpack: str
    name: str
    stored: StoredLayer
    fingerprint: str = field(default="", compare=False)


class LayerCache:
    """The cache of one image name, in one folder; the caller holds the folder's lock."""

    def __init__(self, root: Path) -> None:
        self._root = root / "cache"
        self._new = root / "cache.new"
        self._old = root / "cache.old"
        self._recover()

    def layers(self, log: BuildLog) -> tuple[CachedLayer, ...]:
        """Return the layers that are whole; drop, and say so, those that a build has damaged."""
        whole = []
        for layer in self._read_index():
            if _fingerprint(self._place(self._root, layer)) == layer.fingerprint:
                whole.append(layer)
            else:
                log.process(
                    f"Dropping {layer.buildpack}:{layer.name} from the cache: it has changed"
                )
        return tuple(whole)

    def clear(self) -> None:
        """Forget every layer."""
        remove_tree(self._root)

    def restore(self, layer: CachedLayer, target: Path) -> None:
        """Give a build the layer at ``target`` by hard links; its files are as of now.

        The time lets tools that trim by age keep what was restored, as the lifecycle's caches do.
        """
        source = self._place(self._root, layer)
        _link_tree(source, target, clock.time_ns() - _BEFORE_ANY_BUILD_NS)
        known = [each for each in self._read_index() if each != layer]
        self._write_index(self._root, [*known, _with_fingerprint(layer, source)])

    @property
    def sboms(self) -> Path:
        """Return the folder with the SBOM files of cached layers, ``<buildpack>/<layer>/``."""
        return self._root / "sbom"

    def commit(self, layers_dir: Path, layers: Sequence[CachedLayer]) -> None:
        """Replace the cache by these layers of a finished build, moving them out of it.

        ``layers_dir`` holds ``<buildpack>/<layer>`` and ``sbom/cache``. A crash at any point
        leaves the old cache or the new one.
        """
        remove_tree(self._new)
        self._new.mkdir()
        for layer in layers:
            place = self._place(self._new, layer)
            place.parent.mkdir(parents=True, exist_ok=True)
            (layers_dir / escape_id(layer.buildpack) / layer.name).rename(place)
        if (layers_dir / "sbom" / "cache").is_dir():
            (layers_dir / "sbom" / "cache").rename(self._new / "sbom")
        kept = [_with_fingerprint(layer, self._place(self._new, layer)) for layer in layers]
        self._write_index(self._new, kept)
        if self._root.exists():
            self._root.rename(self._old)
        self._new.rename(self._root)
        remove_tree(self._old)

    def _recover(self) -> None:
        """Finish or undo what a killed build began; until the new cache is in place, undo."""
        if self._old.exists() and not self._root.exists():
            self._old.rename(self._root)
        remove_tree(self._old)
        remove_tree(self._new)

    def _place(self, root: Path, layer: CachedLayer) -> Path:
        return root / "layers" / escape_id(layer.buildpack) / layer.name

    def _read_index(self) -> list[CachedLayer]:
        try:
            document = json.loads((self._root / _INDEX).read_text())
        except (FileNotFoundError, ValueError):
            return []
        if document.get("format") != _FORMAT:
            return []
        return [_from_json(entry) for entry in document["layers"]]

    def _write_index(self, root: Path, layers: Sequence[CachedLayer]) -> None:
        entries = [_to_json(layer) for layer in layers]
        write_atomically(
            root / _INDEX, json.dumps({"format": _FORMAT, "layers": entries}, indent=1).encode()
        )


def as_restored(value: object) -> object:
    """Return layer metadata as it comes back from a lifecycle, which keeps it as JSON.

    Every number is a float then, and every time a text; so buildpacks meet the same here.
    """
    if isinstance(value, Mapping):
        return {key: as_restored(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [as_restored(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if isinstance(value, date | time):
        return value.isoformat()
    return value


def _with_fingerprint(layer: CachedLayer, place: Path) -> CachedLayer:
    return replace(layer, fingerprint=_fingerprint(place))


def _to_json(layer: CachedLayer) -> dict[str, object]:
    types = layer.stored.types
    return {
        "buildpack": layer.buildpack,
        "name": layer.name,
        "types": {"launch": types.launch, "build": types.build, "cache": types.cache},
        "metadata": as_restored(layer.stored.metadata),
        "sha": layer.stored.sha,
        "fingerprint": layer.fingerprint,
    }


def _from_json(entry: Mapping[str, object]) -> CachedLayer:
    types, metadata = entry["types"], entry["metadata"]
    if not isinstance(types, dict) or not isinstance(metadata, dict):
        raise TypeError(f"the cache index is damaged: {entry}")
    return CachedLayer(
        str(entry["buildpack"]),
        str(entry["name"]),
        StoredLayer(str(entry["sha"]), LayerTypes(**types), metadata),
        str(entry["fingerprint"]),
    )


def _fingerprint(root: Path) -> str:
    """Return a digest of names, modes, sizes and times of a tree; "" where there is none."""
    if not root.is_dir():
        return ""
    digest = hashlib.sha256()
    for path, status in _entries(str(root), ""):
        facts: tuple[object, ...] = (path, status.st_mode)
        if stat.S_ISREG(status.st_mode):
            facts = (*facts, status.st_size, status.st_mtime_ns)
        digest.update(repr(facts).encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _entries(root: str, path: str) -> Iterator[tuple[str, os.stat_result]]:
    with os.scandir(f"{root}/{path}") as found:
        entries = sorted(found, key=lambda entry: entry.name)
    for entry in entries:
        below = f"{path}/{entry.name}" if path else entry.name
        yield below, entry.stat(follow_symlinks=False)
        if entry.is_dir(follow_symlinks=False):
            yield from _entries(root, below)


def _link_tree(source: Path, target: Path, time_ns: int) -> None:
    """Make ``target`` a tree of the same inodes, all written at ``time_ns``."""
    folders = [(target, stat.S_IMODE(source.stat().st_mode))]
    target.mkdir(parents=True)
    for path, status in _entries(str(source), ""):
        old, new = source / path, target / path
        if stat.S_ISDIR(status.st_mode):
            new.mkdir()
            folders.append((new, stat.S_IMODE(status.st_mode)))
        elif stat.S_ISREG(status.st_mode):
            os.utime(old, ns=(time_ns, time_ns))
            new.hardlink_to(old)
        elif stat.S_ISLNK(status.st_mode):
            new.symlink_to(old.readlink())
    for folder, mode in reversed(folders):
        folder.chmod(mode)
