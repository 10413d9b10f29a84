"""The configuration read ahead of the build, so that a mistake is told before anything runs."""

from gobp.buildpack.app.layout import read_layout
from gobp.buildpack.component import DetectContext
from gobp.buildpack.go.compiling import compile_flags
from gobp.buildpack.go_build.config import read_config
from gobp.buildpack.switches import is_generating


def check(facts: DetectContext) -> None:
    """Read the configuration, but for targets that generators may yet make. Raises UserError."""
    if is_generating(facts.env):
        compile_flags(facts, read_layout(facts.app, facts.env))
    else:
        read_config(facts)
