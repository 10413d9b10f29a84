"""One tree of module files, readable by gobp, by any web server and as ``file://``.

The layout is that of a module cache's ``cache/download``: ``<escaped module>/@v/`` with ``list``,
``V.info``, ``V.mod``, ``V.zip`` and ``V.ziphash``, and ``sumdb/``. What is gobp's own is below
``.gobp/``: ``tmp`` for files that are not whole yet, ``locks``, ``remembered`` answers, ``pins``.
"""

import fcntl
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from gobp.errors import UserError
from gobp.golang.module import unescape_path
from gobp.golang.pseudo import is_pseudo_version
from gobp.modproxy.protocol.requests import Kind, ModuleFile, version_folder
from gobp.modproxy.protocol.version_list import (
    format_version_list,
    parse_version_list,
    versions_of_files,
)

OWN = ".gobp"
_NO_MODULES = {OWN, "sumdb", ".git"}
_SECONDS_TO_LOCK = 1.0  # in which whoever made a temporary file has locked it


class ChangedVersionError(UserError):
    """A version is not what it was when it was first seen."""

    def __init__(self, file: ModuleFile, pinned: str, found: str) -> None:
        super().__init__(
            f"{file} has changed: its hash is {found}, but it was {pinned} when it was first seen",
            remedy="use another version, or ask the module's authors why it was published again.",
        )


