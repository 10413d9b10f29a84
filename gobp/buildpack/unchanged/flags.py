"""Flags of go that name files which are not in the app, so that no key can hold them."""

import re
from collections.abc import Iterable, Mapping

from gobp.buildpack.go.flags import flag_name, user_flags
from gobp.buildpack.unchanged.digests import NoKeyError

# Each names a file or a program, from which others may follow.
_LEAD_ELSEWHERE = frozenset(
    {"C", "compiler", "exec", "gccgoflags", "modfile", "overlay", "pkgdir", "toolexec"}
)
_OUTSIDE = re.compile(r"(?:^|[=,:@]|^-{1,2}[A-Za-z]+)/|(?:^|[/=,:@]|^-{1,2}[A-Za-z]+)\.\.(?:/|$)")
_NEED_A_C_LINKER = re.compile(r"-linkmode|-extld|-race|-msan|-asan")


def names_outside(text: str) -> bool:
    """Tell whether a text of words may name a file outside the app; values of ``-X`` do not."""
    before = ""
    for word in re.split(r"[\s'\"]+", text):
        value = word.partition("ldflags=")[2] or word
        if before not in {"-X", "--X"} and not re.match(r"--?X=", value) and _OUTSIDE.search(value):
            return True
        before = value
    return False


def flags_of(settings: Mapping[str, str]) -> tuple[str, ...]:
    """Return all flags of the build that somebody gave. Raises NoKeyError and UserError."""
    flags = (*settings.get("GOFLAGS", "").split(), *user_flags(settings))
    for flag in flags:
        name = flag_name(flag)
        if name in _LEAD_ELSEWHERE or names_outside(flag.partition("=")[2]):
            raise NoKeyError(f"the flag -{name} names what may not be in the app")
    return flags


def need_a_c_linker(flags: Iterable[str]) -> bool:
    """Tell whether flags have go run the C compiler though cgo is off."""
    return any(_NEED_A_C_LINKER.search(flag) for flag in flags)
