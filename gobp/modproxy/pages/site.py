"""The web page of the proxy, and its feeds: which path shows what."""

import dataclasses
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from gobp.errors import UserError
from gobp.golang.module import check_path
from gobp.golang.pseudo import is_pseudo_version
from gobp.modproxy.index.index import (
    MOST_FOUND,
    Index,
    IndexUnavailableError,
    Order,
    Totals,
    Version,
)
from gobp.modproxy.pages.client_settings import client_settings
from gobp.modproxy.pages.feeds import Feeds
from gobp.modproxy.pages.parameters import BadParameterError, Parameters
from gobp.modproxy.pages.reader import Reader
from gobp.modproxy.pages.rendering import page, static_file
from gobp.modproxy.protocol.answers import TEXT, Answer, Origin
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.settings.schema import Settings

MODULES_ON_A_PAGE = 50
VERSIONS_ON_A_PAGE = 50
_RECENT = 12
_MODULES = "-/modules"
_LOGIN = "login"
_CHALLENGE = ("www-authenticate", 'Basic realm="Go modules", charset="UTF-8"')  # as access has it
_LONGEST_SEARCH = 200
_MOST_PAGES = MOST_FOUND // MODULES_ON_A_PAGE


@dataclass(frozen=True, slots=True)
class Pages:
    """Where in a long list a page is, and the URLs of its neighbours, "" where there is none."""

    number: int
    last: int
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ShownVersion:
    """A version with the URLs of its files, below the base path."""

    known: Version
    pseudo: bool
    files: tuple[tuple[str, str, int], ...]
    """Name, URL and size in bytes of each."""


class Site:
    """Answers for ``/``, ``/-/modules``, what these pages use, ``/index`` and ``/catalog``.

    It reads the index, so it is to be called in a thread, not in an event loop.
    """

    def __init__(self, settings: Settings, index: Index) -> None:
        self._settings = settings
        self._index = index
        self._feeds = Feeds(index)
        self._base = settings.base_path.rstrip("/")

    def answer(self, path: str, query: str, reader: Reader, *, reached: str = "") -> Answer | None:
        """Return the answer to a path (decoded, without the base path), None if it is not ours.

        ``reached`` is the URL of the proxy as this client wrote it, with the base path; it is
        shown where the settings have no public_url.
        """
        path = path.removeprefix("/")
        if path.startswith("-/") and (file := static_file(path.removeprefix("-/"))):
            return file
        if path in {"index", "catalog"}:
            return self._feeds.answer(path, query, reader)
        if path and path != _MODULES and not path.startswith(f"{_MODULES}/"):
            return None
        access = self._settings.access
        look = _Look(self._base, reader, bool(access.users or access.tokens))
        try:
            return self._page(path, query, look, reached)
        except BadParameterError as error:
            return look.page("message.html", 400, title="Bad request", text=str(error))
        except IndexUnavailableError:
            return self._unavailable(path, look, reached)

    def _page(self, path: str, query: str, look: "_Look", reached: str) -> Answer:
        if not path:
            return look.login() if query == _LOGIN else self._home(look, reached)
        parameters = Parameters(query)
        if path == _MODULES:
            return self._modules(parameters, look)
        return self._module(path.removeprefix(f"{_MODULES}/"), parameters, look)

    def _home(self, look: "_Look", reached: str) -> Answer:
        totals = self._index.totals()
        return look.page(
            "home.html",
            snippets=client_settings(self._settings, look.reader, reached),
            totals=totals,
            from_here=_from_here(totals),
            recent=self._index.recent(_RECENT, look.reader.may_read),
        )

    def _modules(self, parameters: Parameters, look: "_Look") -> Answer:
        text = parameters.text("q").strip()[:_LONGEST_SEARCH]
        order = _order(parameters.text("sort"))
        number = parameters.number("page", 1, _MOST_PAGES)
        found = self._index.search(
            text,
            look.reader.may_read,
            order=order,
            start=(number - 1) * MODULES_ON_A_PAGE,
            limit=MODULES_ON_A_PAGE,
        )
        return look.page(
            "modules.html",
            q=text,
            order=order,
            found=found,
            more=found.total >= MOST_FOUND,
            pages=_pages(number, found.total, MODULES_ON_A_PAGE, {"q": text, "sort": order.value}),
        )

    def _module(self, path: str, parameters: Parameters, look: "_Look") -> Answer:
        versions = self._index.module(path) if _may_know(path, look.reader) else []
        if not versions:
            return look.page("missing.html", 404, path=path[:_LONGEST_SEARCH])
        number = parameters.number("page", 1, _MOST_PAGES)
        first = (number - 1) * VERSIONS_ON_A_PAGE
        return look.page(
            "module.html",
            path=path,
            count=len(versions),
            size=sum(known.size for known in versions),
            uses=sum(known.uses for known in versions),
            last_used=max(known.last_used for known in versions),
            private=any(known.private for known in versions),
            versions=[_shown(known) for known in versions[first : first + VERSIONS_ON_A_PAGE]],
            pages=_pages(number, len(versions), VERSIONS_ON_A_PAGE, {}),
        )

    def _unavailable(self, path: str, look: "_Look", reached: str) -> Answer:
        """Return what can be shown without the index: the settings to copy, always."""
        if not path:
            snippets = client_settings(self._settings, look.reader, reached)
            return look.page("home.html", snippets=snippets, totals=None, from_here="", recent=[])
        text = "The index cannot be read now. Modules are served all the same."
        return look.page("message.html", 503, title="No index", text=text)


