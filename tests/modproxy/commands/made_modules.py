"""Trees with small modules, for tests of the commands."""

import hashlib
import io
import json
import zipfile
from pathlib import Path

from gobp.golang.module import escape_version
from gobp.modproxy.protocol.requests import Kind, ModuleFile, version_folder
from gobp.modproxy.tree.module_tree import ModuleTree
from gobp.modproxy.tree.trees import Trees
from gobp.modproxy.tree.zip_check import zip_hash

A = "example.com/a"
UPPER = "example.com/Team/B"


def new_trees(root: Path) -> Trees:
    trees = Trees.below(root, durable=False)
    trees.prepare()
    return trees


def go_mod(module: str, *requires: str, go: str = "1.21") -> bytes:
    lines = "".join(f"require {each}\n" for each in requires)
    return f"module {module}\n\ngo {go}\n{lines}".encode()


def module_zip(module: str, version: str, files: dict[str, bytes] | None = None) -> bytes:
    content = {"go.mod": go_mod(module), "a.go": b"package a\n", **(files or {})}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(content.items()):
            archive.writestr(zipfile.ZipInfo(f"{module}@{version}/{name}"), data)
    return buffer.getvalue()


def info(version: str) -> bytes:
    return json.dumps({"Version": version, "Time": "2024-01-02T03:04:05Z"}).encode()


def add_version(
    tree: ModuleTree, module: str, version: str, *, kinds: str = "info mod zip", mod: bytes = b""
) -> str:
    """Put a version into a tree, and return the hash of its zip ("" without one)."""
    h1 = ""
    mod = mod or go_mod(module)
    if "info" in kinds:
        tree.publish_small(ModuleFile(module, version, Kind.INFO), info(version))
    if "mod" in kinds:
        tree.publish_small(ModuleFile(module, version, Kind.MOD), mod)
    if "zip" in kinds:
        file = ModuleFile(module, version, Kind.ZIP)
        with tree.new_file() as temporary:
            temporary.write_bytes(module_zip(module, version, {"go.mod": mod}))
            h1 = zip_hash(temporary, file)
            tree.publish_zip(temporary, file, h1)
    return h1


def make_cache(folder: Path, module: str, version: str) -> Path:
    """Write a version as a go command keeps it in cache/download; return its @v folder."""
    place = folder / version_folder(module)
    place.mkdir(parents=True, exist_ok=True)
    name = escape_version(version)
    (place / f"{name}.info").write_bytes(info(version))
    (place / f"{name}.mod").write_bytes(go_mod(module))
    path = place / f"{name}.zip"
    path.write_bytes(module_zip(module, version))
    h1 = zip_hash(path, ModuleFile(module, version, Kind.ZIP))
    (place / f"{name}.ziphash").write_text(h1)
    (place / f"{name}.lock").touch()
    with (place / "list").open("a") as file:
        file.write(f"{version}\n")
    return place


def path_in(tree: ModuleTree, module: str, version: str, kind: Kind) -> Path:
    return tree.path_of(ModuleFile(module, version, kind))


def snapshot(root: Path) -> dict[str, str]:
    """Return the hashes of all files below a folder but for locks and unfinished files."""
    return {
        path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not {"locks", "tmp"} & set(path.relative_to(root).parts)
    }


class Steps:
    """A Progress that counts."""

    def __init__(self) -> None:
        self.parts: list[tuple[str, int]] = []
        self.steps = 0

    def begin(self, what: str, total: int) -> None:
        self.parts.append((what, total))

    def step(self) -> None:
        self.steps += 1
