"""A module proxy of files for tests, asked by the real go command."""

import hashlib
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path

from gobp.golang.dirhash import hash1
from gobp.golang.module import escape_path, escape_version

TIME = "2026-01-02T03:04:05Z"
SECONDS = 1767323045
MAIN = "package main\n\nfunc main() {}\n"


class ModuleFiles:
    """A GOPROXY in a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir(parents=True)

    @property
    def url(self) -> str:
        """What GOPROXY is set to."""
        return self.root.as_uri()

    def put(
        self, path: str, version: str, files: Mapping[str, str] | None = None, go: str = "1.21"
    ) -> str:
        """Add a version with these files and a go.mod; return the hash of its zip."""
        go_mod = f"module {path}\n\ngo {go}\n"
        contents = {"go.mod": go_mod, **(files or {"main.go": MAIN})}
        prefix = f"{path}@{version}/"
        folder = self.root / escape_path(path) / "@v"
        folder.mkdir(parents=True, exist_ok=True)
        name = escape_version(version)
        with zipfile.ZipFile(folder / f"{name}.zip", "w") as archive:
            for file, text in contents.items():
                archive.writestr(prefix + file, text)
        (folder / f"{name}.mod").write_text(go_mod)
        self.name(path, version, version)
        if "-0." not in version:
            with (folder / "list").open("a") as listed:
                listed.write(f"{version}\n")
        return hash1(
            (prefix + file, hashlib.sha256(text.encode()).hexdigest())
            for file, text in contents.items()
        )

    def name(self, path: str, query: str, version: str) -> None:
        """Let a branch, tag or commit stand for a version."""
        folder = self.root / escape_path(path) / "@v"
        info = json.dumps({"Version": version, "Time": TIME})
        (folder / f"{escape_version(query)}.info").write_text(info)
