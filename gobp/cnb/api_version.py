"""Versions of the Buildpack and Platform APIs: two numbers, compared as numbers."""

import re

from gobp.errors import UserError

_VERSION = re.compile(r"(?P<major>[0-9]{1,9})(?:\.(?P<minor>[0-9]{1,9}))?", re.ASCII)


def parse(text: str, *, source: str) -> tuple[int, int]:
    """Return major and minor of "0.10"; "1" is "1.0" (spec, "Buildpack API Version").

    Raises UserError, naming ``source``, where the text is no version.
    """
    match = _VERSION.fullmatch(text)
    if match is None:
        raise UserError(
            f"the API version in {source} is {text!r}",
            remedy="write it as two numbers with a dot between, such as 0.10.",
        )
    return int(match["major"]), int(match["minor"] or 0)


def at_least(api: str, minimum: str) -> bool:
    """Say whether an API version is ``minimum`` or later: "0.10" is later than "0.9"."""
    return parse(api, source="api") >= parse(minimum, source="api")
