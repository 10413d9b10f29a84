"""What the user wants of bills of materials."""

from dataclasses import dataclass

from gobp.buildpack.component import DetectContext
from gobp.buildpack.switches import is_on
from gobp.errors import UserError

_DISABLE = "BP_DISABLE_SBOM"
_EPOCH = "SOURCE_DATE_EPOCH"
_DIGITS = 11  # of the seconds; datetime's last year is 9999


@dataclass(frozen=True, slots=True)
class SbomConfig:
    """``epoch``: the time that documents name, in seconds since 1970; None for no time."""

    disabled: bool
    epoch: int | None


def read_config(facts: DetectContext) -> SbomConfig:
    """Read BP_DISABLE_SBOM and SOURCE_DATE_EPOCH. Raises UserError."""
    return SbomConfig(is_on(facts.env, _DISABLE), _epoch(facts.env.get(_EPOCH, "")))


def _epoch(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) <= _DIGITS):
        raise UserError(
            f"{_EPOCH} is {text!r}, which is no time",
            remedy="set it to seconds since 1970, such as the output of git log -1 --format=%ct.",
        )
    return int(text)
