"""Find the repository of a module, and remember it for when its host is away."""

import asyncio
import json
import tempfile
import time
from hashlib import sha256
from pathlib import Path

from gobp.modproxy.fetching.jobs import Jobs
from gobp.modproxy.sources.source import (
    NotFoundError,
    RefusedError,
    SourceError,
    UnavailableError,
)
from gobp.modproxy.vcs.hosts import Hosts
from gobp.modproxy.vcs.imports import (
    GoImport,
    matching_import,
    parse_go_imports,
    root_of,
    static_root,
)
from gobp.modproxy.vcs.pages import Page, Pages
from gobp.modproxy.vcs.place import Root

_FRESH = 600  # seconds for which a page is believed
_NOT_LET_IN = frozenset({401, 403})


class Discovery:
    """Knows the repositories of modules; what pages said is kept in ``folder``."""

    def __init__(self, folder: Path, pages: Pages, hosts: Hosts) -> None:
        self._folder = folder
        self._pages = pages
        self._hosts = hosts
        self._asking: Jobs[Root] = Jobs(running=16, waiting=1000)

    async def root(self, module: str) -> Root:
        """Return the repository that a module is in. Raises SourceError."""
        root = static_root(module)
        if root is not None:
            return await self._reachable(root)
        kept, age = self._kept(module)
        if kept is not None and age < _FRESH:
            return kept
        try:
            root = await asyncio.shield(self._asking.start(module, lambda: self._ask(module)))
        except SourceError:
            if kept is None:
                raise
            return kept
        return root

    async def _ask(self, module: str) -> Root:
        found, page = await self._import_of(module, module)
        if found.prefix != module:  # else anybody could claim the paths above their own
            above, page_above = await self._import_of(module, found.prefix)
            if above != found:
                raise UnavailableError(f"{page} and {page_above} disagree about {found.prefix}")
        root = root_of(module, found, page)
        if root.url.startswith("http:") and not self._hosts.allows_insecure(root.url):
            raise RefusedError(f"{page} names {root.url}; see {self._hosts.setting_of(root.url)}")
        self._keep(module, root)
        return root

    async def _import_of(self, module: str, path: str) -> tuple[GoImport, str]:
        """Return what the page of a path says of a module, and the page's URL."""
        page = await self._pages.read(f"https://{path}{'' if '/' in path else '/'}?go-get=1")
        imports = parse_go_imports(page.text)
        if not imports:
            raise self._why_none(page, module)
        return matching_import(module, imports, page.url), page.url

    def _why_none(self, page: Page, module: str) -> SourceError:
        if page.is_missing:
            return NotFoundError(f"{page.url} answered {page.status}: there is no module {module}")
        if page.status in _NOT_LET_IN:
            setting = self._hosts.setting_of(page.url)
            return RefusedError(f"{page.url} answered {page.status}; see {setting}")
        if page.status >= 400:
            return UnavailableError(f"{page.url} answered {page.status}")
        return NotFoundError(f"{page.url} has no meta tag go-import for {module}")

    async def _reachable(self, root: Root) -> Root:
        """Return the root with the scheme that its host speaks, where it may be http."""
        if not self._hosts.allows_insecure(root.url):
            return root
        page = await self._pages.read(root.url)
        return Root(root.prefix, page.url, root.folder)

    def _kept(self, module: str) -> tuple[Root | None, float]:
        """Return what was found before, and how many seconds ago."""
        path = self._path(module)
        try:
            age = time.time() - path.stat().st_mtime
            return Root(**json.loads(path.read_bytes())), age
        except (OSError, ValueError, TypeError):
            return None, 0

    def _keep(self, module: str, root: Root) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        document = {"prefix": root.prefix, "url": root.url, "folder": root.folder}
        with tempfile.NamedTemporaryFile("w", dir=self._folder, delete=False) as file:
            json.dump(document, file)
        Path(file.name).replace(self._path(module))

    def _path(self, module: str) -> Path:
        return self._folder / f"{sha256(module.encode()).hexdigest()[:32]}.json"
