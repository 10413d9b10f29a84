"""Connections that threads take in turn, each for one transaction."""

import threading
from collections import deque
from collections.abc import Callable
from typing import Generic, Protocol, TypeVar


class Closable(Protocol):
    """A connection of any database."""

    def close(self) -> None:
        """Let go of it."""
        ...


C = TypeVar("C", bound=Closable)


class Turns:
    """So many turns, which threads have in the order in which they came.

    With threading.Semaphore one that comes again at once would be before those that wait.
    """

    def __init__(self, count: int) -> None:
        self._lock = threading.Lock()
        self._free = count
        self._waiting: deque[threading.Lock] = deque()

    def __enter__(self) -> None:
        with self._lock:
            if self._free:
                self._free -= 1
                return
            mine = threading.Lock()
            mine.acquire()
            self._waiting.append(mine)
        mine.acquire()  # which is released by whoever hands over

    def __exit__(self, *_: object) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._free += 1


class Pool(Generic[C]):
    """At most ``most`` connections, made by ``connect`` when they are needed.

    Whoever holds a ``turn`` may take one, and gives it back or closes it.
    """

    def __init__(self, connect: Callable[[], C], most: int) -> None:
        self.turn = Turns(most)
        self._connect = connect
        self._idle: list[C] = []

    def take(self) -> C:
        """Return the connection that was used last, or a new one."""
        return self.take_idle() or self._connect()

    def take_idle(self) -> C | None:
        """Return a connection that was used before, if there is one."""
        try:
            return self._idle.pop()
        except IndexError:
            return None

    def give_back(self, connection: C) -> None:
        """Keep a connection for the next."""
        self._idle.append(connection)

    def close(self) -> None:
        """Close all that nobody uses now."""
        while (connection := self.take_idle()) is not None:
            connection.close()
