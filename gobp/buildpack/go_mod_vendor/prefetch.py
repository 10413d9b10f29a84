"""Fetches the app's modules beside the installation of Go, which takes as long as they do.

What go.mod requires and go.sum has the hash of comes from the first module proxy; go itself checks
the files before it uses them, and fetches what is not there. So nothing here can fail a build.
Source: https://go.dev/ref/mod#goproxy-protocol and #module-cache.
"""

import posixpath
import re
import threading
import zipfile
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gobp.buildpack.app.layout import Mode, Vendor, read_layout
from gobp.buildpack.component import BuildContext
from gobp.buildpack.go_mod_vendor.modules import DOWNLOADS, LAYER, ModuleCache
from gobp.buildpack.volume import volume_of
from gobp.errors import UserError
from gobp.golang import modfile, sumfile
from gobp.golang.dirhash import go_mod_hash
from gobp.golang.modfile import ModFile
from gobp.golang.module import ModuleVersion, escape_path, escape_version
from gobp.golang.patterns import ModulePatterns
from gobp.system.fetch import Fetcher, HttpFetcher
from gobp.system.files import remove_tree, write_atomically

MOST_MODULES = 1000
_THREADS = 8
_MOST_FAILURES = 3  # after which the proxy is left to go, which says what is wrong with it
_NAME = "prefetch"
_FOLDER = ".prefetched"  # beside the layers, and none of them


def start(context: BuildContext) -> None:
    """Begin to fetch, where nothing was restored and a proxy is named (GOPROXY).

    Who calls this calls ``adopt`` later, or the session ends what is under way.
    """
    folder = context.layers.root / _FOLDER
    remove_tree(folder)
    proxy = re.split("[,|]", context.env.get("GOPROXY", ""))[0].strip().rstrip("/")
    if (
        not proxy.startswith(("https://", "http://"))
        or volume_of(context.env) is not None
        or context.layers.layer(LAYER).restored
    ):
        return
    try:
        wanted = _wanted(context)[:MOST_MODULES]
    except UserError:  # go says better what is wrong with the files
        return
    prefetch = _Prefetch(proxy, folder / DOWNLOADS, wanted)
    context.session.at_end(_NAME, prefetch.stop)
    prefetch.start(context.env)


def adopt(context: BuildContext, modules: ModuleCache) -> None:
    """Let what is under way arrive, begin nothing more, and put it all into the module cache."""
    context.session.end(_NAME)
    fetched = context.layers.root / _FOLDER / "cache"
    if fetched.is_dir() and not (modules.path / "cache").exists():
        fetched.rename(modules.path / "cache")
        arrived = (modules.path / "cache").rglob("*.zip")
        context.report.count(modulesFetched=sum(1 for _ in arrived))


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A module's path and version as proxies and the module cache write them."""

    path: str
    version: str
    go_mod_hash: str


def _wanted(context: BuildContext) -> list[_Wanted]:
    """Return what a proxy is to give of the modules that go.mod requires. Raises UserError."""
    app = context.facts.app
    layout = read_layout(app, context.env)
    go_mod, go_sum = (posixpath.join(layout.root, name) for name in ("go.mod", "go.sum"))
    if layout.mode is not Mode.MODULE or layout.vendor is not Vendor.ABSENT or not app.has(go_sum):
        return []
    lines = sumfile.parse(app.read_text(go_sum), source=go_sum)
    sums = {(line.path, line.version): line.hash for line in lines}
    private = context.env.get("GONOPROXY") or context.env.get("GOPRIVATE", "")
    patterns = ModulePatterns.parse(private, source="GOPRIVATE")
    return [
        _Wanted(
            escape_path(each.path),
            escape_version(each.version),
            sums[each.path, f"{each.version}/go.mod"],
        )
        for each in _required(modfile.parse(app.read_text(go_mod), source=go_mod))
        if {(each.path, each.version), (each.path, f"{each.version}/go.mod")} <= sums.keys()
        and not patterns.match(each.path)
    ]


def _required(file: ModFile) -> Iterator[ModuleVersion]:
    """Yield the modules that go.mod requires, or what replaces them; folders are none."""
    replaced = {each.old: each.new for each in file.replaces}
    for each in file.requires:
        exact, any_version = ModuleVersion(each.path, each.version), ModuleVersion(each.path)
        found = replaced.get(exact) or replaced.get(any_version) or exact
        if found.version:
            yield found


class _Prefetch:
    """Threads that fetch modules one after the other until there are no more or it is enough."""

    def __init__(self, proxy: str, downloads: Path, wanted: Iterable[_Wanted]) -> None:
        self._proxy = proxy
        self._downloads = downloads
        self._wanted = deque(wanted)
        self._failures = 0
        self._threads: list[threading.Thread] = []

    def start(self, env: Mapping[str, str]) -> None:
        """Begin, with the credentials that an environment names."""
        for _ in range(min(_THREADS, len(self._wanted))):
            thread = threading.Thread(target=self._run, args=(HttpFetcher(env),), daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """Wait for what is under way; begin nothing more."""
        self._wanted.clear()
        for thread in self._threads:
            thread.join()

    def _run(self, fetcher: Fetcher) -> None:
        while self._failures < _MOST_FAILURES:
            try:
                module = self._wanted.popleft()
            except IndexError:
                return
            try:
                self._fetch(module, fetcher)
            except (UserError, OSError):
                self._failures += 1

    def _fetch(self, module: _Wanted, fetcher: Fetcher) -> None:
        folder = self._downloads / module.path / "@v"
        folder.mkdir(parents=True, exist_ok=True)
        url = f"{self._proxy}/{module.path}/@v/{module.version}"
        go_mod = fetcher.read(f"{url}.mod")
        if go_mod_hash(go_mod) != module.go_mod_hash:
            raise UserError(f"{url}.mod is not what go.sum says", remedy="let go say it.")
        archive = folder / f"{module.version}.zip"
        fetcher.download(f"{url}.zip", archive)
        if not zipfile.is_zipfile(archive):
            archive.unlink()
            return
        write_atomically(folder / f"{module.version}.mod", go_mod)
