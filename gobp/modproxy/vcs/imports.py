"""Which repository a module path names: by itself, or by a page's meta tags.

See https://go.dev/ref/mod#vcs-find and https://go.dev/ref/mod#serving-from-proxy.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html.parser import HTMLParser
from ipaddress import ip_address
from urllib.parse import urlsplit

from gobp.modproxy.sources.source import NotFoundError, UnavailableError
from gobp.modproxy.vcs.place import Root

_ELEMENT = r"[\w.\-]+"
_KNOWN = {
    host: re.compile(rf"(?P<root>{re.escape(host)}/{path})(?:/{_ELEMENT})*", re.ASCII)
    for host, path in {
        "github.com": rf"{_ELEMENT}/{_ELEMENT}",
        "bitbucket.org": rf"{_ELEMENT}/{_ELEMENT}",
        "hub.jazz.net/git": rf"[a-z0-9]+/{_ELEMENT}",
        "git.apache.org": r"[a-z0-9_.\-]+\.git",
        "git.openstack.org": rf"{_ELEMENT}/{_ELEMENT}",
    }.items()
}
_NAMED = re.compile(
    rf"(?P<root>(?P<repository>(?:[a-z0-9.\-]+\.)+[a-z0-9.\-]+(?:/~?{_ELEMENT})+?)"
    rf"\.(?P<vcs>bzr|fossil|git|hg|svn))(?:/~?{_ELEMENT})*",
    re.ASCII,
)
_NO_SUFFIX = frozenset({"github.com", "bitbucket.org", "hub.jazz.net/git"})
_SUFFIXES = (".bzr", ".fossil", ".git", ".hg", ".svn")
_GIT_SCHEMES = frozenset({"https", "http", "ssh", "git+ssh"})


@dataclass(frozen=True, slots=True)
class GoImport:
    """A meta tag go-import: modules below ``prefix`` are in a repository."""

    prefix: str
    vcs: str
    url: str
    folder: str = ""


def static_root(module: str) -> Root | None:
    """Return the repository of a module whose path names it, None if a page has to be asked.

    Raises NotFoundError for a path that cannot be a module of its host.
    """
    _check_is_name(module)
    for host, pattern in _KNOWN.items():
        if module == host or module.startswith(f"{host}/"):
            match = pattern.fullmatch(module)
            if match is None or (host in _NO_SUFFIX and match["root"].endswith(_SUFFIXES)):
                raise NotFoundError(f"{module} is no repository of {host}")
            return Root(match["root"], f"https://{match['root']}")
    match = _NAMED.fullmatch(module)
    if match is None:
        return None
    if match["vcs"] != "git":
        raise _not_git(module, match["vcs"])
    return Root(match["root"], f"https://{match['repository']}")


def parse_go_imports(html: str) -> tuple[GoImport, ...]:
    """Return the tags go-import in the head of a page."""
    page = _Page()
    page.feed(html)
    page.close()
    return tuple(page.found)


def matching_import(module: str, imports: Iterable[GoImport], page: str) -> GoImport:
    """Return the tag that is for a module; ``page`` is the URL for errors. Raises SourceError."""
    imports = tuple(imports)
    matching = [one for one in imports if f"{module}/".startswith(f"{one.prefix}/")]
    if not matching:
        raise NotFoundError(f"{page} has no meta tag go-import for {module}")
    chosen = [one for one in matching if one.vcs == "mod"][:1] or matching
    if len(chosen) > 1:
        raise UnavailableError(f"{page} has several meta tags go-import for {module}")
    return chosen[0]


def root_of(module: str, found: GoImport, page: str) -> Root:
    """Return the repository that a tag names. Raises SourceError where we cannot clone it."""
    if found.vcs == "mod":
        raise NotFoundError(f"{page} says that {module} is served by a module proxy, {found.url}")
    if found.vcs != "git":
        raise _not_git(module, found.vcs)
    parts = urlsplit(found.url)
    if parts.scheme not in _GIT_SCHEMES or not parts.hostname or parts.password:
        raise UnavailableError(f"{page} names no repository of git: {parts.scheme}:")
    elements = found.folder.split("/")
    if found.folder.startswith(("/", "-")) or ".." in elements:
        raise UnavailableError(f"{page} names a folder that is none: {found.folder}")
    url = found.url.removeprefix("git+") if parts.scheme == "git+ssh" else found.url
    return Root(found.prefix, url, found.folder.rstrip("/"))


class _Page(HTMLParser):
    """Collects tags until the head of the page ends."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[GoImport] = []
        self._ended = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "body":
            self._ended = True
        if tag != "meta" or self._ended:
            return
        values = {name: value or "" for name, value in reversed(attrs)}
        words = values.get("content", "").split()
        if values.get("name") == "go-import" and len(words) in {3, 4}:
            self.found.append(GoImport(*words))

    def handle_endtag(self, tag: str) -> None:
        self._ended = self._ended or tag == "head"


def _check_is_name(module: str) -> None:
    """Raise NotFoundError for a module whose host is an address: none are kept so."""
    host = module.partition("/")[0]
    try:
        ip_address(host)
    except ValueError:
        return
    raise NotFoundError(f"{module} is no module: {host} is an address, and not the name of a host")


def _not_git(module: str, vcs: str) -> NotFoundError:
    return NotFoundError(f"{module} is kept with {vcs}; this proxy clones from git only")
