"""The layers of an app image, as the lifecycle lays them out (cnb.md 2.7)."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from gobp.oci.blobs import BlobStore
from gobp.oci.image import History, Image, Layer
from gobp.oci.layer_tar import Entry, entries_of_tree, parents_of, store_layer, write_layer
from gobp.oci.tar_header import SYMLINK
from gobp.platform.base import GROUP_ID, USER_ID
from gobp.platform.relocation import Relocation
from gobp.platform.slices import ROOT, slice_paths
from gobp.platform.workspace import IMAGE_APP

LAUNCHER = "/cnb/lifecycle/launcher"
PROCESS_DIR = "/cnb/process"
SBOM_CREATED_BY = "Software Bill-of-Materials"
LAUNCHER_CREATED_BY = "Buildpacks Application Launcher"
CONFIG_CREATED_BY = "Buildpacks Launcher Config"
PROCESSES_CREATED_BY = "Buildpacks Process Types"

ENV_FOLDERS = ("env/", "env.build/", "env.launch/")

Entries = Callable[[], Iterable[Entry]]
"""Yields the entries of a layer from the start, each time it is called."""


@dataclass
class LayerStack:
    """The layers of the image to be, and which of them the previous image had."""

    store: BlobStore
    previous: Mapping[str, Layer]
    layers: list[Layer] = field(default_factory=list)
    history: list[History] = field(default_factory=list)
    reused: list[str] = field(default_factory=list)

    def add(self, name: str, created_by: str, entries: Entries) -> str:
        """Add a layer and return its diffID; only what is new is compressed and stored."""
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 # a device, not a file
            diff_id = write_layer(nowhere, entries()).diff_id
        if diff_id in self.previous:
            return self.reuse(name, created_by, diff_id)
        layer = store_layer(self.store, entries())
        self._append(layer, created_by)
        return layer.diff_id

    def reuse(self, name: str, created_by: str, diff_id: str) -> str:
        """Add the previous image's layer of this diffID as it is."""
        self._append(self.previous[diff_id], created_by)
        self.reused.append(name)
        return diff_id

    def _append(self, layer: Layer, created_by: str) -> None:
        self.layers.append(layer)
        self.history.append(History(created_by))


def layers_by_diff_id(image: Image | None) -> dict[str, Layer]:
    """Return the layers of an image that may be reused; none where there is no image."""
    return {} if image is None else {layer.diff_id: layer for layer in image.layers}


def folder_entries(
    folder: Path, target: str, relocation: Relocation, *, texts: Sequence[str] = ENV_FOLDERS
) -> Iterator[Entry]:
    """Yield the folders above ``target`` and a folder's content, owned by the cnb user.

    What names the build's private folders is rewritten in the targets of links, and in the files
    below ``texts``, which the specification says are text ("" for all).
    """
    parents = parents_of(target, uid=USER_ID, gid=GROUP_ID)
    for entry in entries_of_tree(folder, target, uid=USER_ID, gid=GROUP_ID, parents=parents):
        below = entry.name.removeprefix(target).lstrip("/")
        is_text = any(below.startswith(text) for text in texts)
        yield _relocated(entry, relocation, is_text=is_text)


def _relocated(entry: Entry, relocation: Relocation, *, is_text: bool) -> Entry:
    if entry.kind == SYMLINK:
        return replace(entry, link=relocation.text(entry.link))
    if entry.content is None or not is_text:
        return entry
    with entry.content.open() as file:
        data = relocation.content(file.read())
    return Entry.file(entry.name, data, mode=entry.mode, uid=entry.uid, gid=entry.gid)


def app_slices(
    app: Path, slices: Sequence[Sequence[str]], relocation: Relocation
) -> list[tuple[str, Entries]]:
    """Return the app's layers: how each was made, and its entries.

    The last has what no slice took; it is there even when that is nothing.
    """
    entries = {
        entry.name.removeprefix(IMAGE_APP).removeprefix("/"): _relocated(
            entry, relocation, is_text=False
        )
        for entry in entries_of_tree(app, IMAGE_APP, uid=USER_ID, gid=GROUP_ID)
    }
    parts = slice_paths(entries.keys() | {ROOT}, slices)
    if len(parts) == 1:
        return [("Application Layer", _entries_at(entries, parts[0]))]
    return [
        (f"Application Slice: {number}", _entries_at(entries, part))
        for number, part in enumerate(parts, start=1)
    ]


def _entries_at(entries: Mapping[str, Entry], paths: Sequence[str]) -> Entries:
    return lambda: [entries[path] for path in paths]


def launcher_entries(launcher: Path) -> Iterator[Entry]:
    """Yield the launcher's layer; all of it is root's."""
    yield Entry.directory("/cnb")
    yield Entry.directory("/cnb/lifecycle")
    for entry in entries_of_tree(launcher.resolve(), LAUNCHER, uid=0, gid=0):
        yield replace(entry, mode=0o755)


def process_type_entries(types: Iterable[str]) -> Iterator[Entry]:
    """Yield a link to the launcher for each process type, in the order given."""
    yield Entry.directory("/cnb")
    yield Entry.directory(PROCESS_DIR)
    for name in types:
        yield Entry(f"{PROCESS_DIR}/{name}", SYMLINK, 0o755, link=LAUNCHER)
