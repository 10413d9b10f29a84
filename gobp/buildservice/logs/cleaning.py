"""What a program prints, as lines that harm nobody who reads them in a terminal or a browser.

Colours (SGR of ECMA-48) stay; all else that moves cursors, sets titles or turns text round goes.
"""

import re
from collections.abc import Iterator

MOST_CHARACTERS = 8192
_COLOUR = re.compile(r"\x1b\[[0-9;:]{0,64}m", re.ASCII)
_HARMFUL = re.compile(
    r"""\x1b\[[0-?]*[ -/]*[@-~]?            # control sequences, colours among them
    | \x1b[]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?  # strings, as titles and links
    | \x1b[ -/]*[0-~]?                      # other escapes
    | [\x00-\x08\x0b-\x1f\x7f-\x9f]         # control characters, but for tabs
    | [\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]  # direction of text, odd line ends
    """,
    re.VERBOSE,
)


def cleaned(text: str) -> Iterator[str]:
    """Yield the lines of a text without what is harmful, each cut to MOST_CHARACTERS.

    Of a line that was written over with carriage returns, as progress is, what was seen last.
    """
    for raw in text.split("\n"):
        line = raw.rstrip("\r").rpartition("\r")[2]
        kept = _HARMFUL.sub(_colour_only, line[:MOST_CHARACTERS])
        kept = kept.encode("utf-8", "replace").decode()  # halves of surrogate pairs are no UTF-8
        more = len(line) - MOST_CHARACTERS
        yield f"{kept}... ({more} more characters)" if more > 0 else kept


def _colour_only(found: re.Match[str]) -> str:
    return found[0] if _COLOUR.fullmatch(found[0]) else ""
