import tomllib
from pathlib import Path
from typing import Any

import pytest

from gobp.cnb import toml
from release.buildpackage import read_descriptor
from release.publish import architectures, narrow
from release.recipe import TreeFile
from release.runtime import ROOT
from release.tree import walk, write_tree

DESCRIPTOR: dict[str, Any] = {
    "api": "0.10",
    "buildpack": {"id": "example/go", "version": "1.2.3"},
    "targets": [{"os": "linux", "arch": arch} for arch in ("amd64", "arm64")],
    "metadata": {
        "dependencies": [
            {"id": "go", "arch": "amd64", "uri": "file:///dependencies/a.zip"},
            {"id": "go", "arch": "arm64", "uri": "file:///dependencies/b.zip"},
            {"id": "dep", "arch": "amd64", "uri": "https://example.com/dep"},
        ]
    },
}


@pytest.fixture
def buildpack(tmp_path: Path) -> Path:
    names = [
        *("bin/build", "package.toml", "runtime/packages/x.pyc", "gobp/amd64/x.pyc"),
        *(f"runtime/{arch}/bin/python3" for arch in ("amd64", "arm64")),
        *(f"runtime/helpers/{arch}/reload" for arch in ("amd64", "arm64")),
        *("dependencies/a.zip", "dependencies/b.zip"),
    ]
    root = tmp_path / "buildpack"
    text = toml.dumps(DESCRIPTOR).encode()
    write_tree(root, {name: TreeFile(b"x") for name in names} | {"buildpack.toml": TreeFile(text)})
    return root


def test_a_narrowed_buildpack_has_what_one_architecture_needs(
    buildpack: Path, tmp_path: Path
) -> None:
    target = tmp_path / "arm64"

    narrow(buildpack, target, "arm64")

    files = [path.relative_to(target).as_posix() for path in walk(target) if path.is_file()]
    assert files == [
        "bin/build",
        "buildpack.toml",
        "dependencies/b.zip",
        "gobp/amd64/x.pyc",
        "runtime/arm64/bin/python3",
        "runtime/helpers/arm64/reload",
        "runtime/packages/x.pyc",
    ]
    written = tomllib.loads((target / "buildpack.toml").read_text())
    assert written["targets"] == [{"os": "linux", "arch": "arm64"}]
    assert written["metadata"]["dependencies"] == [DESCRIPTOR["metadata"]["dependencies"][1]]
    assert written["buildpack"] == DESCRIPTOR["buildpack"]


def test_the_real_descriptor_can_be_narrowed() -> None:
    assert architectures(read_descriptor(ROOT)) == ("amd64", "arm64")
