"""Failures of the machine: they make other errors follow, so they are looked for first."""

from gobp.golang.failures.failure import failure

FAILURES = (
    failure(
        "out-of-memory",
        r"signal: killed|[Kk]illed signal terminated program"
        r"|cannot allocate memory|out of memory|failed to reserve page summary memory"
        r"|virtual memory exhausted",
        "the build ran out of memory, most likely: a step of the compiler was killed or got none",
        "give the build more memory, or compile less at once with BP_GO_BUILD_FLAGS=-p=1.",
    ),
    failure(
        "disk-full",
        r"no space left on device|[Dd]isk quota exceeded",
        "the disk of the build is full",
        "free space where the build runs, or clear its cache.",
    ),
    failure(
        "too-many-open-files",
        r"too many open files",
        "the build may not open as many files as go needs",
        "raise the limit of open files where the build runs (ulimit -n), or compile less at once "
        "with BP_GO_BUILD_FLAGS=-p=1.",
    ),
    failure(
        "too-many-processes",
        r"fork/exec \S+: resource temporarily unavailable|pthread_create failed"
        r"|failed to create new OS thread",
        "the build may not start as many processes or threads as go needs",
        "raise the limit of processes where the build runs (ulimit -u, pids of the container), or "
        "compile less at once with BP_GO_BUILD_FLAGS=-p=1.",
    ),
)
