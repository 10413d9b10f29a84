"""The environment of go commands of tests."""

import os
from pathlib import Path


def go_env(folder: Path, proxy: str, **variables: str) -> dict[str, str]:
    """Return the environment of a go command with caches of its own below ``folder``.

    It never takes another toolchain, unless ``variables``, which win, say so.
    """
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GOPATH": str(folder / "gopath"),
        "GOCACHE": str(folder / "gocache"),
        "GOPROXY": proxy,
        "GOFLAGS": "-modcacherw",
        "GOTOOLCHAIN": "local",
        **variables,
    }
