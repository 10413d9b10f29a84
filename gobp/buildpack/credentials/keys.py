"""Reading the keys of a binding: what is there, and what is missing, by name and never by value."""

import re
from urllib.parse import SplitResult, urlsplit

from gobp.cnb.bindings import Binding
from gobp.errors import UserError


def first_of(binding: Binding, *names: str) -> str:
    """Return the first of these keys that holds something, without blanks around it; "" if none."""
    return next((text for name in names if (text := binding.secrets.get(name, "").strip())), "")


def required(binding: Binding, *names: str) -> str:
    """Return the same. Raises UserError where there is none."""
    text = first_of(binding, *names)
    if not text:
        raise lacking(binding, " or ".join(names))
    return text


def lacking(binding: Binding, what: str) -> UserError:
    """Return the error for a binding without a key that its type needs."""
    return UserError(
        f"the binding {binding.name} of type {binding.type} has no key {what}",
        detail=f"its keys: {', '.join(sorted(binding.secrets)) or 'none'}",
        remedy=f"give the binding {binding.name} a file of that name.",
    )


def unusable(binding: Binding, key: str, what: str, remedy: str) -> UserError:
    """Return the error for a key whose value is no use; ``what`` must not show it."""
    return UserError(
        f"the key {key} of the binding {binding.name} ({binding.type}) {what}", remedy=remedy
    )


def names_in(binding: Binding, key: str) -> tuple[str, ...]:
    """Return the names that a key lists, separated by commas or white space."""
    return tuple(filter(None, re.split(r"[\s,]+", binding.secrets.get(key, ""))))


def split_address(text: str) -> SplitResult | None:
    """Return the parts of an address; None for none, or for one with a password not escaped.

    A "/" in a password ends the host, and what follows would pass for a path that may be shown.
    """
    try:
        parts = urlsplit(text)
        _ = parts.port  # read for what it raises
    except ValueError:  # brackets that hold no address, or a port that is no number
        return None
    return None if ":" in parts.netloc and "@" in parts.path else parts
