"""Files and folders: atomic writes, removal, copies, and a read-only view of an app."""

import os
import stat

from gobp.errors import UserError

TYPE_CHECKING = False  # as typing has it, which costs bin/detect more than its answer
if TYPE_CHECKING:
    from pathlib import Path

TEXT_LIMIT = 4 * 1024 * 1024  # bytes of a text file of the app (go.mod, Procfile) that are read
HEAD_LIMIT = 256 * 1024  # bytes of the beginning of a file, of whatever size


def write_atomically(path: "Path", data: bytes, *, mode: int = 0o644) -> None:
    """Write a file so that readers see the old content or all of the new, never a part."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as file:
        file.write(data)
    temporary.chmod(mode)
    temporary.replace(path)


def write_all(descriptor: int, data: bytes) -> None:
    """Write all bytes to an open file, pipe or socket. Raises OSError."""
    left = memoryview(data)
    while left:
        left = left[os.write(descriptor, left) :]


def remove_tree(path: "Path") -> None:
    """Remove a file, link or folder, also one whose folders are read-only (Go's module cache)."""
    if path.is_symlink() or not path.is_dir():  # pipes and sockets too
        path.unlink(missing_ok=True)
        return
    for folder, _, _ in os.walk(path):
        mode = stat.S_IMODE(os.lstat(folder).st_mode)
        if mode & stat.S_IRWXU != stat.S_IRWXU:
            os.chmod(folder, mode | stat.S_IRWXU)  # noqa: PTH101 # os.walk gives text
    import shutil  # noqa: PLC0415 # detect, which is timed, reads only

    shutil.rmtree(path)


def copy_tree(source: "Path", target: "Path") -> None:
    """Copy a folder with its modes; links stay links, sockets and devices are left out."""
    import shutil  # noqa: PLC0415 # see remove_tree

    def left_out(folder: str, names: list[str]) -> list[str]:
        return [name for name in names if not _copyable(f"{folder}/{name}")]

    shutil.copytree(source, target, symlinks=True, ignore=left_out)


def _copyable(path: str) -> bool:
    mode = os.lstat(path).st_mode
    return stat.S_ISREG(mode) or stat.S_ISDIR(mode) or stat.S_ISLNK(mode)


def count_tree(path: "Path") -> tuple[int, int]:
    """Return how many files and links a folder holds and their bytes; folders count nothing."""
    files = size = 0
    pending = [str(path)]
    while pending:
        with os.scandir(pending.pop()) as entries:
            for entry in entries:
                if entry.is_dir(follow_symlinks=False):
                    pending.append(entry.path)
                else:
                    files += 1
                    size += entry.stat(follow_symlinks=False).st_size
    return files, size


class DirectoryTree:
    """A folder seen read-only by paths relative to it, with "/" between names."""

    def __init__(self, root: "str | Path") -> None:
        self.root = str(root)

    def has(self, path: str) -> bool:
        """Tell whether there is a file of this name."""
        return os.path.isfile(self._path(path))  # noqa: PTH113 # see _path

    def is_dir(self, path: str) -> bool:
        """Tell whether there is a folder of this name."""
        return os.path.isdir(self._path(path))  # noqa: PTH112 # see _path

    def names(self, path: str = "") -> tuple[str, ...]:
        """Return the names in a folder, sorted; none where there is no such folder."""
        try:
            return tuple(sorted(os.listdir(self._path(path))))  # noqa: PTH208 # see _path
        except (FileNotFoundError, NotADirectoryError):
            return ()

    def read_text(self, path: str) -> str:
        """Return a file's text. Raises UserError where it is too large or not UTF-8."""
        with open(self._path(path), "rb") as file:  # noqa: PTH123 # see _path
            data = file.read(TEXT_LIMIT + 1)
        if len(data) > TEXT_LIMIT:
            raise UserError(
                f"{path} is larger than {TEXT_LIMIT // 1024 // 1024} MiB",
                remedy=f"make {path} the text file that its name promises.",
            )
        try:
            return data.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise UserError(
                f"{path} is not UTF-8 text (byte {error.start})", remedy=f"save {path} as UTF-8."
            ) from error

    def read_head(self, path: str) -> str:
        """Return the beginning of a file; bytes that are not UTF-8 are replaced."""
        with open(self._path(path), "rb") as file:  # noqa: PTH123 # see _path
            return file.read(HEAD_LIMIT).decode("utf-8-sig", "replace")

    def entries(self, path: str = "") -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the names of a folder's folders and of its files, sorted; links are files."""
        folders: list[str] = []
        files: list[str] = []
        with os.scandir(self._path(path)) as entries:
            for entry in entries:
                (folders if entry.is_dir(follow_symlinks=False) else files).append(entry.name)
        return tuple(sorted(folders)), tuple(sorted(files))

    def _path(self, path: str) -> str:
        # Text, as pathlib takes longer to import than all of bin/detect may.
        return os.path.join(self.root, path)  # noqa: PTH118
