"""Where the source of builds comes from, as the settings say."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from gobp.buildservice.builds.order import GitSource, Pin, Source
from gobp.buildservice.settings.schema import Settings
from gobp.buildservice.sources.credentials import read_login
from gobp.buildservice.sources.git_fetcher import GitFetcher
from gobp.buildservice.sources.go_modules import open_modules
from gobp.buildservice.sources.module_fetcher import ModuleFetcher
from gobp.buildservice.sources.tree import Fetcher, SourceTree


@dataclass(frozen=True, slots=True)
class SourceFetcher:
    """Fetches repositories by git, and modules through the module proxy."""

    git: Fetcher
    modules: Fetcher

    def fetch(
        self, source: Source, pin: Pin, folder: Path, say: Callable[[str], None]
    ) -> SourceTree:
        """See Fetcher.fetch."""
        fetcher = self.git if isinstance(source, GitSource) else self.modules
        return fetcher.fetch(source, pin, folder, say)


def open_fetcher(settings: Settings, env: Mapping[str, str], root: Path) -> Fetcher:
    """Return what fetches sources. Raises UserError for settings that cannot be.

    The caches of modules are below ``root``.
    """
    for host in settings.sources.git:
        read_login(host)
    sources = settings.sources
    modules = open_modules(settings, env, root)
    return SourceFetcher(
        GitFetcher(sources, env), ModuleFetcher(modules, sources.timeout, sources.most)
    )
