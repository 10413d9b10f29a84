"""One look of a reader at the pages: what all of them have around what they show."""

import re
from dataclasses import dataclass
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import Response

from gobp.buildservice.access.gate import Gate, RefusedError
from gobp.buildservice.api.desk import Desk
from gobp.buildservice.pages.links import Links
from gobp.buildservice.pages.reader import Reader
from gobp.buildservice.pages.rendering import page
from gobp.buildservice.settings.schema import Settings

_HOST = re.compile(r"[A-Za-z0-9.-]+(?::[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](?::[0-9]{1,5})?", re.ASCII)
_MOST_FIELDS = 100


@dataclass(frozen=True, slots=True)
class Look:
    """A request for a page: who asks, where links lead, and ``public`` links for elsewhere.

    ``who`` is None for whoever may see nothing but why; ``body`` is that of a form.
    """

    request: Request
    who: Reader | None
    links: Links
    public: Links
    may_log_in: bool
    body: bytes = b""

    @classmethod
    def of(cls, request: Request, settings: Settings, gate: Gate, body: bytes) -> "Look":
        """Return the look that a request is. Raises RefusedError."""
        return _look(request, settings, Reader.of(request, gate), body)

    @classmethod
    def of_nobody(cls, request: Request, settings: Settings) -> "Look":
        """Return the look of somebody who may see nothing."""
        return _look(request, settings, None, b"")

    @property
    def reader(self) -> Reader:
        """Who asks; those who may not read come to no page that has a use for it."""
        if self.who is None:
            raise RefusedError(401, "this needs a token")
        return self.who

    @property
    def desk(self) -> Desk:
        """Where builds are asked for, as by the API: it counts them and bounds the queue."""
        desk: Desk = self.request.app.state.desk
        return desk

    @property
    def name(self) -> str:
        """The name of the reader's token, "" for whoever has none."""
        return self.who.name if self.who else ""

    @property
    def may_build(self) -> bool:
        """Whether the reader may ask for builds."""
        return self.who is not None and self.who.may_build

    def part(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])

    def text(self, name: str, longest: int = 200) -> str:
        """Return a parameter of the query, "" if it is not there."""
        return self.request.query_params.get(name, "").strip()[:longest]

    def fields(self) -> dict[str, list[str]]:
        """Return the fields of the form that was sent. Raises RefusedError."""
        try:
            return parse_qs(self.body.decode(), max_num_fields=_MOST_FIELDS)
        except ValueError:
            raise RefusedError(400, "the form cannot be read") from None

    def page(self, template: str, status: int = 200, **values: object) -> Response:
        """Return a page, in what all pages have around them."""
        return page(template, status, look=self, links=self.links, public=self.public, **values)

    def message(self, status: int, title: str, text: str) -> Response:
        """Return a page that says something."""
        return self.page("message.html", status, title=title, text=text)

    def missing(self) -> Response:
        """Return the page for what is not there, or not for this reader."""
        text = "There is no such page, build or repository; or it is for those who log in."
        return self.message(404, "Not found", text)


def _look(request: Request, settings: Settings, who: Reader | None, body: bytes) -> Look:
    public = Links(_public_base(request, settings))
    log_in = bool(settings.access.tokens)
    return Look(request, who, Links(settings.base_path), public, log_in, body)


def _public_base(request: Request, settings: Settings) -> str:
    """Return the URL by which others reach the service, without a slash at its end."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    asked = request.headers.get("host", "")
    host = asked if _HOST.fullmatch(asked) else settings.listen
    return f"{request.url.scheme}://{host}{settings.base_path}"
