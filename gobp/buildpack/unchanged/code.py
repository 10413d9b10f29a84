"""What this buildpack is: its description, its version and the code that runs."""

import os
from pathlib import Path

import gobp
from gobp.buildpack.unchanged.digests import digest_of, file_digest

# Above or beside the buildpack (pyproject.toml, "imports point down"): no build runs them.
_NOT_OF_BUILDS = frozenset({"cli", "buildservice", "modproxy", "platform", "serving"})
_CODE = (".py", ".toml")
_CACHE = "__pycache__"
NOTE = "code.digest"
"""File beside gobp's byte code: the digest of the sources, which a package does not hold."""


def inputs_of_buildpack(description: Path) -> str:
    """Return the digest of buildpack.toml, which has id and version, and of gobp's code.

    It is the same for a clone and for the package made of it.
    """
    root = Path(gobp.__path__[0])
    note = root / NOTE
    code = note.read_text(encoding="ascii") if note.is_file() else code_digest(root)
    return digest_of((file_digest(str(description)), code))


def code_digest(root: Path) -> str:
    """Return the digest of the sources, below the folder ``gobp``, of what builds run."""
    found = []
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if name != _CACHE]
        if folder == str(root):
            folders[:] = [name for name in folders if name not in _NOT_OF_BUILDS]
        paths = [f"{folder}/{name}" for name in files if name.endswith(_CODE)]
        found += [f"{path.removeprefix(str(root))} {file_digest(path)}" for path in paths]
    return digest_of(sorted(found))
