"""Numbers as people read them."""

from datetime import UTC, datetime

_UNITS = ("B", "kB", "MB", "GB", "TB")


def size(count: int) -> str:
    """Return a number of bytes with its unit: 51 B, 1.2 kB, 35 MB."""
    amount, unit = float(count), 0
    while unit < len(_UNITS) - 1 and amount >= 999.5:
        amount, unit = amount / 1000, unit + 1
    return (
        f"{amount:.1f} {_UNITS[unit]}" if unit and amount < 9.95 else f"{amount:.0f} {_UNITS[unit]}"
    )


def number(count: int) -> str:
    """Return a number with spaces between thousands that do not break."""
    return f"{count:,}".replace(",", "\u202f")


def moment(seconds: float) -> str:
    """Return a time of the epoch to the minute, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")


def machine_moment(seconds: float) -> str:
    """Return a time of the epoch as the datetime of an HTML time element."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
