"""The server's own copy of the repository of a module tree: fetched, and read without a work tree.

Files are read as git stores them: no attribute of the repository changes a byte or runs a filter.
"""

import re
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from gobp.errors import UserError
from gobp.modproxy.published.git import Git, GitError, check_repository
from gobp.modproxy.settings.schema import Published
from gobp.modproxy.sources.source import SourceError
from gobp.modproxy.vcs.hosts import Hosts

_OF_THIS_MACHINE = frozenset({"", "file"})
_SHORT_FORM = re.compile(r"([^/:]+):(?!//)(.+)")
_FETCHED = "refs/gobp/fetched"
_REGULAR = frozenset({"100644", "100755"})
_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:.*\n)*?oid sha256:([0-9a-f]{64})\n"
)
_MOST_POINTER_BYTES = 1024  # by the specification of git-lfs
_CHUNK = 1024 * 1024
_ENTRY = re.compile(
    rb"(?P<mode>\d+) \w+ (?P<blob>[0-9a-f]+) +(?P<size>\d+|-)\t(?P<path>.+)", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a commit: where, its content by git's name of it, and its size in bytes."""

    path: str
    blob: str
    size: int
    regular: bool


class Mirror:
    """A bare repository at ``folder`` that follows one branch ("" for the default) of another."""

    def __init__(self, folder: Path, published: Published, git: Git, hosts: Hosts) -> None:
        check_repository(published.repository, named_by="published.repository")
        _check_form(published.repository)
        self._folder = folder
        self._repository = published.repository
        self._branch = published.branch
        self._git = git
        self._hosts = hosts

    def fetch(self) -> str:
        """Fetch the branch, and return its commit. Raises GitError."""
        if not (self._folder / "HEAD").exists():
            self._folder.mkdir(parents=True, exist_ok=True)
            self._git.run("init", "--bare", "--quiet", ".", cwd=self._folder)
        wanted = f"refs/heads/{self._branch}" if self._branch else "HEAD"
        options = ("--quiet", "--no-tags", "--no-write-fetch-head")
        self._remote("fetch", *options, "--", self._url, f"+{wanted}:{_FETCHED}")
        return self._git.text("rev-parse", f"{_FETCHED}^{{commit}}", cwd=self._folder)

    def entries(self, commit: str) -> tuple[Entry, ...]:
        """Return the files, links and submodules of a commit. Raises GitError, UserError."""
        output = self._git.run("ls-tree", "-r", "-l", "-z", "--full-tree", commit, cwd=self._folder)
        return tuple(_entry(line) for line in output.split(b"\0") if line)

    @contextmanager
    def contents(self) -> Iterator["Contents"]:
        """Give a way to read many files quickly."""
        process = self._git.start("cat-file", "--batch", cwd=self._folder)
        assert process.stdin is not None  # noqa: S101 # a pipe was asked for
        assert process.stdout is not None  # noqa: S101 # as above
        try:
            yield Contents(process.stdin, process.stdout)
        finally:
            self._git.end(process)

    def resolve_pointers(self, paths: Iterable[Path], commit: str) -> None:
        """Put the content into each file that holds a pointer of git-lfs; others stay as they are.

        Raises UserError where git-lfs is not installed or its server does not have the content.
        """
        kept = {path: name for path in paths if (name := _kept_by_lfs(path))}
        if not kept:
            return
        if shutil.which("git-lfs") is None:
            raise UserError(
                f"{min(kept).name} is kept by git-lfs, which is not installed on the server",
                remedy="install git-lfs there, or commit the zips themselves.",
            )
        self._remote("-c", f"remote.origin.url={self._url}", "lfs", "fetch", "origin", commit)
        for path, name in kept.items():
            content = self._folder / "lfs/objects" / name[:2] / name[2:4] / name
            if not content.is_file():
                raise UserError(
                    f"git-lfs does not have the content of {path.name}",
                    remedy="push it with git lfs push --all.",
                )
            path.unlink()
            path.hardlink_to(content)

    @property
    def _url(self) -> str:
        return self._hosts.git_url(self._repository)

    def _remote(self, *arguments: str) -> None:
        """Run git with the credentials of the repository's host; on this machine as we are."""
        if urlsplit(self._url).scheme in _OF_THIS_MACHINE:
            self._git.run(*arguments, cwd=self._folder)
            return
        try:
            with self._hosts.environment(self._url, self._folder) as env:
                self._git.run(*arguments, cwd=self._folder, more=env.as_variables())
        except SourceError as error:
            raise GitError(error.text, remedy="correct it in vcs.hosts of the settings.") from None


class Contents:
    """Reads files from ``git cat-file --batch``."""

    def __init__(self, questions: IO[bytes], answers: IO[bytes]) -> None:
        self._questions = questions
        self._answers = answers

    def write(self, entry: Entry, target: Path) -> None:
        """Write the content of an entry to a new file. Raises GitError."""
        self._questions.write(f"{entry.blob}\n".encode())
        self._questions.flush()
        head = self._answers.readline().split()
        if len(head) != 3 or head[1] != b"blob":
            raise GitError(f"git has no content of {entry.path}", remedy="see git fsck.")
        left = int(head[2])
        with target.open("xb") as file:
            while left:
                chunk = self._answers.read(min(left, _CHUNK))
                if not chunk:
                    raise GitError(f"git ended within {entry.path}", remedy="see git fsck.")
                left -= file.write(chunk)
        self._answers.read(1)  # the newline after it


def _entry(line: bytes) -> Entry:
    match = _ENTRY.fullmatch(line)
    if match is None:
        raise GitError("git ls-tree printed what is no entry", remedy="see git fsck.")
    return Entry(
        match["path"].decode("utf-8", "backslashreplace"),
        match["blob"].decode(),
        0 if match["size"] == b"-" else int(match["size"]),
        match["mode"].decode() in _REGULAR,
    )


def _check_form(repository: str) -> None:
    match = _SHORT_FORM.fullmatch(repository)
    if match:
        raise UserError(
            f"published.repository is {repository}, a short form that only ssh knows",
            remedy=f"write it as ssh://{match[1]}/{match[2]}.",
        )


def _kept_by_lfs(path: Path) -> str:
    """Return the name by which git-lfs has the content of a pointer; "" if it is no pointer."""
    if path.stat().st_size > _MOST_POINTER_BYTES:
        return ""
    match = _POINTER.match(path.read_bytes())
    return match[1].decode() if match else ""
