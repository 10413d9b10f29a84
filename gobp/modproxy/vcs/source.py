"""Version control as a source of modules: what the go command does with GOPROXY=direct."""

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from weakref import WeakValueDictionary

from gobp.golang.modzip import MOST_GO_MOD_BYTES
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.protocol.version_info import VersionInfo
from gobp.modproxy.settings.schema import Vcs
from gobp.modproxy.sources.source import RefusedError, Sink
from gobp.modproxy.vcs.archive import LICENSE, make_module_zip
from gobp.modproxy.vcs.code_module import CodeModule
from gobp.modproxy.vcs.discovery import Discovery
from gobp.modproxy.vcs.git import Git
from gobp.modproxy.vcs.hosts import Hosts
from gobp.modproxy.vcs.pages import Pages
from gobp.modproxy.vcs.place import Place
from gobp.modproxy.vcs.repository import Repository

_CHUNK = 1024 * 1024


class VcsSource:
    """Modules from their git repositories (see Source).

    ``cache`` is a folder that processes may share: mirrors of repositories, what hosts said of
    modules, and temporary files. ``env`` gives forward proxies, certificates and netrc.
    """

    name = "version control"

    def __init__(self, settings: Vcs, *, cache: Path, env: Mapping[str, str]) -> None:
        self._cache = cache
        self._hosts = Hosts(settings, env)
        self._git = Git(fetches=settings.clones, seconds=settings.timeout)
        self._pages = Pages(self._hosts, env)
        self._discovery = Discovery(cache / "imports", self._pages, self._hosts)
        self._repositories: WeakValueDictionary[str, Repository] = WeakValueDictionary()

    async def versions(self, module: str) -> tuple[str, ...]:
        """See Source.versions."""
        return await (await self._module(module))[0].versions()

    async def latest(self, module: str) -> VersionInfo:
        """See Source.latest."""
        return await (await self._module(module))[0].latest()

    async def info(self, module: str, query: str) -> VersionInfo:
        """See Source.info."""
        return await (await self._module(module))[0].info(query)

    async def fetch(self, file: ModuleFile, sink: Sink) -> None:
        """See Source.fetch."""
        if file.kind is Kind.ZIP:
            await self._fetch_zip(file, sink)
        else:
            await self._fetch_mod(file, sink)

    async def close(self) -> None:
        """See Source.close."""
        await self._pages.close()

    async def _module(self, module: str) -> tuple[CodeModule, Repository]:
        root = await self._discovery.root(module)
        repository = self._repositories.get(root.url)
        if repository is None:
            repository = Repository(
                root.url,
                cache=self._cache,
                git=self._git,
                hosts=self._hosts,
                exists=self._pages.exists,
            )
            self._repositories[root.url] = repository
        return CodeModule(Place.of(module, root), repository), repository

    async def _fetch_mod(self, file: ModuleFile, sink: Sink) -> None:
        code, _ = await self._module(file.module)
        _, found = await code.found(file.version)
        content = found.go_mod if found.go_mod is not None else f"module {file.module}\n".encode()
        if len(content) > MOST_GO_MOD_BYTES:
            raise RefusedError(f"{file}: a go.mod file is no larger than {MOST_GO_MOD_BYTES} bytes")
        sink.expect(len(content))
        await sink.write(content)

    async def _fetch_zip(self, file: ModuleFile, sink: Sink) -> None:
        code, repository = await self._module(file.module)
        commit, found = await code.found(file.version)
        temporary = self._cache / "tmp"
        temporary.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=temporary) as folder:
            tar, target = Path(folder, "tar"), Path(folder, "zip")
            with await asyncio.to_thread(tar.open, "wb") as written:
                await repository.archive(commit, found.folder, written.write)
            await asyncio.to_thread(
                make_module_zip,
                tar,
                target,
                file,
                folder=found.folder,
                go_mod=found.go_mod or b"",
                licence=await repository.mirror.read(commit, LICENSE),
            )
            await _send(target, sink)


async def _send(path: Path, sink: Sink) -> None:
    with await asyncio.to_thread(path.open, "rb") as file:
        sink.expect(file.seek(0, 2))
        file.seek(0)
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            await sink.write(chunk)
