"""What a process has that works: threads that do builds, and one that looks after them all."""

from collections.abc import Callable
from concurrent.futures import Future

from gobp.buildservice.engine.engine import Runner
from gobp.buildservice.engine.slots import Slots
from gobp.buildservice.engine.sweeper import Sweeper
from gobp.buildservice.engine.terms import Terms
from gobp.buildservice.engine.work import Work
from gobp.buildservice.logs.log import Logs
from gobp.buildservice.state.builds import Builds

_STOP_SECONDS = 20.0  # for builds that were told to stop


class Crew:
    """So many ``slots``, which do the tasks they are given."""

    def __init__(
        self, builds: Builds, logs: Logs, runner: Runner, slots: int, terms: Terms
    ) -> None:
        self.work = Work(builds, logs, runner, terms)
        self._slots = Slots(slots)
        self._sweeper = Sweeper(builds, self.work, terms)

    def submit(self, task: Callable[[], bool]) -> Future[bool]:
        """Have a task done in the next slot that is free."""
        return self._slots.submit(task)

    def stop(self, seconds: float) -> None:
        """Wait so long for the tasks to end, then stop the builds that still run."""
        self._slots.close()
        if not self._slots.join(seconds):
            self.work.drain()
            self._slots.join(_STOP_SECONDS)
        self._sweeper.stop()
