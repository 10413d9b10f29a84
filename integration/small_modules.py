"""Small modules for tests: put into a tree by hand, and asked for by the go command."""

import hashlib
import json
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gobp.golang.dirhash import hash1
from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.tree.module_tree import ModuleTree
from integration.go_env import go_env

TIME = "2026-01-02T03:04:05Z"


def put_module(root: Path, module: str, version: str, *, lists: bool = True) -> None:
    """Put a version of a module, a package with one constant, into the tree at ``root``.

    ``lists``: whether the tree's list file of the module has it too, as a static tree needs.
    """
    tree = ModuleTree(root, durable=False)
    tree.prepare()
    name = module.rpartition("/")[2].partition(".")[0]
    go_mod = f"module {module}\n\ngo 1.21\n".encode()
    files = {"go.mod": go_mod, f"{name}.go": f'package {name}\n\nconst V = "{version}"\n'.encode()}
    prefix = f"{module}@{version}/"
    with tree.new_file() as temporary:
        with zipfile.ZipFile(temporary, "w") as archive:
            for path, content in files.items():
                archive.writestr(prefix + path, content)
        h1 = hash1((prefix + path, hashlib.sha256(files[path]).hexdigest()) for path in files)
        tree.publish_zip(temporary, ModuleFile(module, version, Kind.ZIP), h1)
    tree.publish_small(ModuleFile(module, version, Kind.MOD), go_mod)
    info = json.dumps({"Version": version, "Time": TIME}).encode()
    tree.publish_small(ModuleFile(module, version, Kind.INFO), info)
    if lists:
        tree.write_list(module, tree.versions(module))


@dataclass(frozen=True, slots=True)
class GoClient:
    """A go command with an app, and caches of its own; no checksum database, no other toolchain."""

    folder: Path
    proxy: str
    variables: Mapping[str, str] = field(default_factory=dict)

    def go(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run go in the app."""
        self.folder.mkdir(parents=True, exist_ok=True)
        app = self.folder / "go.mod"
        if not app.exists():
            app.write_text("module app.example\n\ngo 1.21\n")
        env = go_env(self.folder, self.proxy, **{"GONOSUMDB": "*", **self.variables})
        return subprocess.run(
            ["go", *arguments],
            cwd=self.folder,
            env=env,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def get(self, *modules: str) -> dict[str, str]:
        """Add modules to the app; return the versions that it then requires, by module."""
        done = self.go("get", *modules)
        assert done.returncode == 0, done.stderr
        edited = json.loads(self.go("mod", "edit", "-json").stdout)
        return {one["Path"]: one["Version"] for one in edited["Require"] or ()}

    def refusal(self, *modules: str) -> str:
        """Return what go says where it cannot add modules."""
        done = self.go("get", *modules)
        assert done.returncode != 0, done.stderr
        return done.stderr
