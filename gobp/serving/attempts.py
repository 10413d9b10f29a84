"""How often wrong passwords may be tried: so often by all, and so often by one client."""

from collections.abc import Hashable

_MOST_CLIENTS = 4096


class Bucket:
    """Holds up to ``size`` tries, and gets ``rate`` new ones a second (a token bucket)."""

    def __init__(self, size: float, rate: float) -> None:
        self._size = size
        self._rate = rate
        self._left = size
        self._filled = 0.0

    def wait(self, now: float) -> float:
        """Return the seconds until there is a try, 0 if there is one."""
        self._left = min(self._size, self._left + max(0.0, now - self._filled) * self._rate)
        self._filled = now
        return 0.0 if self._left >= 1 else (1 - self._left) / self._rate

    def take(self, now: float) -> None:
        """Use a try up."""
        self.wait(now)
        self._left -= 1


class Attempts:
    """The wrong tries of all and of each client; what was right costs none."""

    def __init__(self, *, of_all: tuple[float, float], of_one: tuple[float, float]) -> None:
        """Each is how many at once, and how many a second from then on."""
        self._of_one = of_one
        self._all = Bucket(*of_all)
        self._clients: dict[Hashable, Bucket] = {}

    def wait(self, client: Hashable, now: float) -> float:
        """Return the seconds until a client may try, 0 if it may now."""
        bucket = self._clients.get(client)
        return max(self._all.wait(now), bucket.wait(now) if bucket else 0.0)

    def failed(self, client: Hashable, now: float) -> None:
        """Count a wrong try."""
        self._all.take(now)
        bucket = self._clients.pop(client, None) or Bucket(*self._of_one)
        if len(self._clients) >= _MOST_CLIENTS:
            del self._clients[next(iter(self._clients))]  # the one that failed least lately
        self._clients[client] = bucket
        bucket.take(now)
