"""Values of settings that have a unit: durations and sizes."""

import re

_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ms|s|m|h|d))+", re.ASCII)
_PART = re.compile(r"([0-9.]+)(ms|s|m|h|d)", re.ASCII)
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([KMGT]i?B|B)?", re.ASCII)
_UNIT = {"": 1, "B": 1} | {
    f"{letter}{suffix}": base ** (power + 1)
    for power, letter in enumerate("KMGT")
    for suffix, base in (("B", 1000), ("iB", 1024))
}


class Duration(float):
    """A time in seconds, written 90s, 10m, 1h30m or 7d; 0 is written 0."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> "Duration":
        """Return the duration; raises ValueError, which says what the forms are."""
        if value in {0, "0"}:
            return cls(0)
        if not isinstance(value, str) or not _DURATION.fullmatch(value):
            raise ValueError(f"{value!r} is no duration: write 500ms, 90s, 10m, 1h30m or 7d")
        return cls(sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(value)))


class Size(int):
    """A number of bytes, written 500MiB, 20GB or 4096."""

    __slots__ = ()

    @classmethod
    def parse(cls, value: object) -> "Size":
        """Return the size; raises ValueError, which says what the forms are."""
        match = _SIZE.fullmatch(str(value)) if isinstance(value, (int, str)) else None
        if match is None:
            raise ValueError(f"{value!r} is no size: write 500MiB, 20GB or a number of bytes")
        return cls(float(match[1]) * _UNIT[match[2] or ""])


def written(value: Duration | Size) -> str | int:
    """Return a duration or size in the form that the settings have it in."""
    if value == 0:
        return 0
    if isinstance(value, Size):
        return _in_units(value, (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024), ("B", 1)))
    milliseconds = round(value * 1000)
    units = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1))
    return _in_units(milliseconds, units)


def _in_units(number: int, units: tuple[tuple[str, int], ...]) -> str:
    unit, factor = next(pair for pair in units if number % pair[1] == 0)
    return f"{number // factor}{unit}"
