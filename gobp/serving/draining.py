"""Whether the server is about to stop: told by the main process, seen by all its workers."""

import mmap


class Draining:
    """One byte of memory that processes share; make it before they are forked."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 1)

    @property
    def begun(self) -> bool:
        """Whether the server stops soon."""
        return self._memory[0] != 0

    def begin(self) -> None:
        """Tell all workers."""
        self._memory[0] = 1
