"""Git repositories and module zips for tests of published modules."""

import hashlib
import os
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gobp.golang.dirhash import hash1
from gobp.modproxy.protocol.requests import version_folder

MODULE = "corp.example.com/lib"
IDENTITY = {
    "GIT_AUTHOR_NAME": "t",
    "GIT_AUTHOR_EMAIL": "t@example.com",
    "GIT_COMMITTER_NAME": "t",
    "GIT_COMMITTER_EMAIL": "t@example.com",
}


def git(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    """Run git as somebody, without the settings of this machine's user."""
    done = subprocess.run(
        ["git", "-c", "init.defaultBranch=main", *arguments],
        cwd=cwd,
        env={**os.environ, **IDENTITY, "GIT_CONFIG_GLOBAL": "/dev/null", **(env or {})},
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout.strip()


def version_files(version: str, *, module: str = MODULE, text: str = "") -> dict[str, bytes]:
    """Return the files of a version of a module, by their paths in a tree."""
    mod = f"module {module}\n\ngo 1.21\n"
    source = f'package lib\n\nconst Version = "{version}{text}"\n'
    contents = {"go.mod": mod.encode(), "lib.go": source.encode()}
    names = {f"{module}@{version}/{name}": content for name, content in contents.items()}
    h1 = hash1((name, hashlib.sha256(content).hexdigest()) for name, content in names.items())
    stem = f"{version_folder(module)}/{version}"
    return {
        f"{stem}.info": f'{{"Version":"{version}","Time":"2026-01-02T03:04:05Z"}}'.encode(),
        f"{stem}.mod": mod.encode(),
        f"{stem}.zip": zip_of(names),
        f"{stem}.ziphash": h1.encode(),
    }


def zip_of(names: Mapping[str, bytes]) -> bytes:
    """Return a zip of these files."""
    import io  # noqa: PLC0415 # of this function alone

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in names.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


@dataclass
class Repository:
    """A bare repository, and a clone of it to commit in."""

    folder: Path
    bare: Path = field(init=False)
    work: Path = field(init=False)

    def __post_init__(self) -> None:
        self.bare = self.folder / "modules.git"
        self.work = self.folder / "work"
        self.folder.mkdir(parents=True, exist_ok=True)
        git("init", "-q", "--bare", str(self.bare), cwd=self.folder)
        git("clone", "-q", str(self.bare), str(self.work), cwd=self.folder)

    @property
    def url(self) -> str:
        """Where it is, for git."""
        return self.bare.as_uri()

    def push(self, files: Mapping[str, bytes]) -> str:
        """Push a commit that adds or replaces files, and return its name."""
        for path, content in files.items():
            target = self.work / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content)
        return self.push_all()

    def push_all(self) -> str:
        """Push a commit of all that there is in the work tree, and return its name."""
        git("add", "-A", cwd=self.work)
        git("commit", "-q", "--allow-empty", "-m", "more", cwd=self.work)
        git("push", "-q", "origin", "HEAD:refs/heads/main", cwd=self.work)
        return git("rev-parse", "HEAD", cwd=self.work)
