"""Bindings of type ``goauth``: HTTP headers, such as a bearer token, that go sends by address.

The key ``goauth`` holds what a GOAUTH command prints: lines of https:// addresses, an empty line,
lines of headers, an empty line, and so on. Source: ``go help goauth`` (Go 1.24).
"""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, field

from gobp.buildpack.credentials.keys import names_in, required, unusable
from gobp.buildpack.credentials.types import GOAUTH
from gobp.cnb.bindings import Binding, of_type
from gobp.errors import UserError

_HEADER = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+:[ \t]*\S.*")
_SHAPE = (
    "write https:// addresses, one a line, then an empty line, then headers such as "
    "'Authorization: Bearer TOKEN'."
)


@dataclass(frozen=True, slots=True)
class Headers:
    """The headers for some addresses."""

    addresses: tuple[str, ...]
    lines: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class GoAuth:
    """What one binding says."""

    binding: str
    headers: tuple[Headers, ...]
    private: tuple[str, ...] = ()


def read(bindings: Iterable[Binding]) -> tuple[GoAuth, ...]:
    """Read every binding of the type. Raises UserError where two name the same address."""
    found = tuple(_read(binding) for binding in of_type(bindings, GOAUTH))
    named_by: dict[str, str] = {}
    for each in found:
        for address in (address for headers in each.headers for address in headers.addresses):
            known = named_by.setdefault(address, each.binding)
            if known != each.binding:
                raise UserError(
                    f"the {GOAUTH} bindings {known} and {each.binding} are both for {address}",
                    remedy="name each address in one of them alone.",
                )
    return found


def command_text(found: Iterable[GoAuth]) -> str:
    """Return a shell script that prints the headers, as go expects it of a GOAUTH command.

    It names no other program, so that no secret is an argument of one.
    """
    stanzas = (
        "\n".join((*headers.addresses, "", *headers.lines, "", ""))
        for each in found
        for headers in each.headers
    )
    return f"printf %s {shlex.quote(''.join(stanzas))}\n"


def _read(binding: Binding) -> GoAuth:
    blocks = re.split(r"\n[ \t]*\n+", required(binding, GOAUTH).replace("\r\n", "\n"))
    rows = [tuple(line.strip() for line in block.splitlines()) for block in blocks]
    if len(rows) % 2:
        raise unusable(binding, GOAUTH, "names addresses without headers", _SHAPE)
    headers = tuple(
        _checked(binding, Headers(*pair)) for pair in zip(rows[::2], rows[1::2], strict=True)
    )
    return GoAuth(binding.name, headers, names_in(binding, "private"))


def _checked(binding: Binding, headers: Headers) -> Headers:
    if not all(re.fullmatch(r"https://[^\s@/]+[^\s@]*", each) for each in headers.addresses):
        raise unusable(binding, GOAUTH, "has a line that is not an https:// address", _SHAPE)
    if not all(_HEADER.fullmatch(each) for each in headers.lines):
        raise unusable(binding, GOAUTH, "has a line that is not a header", _SHAPE)
    lines = tuple(": ".join(part.strip() for part in line.split(":", 1)) for line in headers.lines)
    return Headers(headers.addresses, lines)
