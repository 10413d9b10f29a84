"""The badge of a repository: an SVG that says how its last build went."""

from starlette.responses import Response

from gobp.buildservice.builds.build import Build, State
from gobp.buildservice.pages import words
from gobp.buildservice.pages.rendering import SECURITY, render

_NARROW, _WIDE = set(" !'(),-./:;I[]fijlrt|"), set("MW@mw%")
_PADDING = 12
_COLORS = {
    State.SUCCEEDED: "#1a7f37",
    State.FAILED: "#c02b3c",
    State.ERROR: "#c02b3c",
    State.TIMED_OUT: "#c02b3c",
    State.RUNNING: "#00637c",
    State.QUEUED: "#00637c",
}
_GREY = "#57656e"


def badge(build: Build | None) -> Response:
    """Return the badge of a build, or one that says there is none.

    It is the same for what nobody has built and for what the reader may not see.
    """
    text = f"{build.pin.version[:40]} {words.state(build.state)}" if build else "not built"
    color = _COLORS.get(build.state, _GREY) if build else _GREY
    left, right = width("gobp"), width(text)
    content = render("badge.svg", text=text, color=color, left=left, right=right)
    headers = SECURITY | {
        "cache-control": "max-age=60",
        "cross-origin-resource-policy": "cross-origin",  # other sites' READMEs show it
        "content-security-policy": "default-src 'none'; style-src 'none'",
    }
    return Response(content, 200, headers, media_type="image/svg+xml")


def width(text: str) -> int:
    """Return the pixels that a text of 11 px in a usual sans-serif font has, with a margin."""
    return _PADDING + sum(_of_letter(letter) for letter in text)


def _of_letter(letter: str) -> int:
    if letter in _NARROW:
        return 4
    return 10 if letter in _WIDE else 7
