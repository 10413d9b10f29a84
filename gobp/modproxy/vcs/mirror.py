"""The bare git repository on disk that holds what was fetched of another one so far."""

import asyncio
import fcntl
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from gobp.modproxy.vcs.git import Git, GitEnvironment, GitFailedError
from gobp.modproxy.vcs.refs import HEADS, TAGS, Refs

_PAUSE = 0.05  # seconds
_MOST_ARCHIVE = 2 * 1024 * 1024 * 1024
# Archives have files as they were committed: https://go.dev/issue/27153.
_ATTRIBUTES = "* -export-subst -export-ignore\n"
_REF_FORMAT = "--format=%(objectname) %(refname)%0a%(*objectname) %(refname)^{}"


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit that is in the mirror; ``seconds`` is its time since 1970.

    ``ref`` is the branch or tag by which it was found, "" if it was by its hash.
    """

    hash: str
    seconds: int
    ref: str = ""


class Mirror:
    """A mirror below a folder; there is none until it is made.

    Its methods raise GitFailedError where git does what it should not do.
    """

    def __init__(self, folder: Path, url: str, git: Git, env: GitEnvironment) -> None:
        self.path = folder / f"{sha256(url.encode()).hexdigest()[:32]}.git"
        self._git = git
        self._env = env

    @property
    def exists(self) -> bool:
        """Whether anything was fetched yet."""
        return self.path.exists()

    @property
    def is_shallow(self) -> bool:
        """Whether the history of some of its commits is missing."""
        return (self.path / "shallow").exists()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[None]:
        """Wait for the mirror, and hold it against other processes and other tasks of this one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self.path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)
        try:
            while not _locked(handle):  # noqa: ASYNC110 # the kernel tells no event loop of it
                await asyncio.sleep(_PAUSE)
            yield
        finally:
            os.close(handle)

    async def make(self, object_format: str) -> None:
        """Make an empty mirror; to be called while it is held."""
        new = self.path.with_suffix(".new")
        arguments = ("init", "-q", "--bare", "--template=", f"--object-format={object_format}")
        await self._git.local(*arguments, str(new), env=self._env)
        (new / "info").mkdir(exist_ok=True)
        (new / "info" / "attributes").write_text(_ATTRIBUTES, encoding="ascii")
        new.rename(self.path)

    async def refs(self) -> Refs:
        """Return the branches and tags that were fetched, which may be few, and old."""
        if not self.exists:
            return Refs({})
        output = await self._run("for-each-ref", _REF_FORMAT, TAGS, HEADS)
        return Refs.parse(output.decode("utf-8", "replace"))

    async def commit(self, revision: str, ref: str = "") -> Commit | None:
        """Return a commit by its hash or by a ref, None if the mirror does not have it."""
        if not self.exists:
            return None
        arguments = ("-1", "--no-show-signature", "--format=%H %ct", "--end-of-options", revision)
        try:
            output = await self._run("log", *arguments, "--")
        except GitFailedError:
            return None
        found, seconds = output.decode().split()
        return Commit(found, int(seconds), ref)

    async def tags_before(self, commit: Commit) -> tuple[str, ...]:
        """Return the tags in the history of a commit, as far as the mirror has it."""
        merged = f"--merged={commit.hash}"
        output = await self._run("for-each-ref", "--format=%(refname)", merged, TAGS)
        names = output.decode("utf-8", "replace").splitlines()
        return tuple(name.removeprefix(TAGS) for name in names)

    async def descends(self, commit: Commit, tag: str) -> bool:
        """Say whether a tag is in the history of a commit, as far as the mirror has it."""
        try:
            await self._run("merge-base", "--is-ancestor", "--", TAGS + tag, commit.hash)
        except GitFailedError:
            return False
        return True

    async def read(self, commit: Commit, path: str) -> bytes | None:
        """Return a file at a commit, None if there is none."""
        try:
            blob = f"{commit.hash}:{path}"
            return await self._run("cat-file", "--end-of-options", "blob", blob)
        except GitFailedError:
            return None

    async def archive(self, commit: Commit, folder: str, take: Callable[[bytes], object]) -> None:
        """Hand over a tar file of a folder ("" for all), with paths from the repository's root."""
        await self._git.write(
            *("--git-dir", str(self.path)),
            *("archive", "--format=tar", "--end-of-options", commit.hash),
            *((folder,) if folder else ()),
            env=self._env,
            take=take,
            most=_MOST_ARCHIVE,
        )

    async def _run(self, *arguments: str) -> bytes:
        return await self._git.local("--git-dir", str(self.path), *arguments, env=self._env)


def _locked(handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
