"""Hosts that cannot be reached, so that not every request waits to find it out again."""

import time
from collections.abc import Callable

from gobp.modproxy.sources.source import UnavailableError, UnreachableError

PAUSE = 5.0  # seconds in which a host that is down is not asked
_MOST_HOSTS = 1000


class Outages:
    """Knows which hosts are down: for a while they are not asked, then by one request at a time."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._down: dict[str, tuple[float, UnavailableError]] = {}

    def is_down(self, host: str) -> bool:
        """Say whether the host was down when it was last asked."""
        return host in self._down

    def check(self, host: str) -> None:
        """Raise the last failure again, unless it is time to see if the host is up again."""
        known = self._down.get(host)
        if known is None:
            return
        until, error = known
        if self._clock() < until:
            raise UnreachableError(
                f"{host} cannot be reached; the last attempt: {error.text}",
                status=error.status,
                retry_after=error.retry_after,
            )
        self._down[host] = (self._clock() + PAUSE, error)  # this request sees to it

    def failed(self, host: str, error: UnavailableError) -> None:
        """Remember that the host could not be reached."""
        if len(self._down) >= _MOST_HOSTS:
            self._down.clear()
        self._down[host] = (self._clock() + PAUSE, error)

    def answered(self, host: str) -> None:
        """Remember that the host is up."""
        self._down.pop(host, None)
