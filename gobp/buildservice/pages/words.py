"""How pages say things: states, times, and how long something took."""

from datetime import UTC, datetime

from gobp.buildservice.builds.build import State

_MINUTE = 60
_HOUR = 3600


def state(of: State) -> str:
    """Return a state as people write it."""
    return of.value.replace("_", " ")


def span(seconds: float) -> str:
    """Return how long something took: 0.4 s, 12 s, 3 min 5 s, 2 h 7 min."""
    seconds = max(seconds, 0.0)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


def clock(seconds: float) -> str:
    """Return the time of day of seconds of the epoch, in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S")
