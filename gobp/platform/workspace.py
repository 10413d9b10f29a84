"""The private folders of a build, and the paths they have in the image."""

import fcntl
import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from gobp.cnb.env import check_variable_name
from gobp.errors import UserError
from gobp.log import BuildLog
from gobp.system.files import remove_tree

IMAGE_LAYERS = "/layers"
IMAGE_APP = "/workspace"
IMAGE_PLATFORM = "/platform"

_PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class Workspace:
    """The folders of one build; ``root`` is the same for each build of one image and cache.

    The same place each time matters: compilers write the paths they see into what they build.
    """

    root: Path

    @property
    def layers(self) -> Path:
        """Where buildpacks make layers; ``/layers`` in the image."""
        return self.root / "layers"

    @property
    def app(self) -> Path:
        """The private copy of the app; ``/workspace`` in the image."""
        return self.root / "workspace"

    @property
    def platform(self) -> Path:
        """The ``<platform>`` folder: variables and bindings of the user."""
        return self.root / "platform"

    @property
    def plans(self) -> Path:
        """Where plan files are handed to and taken from buildpacks."""
        return self.root / "plans"

    @property
    def blobs(self) -> Path:
        """Where new image layers are written before the image takes them."""
        return self.root / "blobs"

    @property
    def home(self) -> Path:
        """The HOME of buildpacks: empty, so that the user's does not decide what is built."""
        return self.root / "home"

    def remove_inputs(self) -> None:
        """Remove all but the layers: the app's copy, secrets among the inputs, and new blobs."""
        for folder in (self.app, self.platform, self.plans, self.blobs, self.home):
            remove_tree(folder)


def cache_root(cache_dir: Path, image: str) -> Path:
    """Return the folder below ``cache_dir`` that belongs to one image name, of whatever tag.

    It depends on nothing else, so the same app builds at the same path from any checkout, and a
    new tag of it finds what the last one left.
    """
    readable = re.sub(r"[^A-Za-z0-9]+", "-", image).strip("-")[-40:]
    return cache_dir / f"{readable}-{hashlib.sha256(image.encode()).hexdigest()[:12]}"


@contextmanager
def locked(folder: Path, log: BuildLog) -> Iterator[None]:
    """Hold the lock of a folder; a second build of the same image waits for the first.

    The kernel gives the lock back when the holder ends, however it ends.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.process(f"Waiting for another build that uses {folder}")
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def check_app(app: Path) -> None:
    """Raise UserError where the app is no folder."""
    if not app.is_dir():
        raise UserError(
            f"there is no app folder at {app}", remedy="name the folder that holds your app."
        )


def own_places(app: Path, made_here: Collection[Path]) -> frozenset[str]:
    """Return what of the places that builds write to (output, cache) lies in the app, relative."""
    root = app.resolve()
    below = [place for place in map(Path.resolve, made_here) if place.is_relative_to(root)]
    return frozenset(place.relative_to(root).as_posix() for place in below)


def prepare(workspace: Workspace) -> None:
    """Make the folders anew, all but the app's."""
    remove_tree(workspace.root)
    folders = (
        workspace.layers,
        workspace.platform,
        workspace.plans,
        workspace.blobs,
        workspace.home,
    )
    workspace.root.mkdir(parents=True)
    for folder in folders:
        folder.mkdir(mode=0o755)


def write_platform(
    workspace: Workspace, env: Mapping[str, str], bindings: Mapping[str, Path]
) -> None:
    """Write the user's variables and copy the bindings into ``<platform>``.

    Secrets of bindings are readable by the user alone. Raises UserError on a name that cannot be
    a file's, or a binding that is no folder.
    """
    (workspace.platform / "env").mkdir()
    for name, value in sorted(env.items()):
        check_variable_name(name)
        (workspace.platform / "env" / name).write_text(value, encoding="utf-8", newline="")
    if not bindings:
        return
    (workspace.platform / "bindings").mkdir(mode=_PRIVATE)
    for name, folder in sorted(bindings.items()):
        _copy_binding(folder, workspace.platform / "bindings" / name, name)


def _copy_binding(folder: Path, target: Path, name: str) -> None:
    if "/" in name or name in {"", ".", ".."} or not folder.is_dir():
        raise UserError(
            f"the binding {name!r} is no folder at {folder}",
            remedy="give bindings as NAME=FOLDER, where FOLDER holds a file called type.",
        )
    target.mkdir(mode=_PRIVATE)
    for file in sorted(folder.iterdir()):
        if file.name.startswith(".."):  # Kubernetes' own links beside the real names
            continue
        if file.is_dir():
            _copy_binding(file, target / file.name, file.name)
            continue
        (target / file.name).write_bytes(file.read_bytes())
        (target / file.name).chmod(0o600)
