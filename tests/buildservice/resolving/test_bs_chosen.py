"""Whether a URL's host and path are a repository or a module."""

import pytest

from gobp.buildservice.builds.order import GitSource, ModuleSource, Source
from gobp.buildservice.resolving.chosen import chosen_source
from gobp.buildservice.settings.schema import GitHost, Sources

SOURCES = Sources(
    git=(
        GitHost(host="github.com", owners=("corp",)),
        GitHost(host="*.corp.example"),
        GitHost(host="git.x:8443"),
    )
)


@pytest.mark.parametrize(
    ("host", "path", "source"),
    [
        ("github.com", "corp/app", GitSource("github.com", "corp/app")),
        ("GitHub.com", "corp/app.git", GitSource("github.com", "corp/app")),
        ("git.corp.example", "a/b/c", GitSource("git.corp.example", "a/b/c")),
        ("git.x:8443", "o/r", GitSource("git.x:8443", "o/r")),
        ("github.com", "rakyll/hey", ModuleSource("github.com/rakyll/hey")),
        ("GitHub.com", "BurntSushi/toml.git", ModuleSource("github.com/BurntSushi/toml")),
        ("git.x", "o/r", ModuleSource("git.x/o/r")),
        ("corp.example", "o/r", ModuleSource("corp.example/o/r")),
    ],
)
def test_a_repository_that_may_be_cloned_is_one_and_all_else_a_module(
    host: str, path: str, source: Source
) -> None:
    assert chosen_source(SOURCES, host, path) == source
