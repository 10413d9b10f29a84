"""A folder that outlives builds and is no layer: Go, compile cache and modules in it as they are.

A platform mounts it (``pack build --volume``, a PersistentVolumeClaim, the folder of ``gobp
build``) and names it in BP_GO_CACHE_VOLUME; nothing in it is packed, and apps share it.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from gobp.errors import UserError

VARIABLE = "BP_GO_CACHE_VOLUME"


def volume_of(env: Mapping[str, str]) -> Path | None:
    """Return the folder, None where there is none. Raises UserError where it cannot be used."""
    name = env.get(VARIABLE, "").strip()
    if not name:
        return None
    path = Path(name)
    if not path.is_absolute() or not path.is_dir() or not os.access(path, os.W_OK | os.X_OK):
        raise UserError(
            f"{VARIABLE} names {name!r}, which is not a folder that this build may write to",
            remedy="mount a volume there that the build's user owns, or leave the variable out.",
        )
    return path
