"""What this buildpack is: its description, its version and the code that runs."""

import os
from pathlib import Path

import gobp
from gobp.buildpack.unchanged.digests import digest_of, file_digest

# Above or beside the buildpack (pyproject.toml, "imports point down"): no build runs them.
_NOT_OF_BUILDS = frozenset({"cli", "buildservice", "modproxy", "platform", "serving"})
_CODE = (".py", ".pyc")
_CACHE = "__pycache__"


def inputs_of_buildpack(description: Path) -> str:
    """Return the digest of buildpack.toml, which has id and version, and of gobp's code."""
    return digest_of((file_digest(str(description)), *_code(Path(gobp.__path__[0]))))


def _code(root: Path) -> list[str]:
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name != _CACHE]
        if folder == str(root):
            folders[:] = [name for name in folders if name not in _NOT_OF_BUILDS]
        paths = [f"{folder}/{name}" for name in files if name.endswith(_CODE)]
        found += [f"{path.removeprefix(str(root))} {file_digest(path)}" for path in paths]
    return sorted(found)
