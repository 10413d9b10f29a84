"""How much one token, or one address, may ask for in a minute. Each process counts by itself."""

from gobp.serving.attempts import Bucket

_MINUTE = 60.0
_MOST_KNOWN = 16_384


class Quota:
    """So many a minute for each name, and as many at once after a minute of rest."""

    def __init__(self, a_minute: int) -> None:
        self._size = float(a_minute)
        self._buckets: dict[str, Bucket] = {}

    def take(self, name: str, now: float, number: int = 1) -> float:
        """Take ``number``, and return 0; or take none, and return the seconds until there is one.

        Asking for more than is left is let through where one is left: what is too much is owed.
        """
        bucket = self._buckets.pop(name, None) or Bucket(self._size, self._size / _MINUTE)
        if len(self._buckets) >= _MOST_KNOWN:
            del self._buckets[next(iter(self._buckets))]  # who asked least lately
        self._buckets[name] = bucket
        seconds = bucket.wait(now)
        if not seconds:
            for _ in range(number):
                bucket.take(now)
        return seconds
