"""Where a URL that names only a host and a path is built from: its repository, or a module."""

from gobp.buildservice.builds.order import GitSource, ModuleSource, Source
from gobp.buildservice.settings import schema
from gobp.buildservice.sources.guard import Guard, RefusedError

_GIT = ".git"


def chosen_source(sources: schema.Sources, host: str, path: str) -> Source:
    """Return the repository where the settings allow to clone it, else the module of that path.

    ``host`` may have a port; ``path`` is such as ``owner/repo``, with or without ``.git``. Whether
    the module may be built, whoever resolves it says.
    """
    try:
        return Guard(sources.git).settle(GitSource(host, path))
    except RefusedError:
        return ModuleSource(f"{host.lower()}/{path.strip('/').removesuffix(_GIT)}")
