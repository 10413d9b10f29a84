"""Threads that do builds."""

import logging
import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

_LOG = logging.getLogger(__name__)


class Slots:
    """So many threads, each of which does one task at a time.

    They do not hold up the end of the process, as those of a ThreadPoolExecutor would.
    """

    def __init__(self, count: int) -> None:
        self._tasks: queue.SimpleQueue[tuple[Callable[[], bool], Future[bool]] | None]
        self._tasks = queue.SimpleQueue()
        self._threads = [
            threading.Thread(target=self._run, name=f"build slot {number}", daemon=True)
            for number in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def submit(self, task: Callable[[], bool]) -> Future[bool]:
        """Have a task done by the next thread that is free."""
        done: Future[bool] = Future()
        self._tasks.put((task, done))
        return done

    def close(self) -> None:
        """Let each thread end when it has nothing to do."""
        for _ in self._threads:
            self._tasks.put(None)

    def join(self, seconds: float) -> bool:
        """Wait so long for the threads to end; say whether they did."""
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)

    def _run(self) -> None:
        while (item := self._tasks.get()) is not None:
            task, done = item
            if not done.set_running_or_notify_cancel():
                continue
            try:
                done.set_result(task())
            except Exception as error:  # noqa: BLE001 # of whoever waits for it
                done.set_exception(error)
