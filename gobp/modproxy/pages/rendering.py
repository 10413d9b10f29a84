"""Turn templates into answers. Jinja2 is loaded with the first page: most workers show none."""

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gobp.modproxy.pages import shown
from gobp.modproxy.protocol.answers import Answer, Keep

if TYPE_CHECKING:
    import jinja2

_HERE = Path(__file__).parent
HTML = "text/html; charset=utf-8"
_TYPES = {
    "style.css": "text/css; charset=utf-8",
    "copy.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_SECURITY = (
    ("content-security-policy", _POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("cross-origin-resource-policy", "same-origin"),
    ("vary", "authorization"),
)


def page(template: str, status: int = 200, **values: object) -> Answer:
    """Return the page that a template makes of the values, all of them escaped."""
    content = _environment().get_template(template).render(values)
    return Answer(status, HTML, content.encode(), Keep.NOT, headers=_SECURITY)


def static_file(name: str) -> Answer | None:
    """Return a file that the pages use, None if there is none of the name."""
    if name not in _TYPES:
        return None
    return Answer(200, _TYPES[name], _content(name), Keep.A_DAY, headers=_SECURITY)


def static_url(name: str) -> str:
    """Return the URL of a file below the base path; another when the file's content is another."""
    return f"-/{name}?{hashlib.sha256(_content(name)).hexdigest()[:12]}"


@cache
def _content(name: str) -> bytes:
    return (_HERE / "static" / name).read_bytes()


@cache
def _environment() -> "jinja2.Environment":
    import jinja2  # noqa: PLC0415 # see above

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(_HERE / "templates"),
        autoescape=True,
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
    }
    environment.globals["static"] = static_url
    return environment
