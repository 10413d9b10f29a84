"""What decides how builds are worked on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """All are seconds but ``attempts``, which is how often a build is given to a worker.

    ``lease`` as of Builds.claim; ``longest`` is how long a build may take in all; ``waits`` how
    long it may wait.
    """

    lease: float
    longest: float
    waits: float
    attempts: int
