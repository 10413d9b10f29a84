"""The whole catalogue of failures: what docs/failures.md lists."""

from gobp.golang.failures import (
    cgo,
    downloads,
    git,
    machine,
    modules,
    packages,
    settings,
    workspaces,
)

ROOT_CAUSES = machine.FAILURES
"""Failures that make others follow, wherever they stand in the output."""

FAILURES = (
    *git.FAILURES,
    *downloads.FAILURES,
    *modules.FAILURES,
    *workspaces.FAILURES,
    *cgo.FAILURES,
    *packages.FAILURES,
    *settings.FAILURES,
)
"""Failures of which the first in the output is the cause; what follows follows from it."""

THEMES = {
    "The machine": machine.FAILURES,
    "Downloads of modules": downloads.FAILURES,
    "Git": git.FAILURES,
    "go.mod, go.sum and the vendor folder": modules.FAILURES,
    "Workspaces": workspaces.FAILURES,
    "cgo": cgo.FAILURES,
    "Packages": packages.FAILURES,
    "Flags, variables and folders": settings.FAILURES,
}
"""The catalogue as readers look for it."""