@dataclass(frozen=True, slots=True)
class _Look:
    """One look of a reader at the pages, which are below ``base``."""

    base: str
    reader: Reader
    may_log_in: bool

    def page(self, template: str, status: int = 200, **values: object) -> Answer:
        """Return a page, in what all pages have around them."""
        around = {"base": self.base, "reader": self.reader, "may_log_in": self.may_log_in}
        return page(template, status, **around, module_url=self._module_url, **values)

    def login(self) -> Answer:
        """Have the browser ask for name and password, where modules are given to anybody too.

        It sends them with all requests below the folder of this URL, which is the base path
        (https://www.rfc-editor.org/rfc/rfc7617#section-2.2).
        """
        if self.reader.name:
            return Answer(302, TEXT, b"", headers=(("location", f"{self.base}/"),))
        text = "Whoever has no name here sees what is for everybody."
        answer = self.page("message.html", 401, title="Not logged in", text=text)
        return dataclasses.replace(answer, headers=(*answer.headers, _CHALLENGE))

    def _module_url(self, path: str) -> str:
        return f"{self.base}/{_MODULES}/{quote(path, safe='/~')}"


def _may_know(path: str, reader: Reader) -> bool:
    try:
        check_path(path)
    except UserError:
        return False
    return reader.may_read(path)


def _order(text: str) -> Order:
    try:
        return Order(text or Order.NAME)
    except ValueError:
        names = ", ".join(Order)
        raise BadParameterError(f"sort is {text[:50]!r}, but must be one of {names}") from None


def _pages(number: int, total: int, size: int, parameters: dict[str, str]) -> Pages:
    last = max(1, -(-total // size))
    kept = {name: value for name, value in parameters.items() if value}

    def url(other: int) -> str:
        return "?" + urlencode(kept | {"page": str(other)}) if 1 <= other <= last else ""

    return Pages(number, last, url(min(number - 1, last)), url(number + 1))


def _shown(known: Version) -> ShownVersion:
    files = (
        (f".{kind}", ModuleFile(known.module, known.version, kind).path, known.sizes[kind])
        for kind in Kind
        if kind in known.sizes
    )
    return ShownVersion(known, is_pseudo_version(known.version), tuple(files))


def _from_here(totals: Totals) -> str:
    """Return the share of files that were there when they were asked for, "" before any was."""
    here = totals.answers[Origin.TREE]
    asked = here + totals.answers[Origin.FETCHED]
    return f"{here / asked:.1%}" if asked else ""
