"""Which packages of an app are meant where a variable only says "all"."""

import posixpath

from gobp.buildpack.app.layout import AppLayout, Mode
from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.command import capture_go
from gobp.buildpack.go.gopath import Workplace


def all_packages(context: BuildContext, layout: AppLayout, place: Workplace) -> tuple[str, ...]:
    """Return the patterns that match every package of the app, below where go runs.

    ``./...`` ends at the modules of a workspace, so these are named one by one. Raises UserError
    where go cannot read the workspace.
    """
    if layout.mode is not Mode.WORKSPACE:
        return ("./...",)
    argv = ("go", "list", "-m", "-f", "{{.Dir}}")
    folders = capture_go(context, argv, cwd=place.folder, env=place.env).splitlines()
    below = [posixpath.relpath(folder, place.folder) for folder in folders]
    inside = sorted(path for path in below if path.split("/")[0] != "..")
    return tuple("./..." if path == "." else f"./{path}/..." for path in inside) or ("./...",)
