"""What ``go list -json`` and its like print: JSON objects one after the other."""

import json
from typing import Any


def json_objects(text: str) -> list[dict[str, Any]]:
    """Return the objects in a text that holds nothing else. Raises ValueError."""
    decoder = json.JSONDecoder()
    objects = []
    rest = text.strip()
    while rest:
        document, end = decoder.raw_decode(rest)
        objects.append(document)
        rest = rest[end:].lstrip()
    return objects
