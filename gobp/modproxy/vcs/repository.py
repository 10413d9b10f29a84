"""One git repository: what its server has now, and what of it is mirrored."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from gobp.modproxy.sources.source import NotFoundError
from gobp.modproxy.vcs.git import Git, GitFailedError
from gobp.modproxy.vcs.hosts import Hosts
from gobp.modproxy.vcs.mirror import Commit, Mirror
from gobp.modproxy.vcs.refs import HEAD, HEADS, TAGS, AmbiguousError, Refs, is_hash_prefix
from gobp.modproxy.vcs.trouble import is_refusal, source_error

_ALL = (f"{HEADS}*:{HEADS}*", f"{TAGS}*:{TAGS}*")
_BY_THE_WAY = "refs/gobp/head"

Exists = Callable[[str], Awaitable[bool]]
"""Says of a repository's URL, without git, whether there is one at all: hosts that hide private
repositories want a password for those too that they do not have. True where it cannot be told."""


class Repository:
    """A repository by its URL. Its methods raise SourceError."""

    def __init__(self, url: str, *, cache: Path, git: Git, hosts: Hosts, exists: Exists) -> None:
        self.url = url
        self._from = hosts.git_url(url)
        self._cache = cache
        self._git = git
        self._hosts = hosts
        self._exists = exists
        folder = cache / "repositories"
        self.mirror = Mirror(folder, url, git, hosts.local_environment())
        self._asking: asyncio.Task[Refs] | None = None

    async def refs(self) -> Refs:
        """Return the branches and tags that the server has now; askers at one time share it."""
        if self._asking is None:
            self._asking = asyncio.create_task(self._ask_refs())
            self._asking.add_done_callback(self._asked)
        return await asyncio.shield(self._asking)

    async def find(self, revision: str, refs: Refs) -> Commit:
        """Return the commit that a tag, branch or hash means, fetched if it was not.

        Only commits of branches and tags are fetched: hosts give others too, such as those of
        proposed changes, which are not the repository's.
        """
        try:
            ref, commit = refs.find(revision)
        except AmbiguousError as error:
            raise NotFoundError(f"{self.url}: {error}") from None
        unknown = NotFoundError(f"{self.url}: unknown revision {revision}")
        if not ref and not is_hash_prefix(revision):
            raise unknown
        wanted = commit or revision
        found = await self.mirror.commit(wanted, ref) or await self._fetched(wanted, ref, refs)
        if found is None:
            raise unknown
        return found

    async def have_all(self, refs: Refs) -> None:
        """Have all branches and tags, with their history, in the mirror."""
        async with self._fetching(refs):
            await self._fetch_all(refs)

    async def archive(self, commit: Commit, folder: str, take: Callable[[bytes], object]) -> None:
        """Hand over a tar file; see Mirror.archive."""
        try:
            await self.mirror.archive(commit, folder, take)
        except GitFailedError as error:
            if "did not match any files" in error.text:
                raise NotFoundError(f"{self.url}: {folder} is not in it") from None
            raise self._trouble(error) from None

    async def _ask_refs(self) -> Refs:
        try:
            output = await self._remote("ls-remote", "-q", "--end-of-options", self._from)
        except GitFailedError as error:
            if is_refusal(error) and not await self._exists(self.url):
                raise NotFoundError(f"{self.url}: there is no such repository") from None
            raise self._trouble(error) from None
        return Refs.parse(output.decode("utf-8", "replace"))

    def _asked(self, asking: "asyncio.Task[Refs]") -> None:
        self._asking = None
        if not asking.cancelled():
            asking.exception()  # it was seen: whoever waited may be gone

    async def _fetched(self, wanted: str, ref: str, refs: Refs) -> Commit | None:
        async with self._fetching(refs):
            found = await self.mirror.commit(wanted, ref)  # somebody else was first
            if found is None and ref and await self._fetch_one(ref, wanted):
                found = await self.mirror.commit(wanted, ref)
            if found is None:
                await self._fetch_all(refs)
                found = await self.mirror.commit(wanted, ref)
            return found

    @asynccontextmanager
    async def _fetching(self, refs: Refs) -> AsyncIterator[None]:
        """Hold the mirror, which is made if there is none, so that one fetch runs at a time."""
        async with self.mirror.held():
            try:
                if not self.mirror.exists:
                    await self.mirror.make(refs.object_format)
                yield
            except GitFailedError as error:
                raise self._trouble(error) from None

    async def _fetch_one(self, ref: str, commit: str) -> bool:
        """Fetch a ref; without its history, unless that is here already. Return False if not.

        Not all servers give a commit by its hash, and not all say why: all is fetched then.
        """
        refspec = f"{commit}:{_BY_THE_WAY}" if ref == HEAD else f"{ref}:{ref}"
        has_history = (await self.mirror.refs()).commits and not self.mirror.is_shallow
        try:
            await self._fetch(refspec, options=() if has_history else ("--depth=1",))
        except GitFailedError:
            return False
        return True

    async def _fetch_all(self, refs: Refs) -> None:
        """Fetch all refs with their history, unless the mirror has them as the server does."""
        known = await self.mirror.refs()
        theirs = {(name, commit) for name, commit in refs.commits.items() if name != HEAD}
        if theirs <= known.commits.items() and not self.mirror.is_shallow:
            return
        await self._fetch(*_ALL)
        if self.mirror.is_shallow:  # apart from the refs: https://go.dev/issue/34266
            await self._fetch(*_ALL, options=("--unshallow",))

    async def _fetch(self, *refspecs: str, options: tuple[str, ...] = ()) -> None:
        arguments = ("fetch", "-q", "-f", "--no-write-fetch-head", *options, "--end-of-options")
        in_mirror = ("--git-dir", str(self.mirror.path))
        await self._remote(*in_mirror, *arguments, self._from, *refspecs)

    async def _remote(self, *arguments: str) -> bytes:
        homes = self._cache / "homes"
        homes.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._hosts.environment(self._from, homes) as env:
            return await self._git.remote(*arguments, env=env)

    def _trouble(self, failure: GitFailedError) -> Exception:
        return source_error(failure, self.url, self._hosts.setting_of(self.url))
