"""Turn templates into responses. Style and script of lines to copy are the module proxy's own."""

import hashlib
from functools import cache
from pathlib import Path

import jinja2
from starlette.responses import Response

from gobp.buildservice.pages import words
from gobp.buildservice.pages.ansi import pieces
from gobp.modproxy import pages as module_pages
from gobp.modproxy.pages import shown

_HERE = Path(__file__).parent
_SHARED = Path(str(module_pages.__file__)).parent
_SCRIPT = "text/javascript; charset=utf-8"
_STYLE = "text/css; charset=utf-8"
_FILES = {
    "style.css": (_SHARED, _STYLE),
    "copy.js": (_SHARED, _SCRIPT),
    "builds.css": (_HERE, _STYLE),
    "build.js": (_HERE, _SCRIPT),
    "icon.svg": (_HERE, "image/svg+xml"),
}
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "vary": "authorization",
}
NOT_KEPT = {"cache-control": "no-store"}


def page(template: str, status: int = 200, **values: object) -> Response:
    """Return the page that a template makes of the values, all of them escaped."""
    content = render(template, **values)
    headers = SECURITY | NOT_KEPT
    return Response(content, status, headers, media_type="text/html; charset=utf-8")


def render(template: str, **values: object) -> str:
    """Return the text that a template makes of the values; in shell scripts nothing is escaped."""
    return _environment().get_template(template).render(values)


def static_file(name: str) -> Response | None:
    """Return a file that the pages use, None if there is none of the name."""
    if name not in _FILES:
        return None
    headers = SECURITY | {"cache-control": "public, max-age=86400"}
    return Response(_content(name), 200, headers, media_type=_FILES[name][1])


def static_url(name: str) -> str:
    """Return the URL of a file below the base path; another when the file's content is another."""
    return f"-/{name}?{hashlib.sha256(_content(name)).hexdigest()[:12]}"


@cache
def _content(name: str) -> bytes:
    return (_FILES[name][0] / "static" / name).read_bytes()


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=jinja2.select_autoescape(disabled_extensions=("sh",), default=True),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters |= {
        "size": shown.size,
        "number": shown.number,
        "moment": shown.moment,
        "machine_moment": shown.machine_moment,
        "clock": words.clock,
        "span": words.span,
        "state": words.state,
        "pieces": pieces,
    }
    environment.globals["static"] = static_url
    return environment