class ModuleTree:
    """A folder of module files. Files appear in it whole and are never changed, but for lists.

    ``durable``: whether each file is on the disk, not only with the kernel, before it is seen.
    """

    def __init__(self, root: Path, *, durable: bool = True) -> None:
        self.root = root
        self.durable = durable
        self._tmp = root / OWN / "tmp"
        self.locks = root / OWN / "locks"

    def prepare(self) -> None:
        """Make the folders that the tree needs; remove what processes that died left in them."""
        self._tmp.mkdir(parents=True, exist_ok=True)
        self.locks.mkdir(parents=True, exist_ok=True)
        latest = time.time() - _SECONDS_TO_LOCK
        for entry in os.scandir(self._tmp):
            if entry.is_file(follow_symlinks=False):
                _remove_unlocked(Path(entry.path), latest)

    def path_of(self, file: ModuleFile) -> Path:
        """Return where a file is, or would be."""
        return self.root / file.path

    def find(self, file: ModuleFile) -> Path | None:
        """Return where a file is, None if the tree does not have it."""
        path = self.path_of(file)
        return path if path.is_file() else None

    def pinned_hash(self, module: str, version: str, kind: Kind = Kind.ZIP) -> str:
        """Return the h1: hash of a .zip or .mod as it was first seen, "" if that is not known."""
        path = self._pin_path(ModuleFile(module, version, kind))
        try:
            return path.read_text(encoding="ascii", errors="replace").strip()
        except (FileNotFoundError, NotADirectoryError):
            return ""

    def pin(self, file: ModuleFile, h1: str) -> None:
        """Note the hash of a .zip or .mod before it appears.

        Raises ChangedVersionError when another hash was noted first.
        """
        path = self._pin_path(file)
        if self.publish_bytes(h1.encode(), path):
            return
        pinned = self.pinned_hash(file.module, file.version, file.kind)
        if not pinned:  # an empty file, as a crashed go command leaves it
            self.replace(path, h1.encode())
        elif pinned != h1:
            raise ChangedVersionError(file, pinned, h1)

    def versions(self, module: str) -> tuple[str, ...]:
        """Return the tagged versions that the tree has an .info or .mod file of, by precedence."""
        return tuple(
            version for version in self.stored_versions(module) if not is_pseudo_version(version)
        )

    def stored_versions(self, module: str) -> tuple[str, ...]:
        """Return all versions, pseudo-versions too, that the tree has an .info or .mod file of."""
        try:
            names = os.listdir(self.root / version_folder(module))  # noqa: PTH208 # many names
        except (FileNotFoundError, NotADirectoryError):
            return ()
        return versions_of_files(module, names)

    def listed(self, module: str) -> tuple[str, ...] | None:
        """Return the versions in the module's list file, None if there is none."""
        try:
            content = self.list_path(module).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None
        return parse_version_list(module, content)

    def list_path(self, module: str) -> Path:
        """Return where the list file of a module is; its time is when it was last made anew."""
        return self.root / version_folder(module) / "list"

    def write_list(self, module: str, versions: tuple[str, ...]) -> None:
        """Replace the list of a module's versions."""
        self.replace(self.list_path(module), format_version_list(versions))

    @contextmanager
    def new_file(self) -> Iterator[Path]:
        """Give an empty file of this file system to write to; it is removed if it is not taken.

        It is locked, which tells ``prepare`` of another process that it is in use.
        """
        handle, name = tempfile.mkstemp(dir=self._tmp)
        path = Path(name)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield path
        finally:
            path.unlink(missing_ok=True)
            os.close(handle)

    def publish(self, temporary: Path, target: Path) -> bool:
        """Let a whole file appear at its place; return False if one was there before.

        What is there first stays. The caller keeps or removes ``temporary``.
        """
        target.parent.mkdir(parents=True, exist_ok=True)
        temporary.chmod(0o644)
        if self.durable:
            sync(temporary)
        try:
            os.link(temporary, target)
        except FileExistsError:
            return False
        if self.durable:
            sync(target.parent)
        return True

    def publish_bytes(self, content: bytes, target: Path) -> bool:
        """Let a small file appear at its place; see publish."""
        with self.new_file() as temporary:
            temporary.write_bytes(content)
            return self.publish(temporary, target)

    def replace(self, target: Path, content: bytes) -> None:
        """Replace a small file, as a list, in one step."""
        target.parent.mkdir(parents=True, exist_ok=True)
        with self.new_file() as temporary:
            temporary.write_bytes(content)
            temporary.chmod(0o644)
            if self.durable:
                sync(temporary)
            temporary.replace(target)

    def publish_zip(self, temporary: Path, file: ModuleFile, h1: str) -> bool:
        """Let a zip whose hash was checked appear; see publish.

        Its hash appears first, so that no two processes can let a zip and another zip's hash
        appear. Raises ChangedVersionError for a zip that differs from what was first seen.
        """
        self.pin(file, h1)
        return self.publish(temporary, self.path_of(file))

    def publish_small(self, file: ModuleFile, content: bytes) -> bool:
        """Let an .info or .mod file appear; see publish."""
        return self.publish_bytes(content, self.path_of(file))

    def modules(self) -> Iterator[str]:
        """Yield the modules that the tree has versions of, sorted by their escaped paths."""
        for folder, names, _ in os.walk(self.root):
            at_root = folder == str(self.root)
            has_versions = "@v" in names
            names[:] = sorted(set(names) - (_NO_MODULES if at_root else {"@v"}))
            module = _unescaped_module(Path(folder).relative_to(self.root).as_posix())
            if has_versions and module:
                yield module

    def _pin_path(self, file: ModuleFile) -> Path:
        """Return where the hash of a file is: of a zip, where go has it."""
        if file.kind is Kind.ZIP:
            return self.path_of(file).with_suffix(".ziphash")
        return self.root / OWN / "pins" / file.path


def kinds_of(tree: ModuleTree, module: str, version: str) -> tuple[Kind, ...]:
    """Return which files of a version a tree has."""
    return tuple(kind for kind in Kind if tree.find(ModuleFile(module, version, kind)))


def _unescaped_module(path: str) -> str:
    try:
        return unescape_path(path)
    except UserError:
        return ""


def _remove_unlocked(temporary: Path, latest: float) -> None:
    """Remove a file that was not changed after a time, unless a process has locked it."""
    try:
        handle = os.open(temporary, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return
    try:
        if os.fstat(handle).st_mtime < latest:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            temporary.unlink(missing_ok=True)
    except BlockingIOError:
        return
    finally:
        os.close(handle)


def sync(path: Path) -> None:
    """Have a file or folder be on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
