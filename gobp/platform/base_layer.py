"""The layer of the embedded base image, read again only when this machine's files have changed."""

import json
from collections.abc import Sequence
from pathlib import Path

from gobp.platform import base
from gobp.platform.image_layers import LayerStack
from gobp.platform.snapshot import facts_digest
from gobp.system.files import write_atomically

_NOTE = "base.json"
_NAME = "base image"


def add_base(
    stack: LayerStack, folder: Path, architecture: str, buildpacks: Sequence[Path], facts: str
) -> None:
    """Add the layer: the one of the previous image where nothing that it is made of has changed.

    ``folder`` keeps what is known of the last one. ``facts`` is a digest of facts about all that
    it is made of and more, as a build has it that looked at them; "" to have a look.
    Raises UserError where there is no loader.
    """
    loader = base.find_loader(architecture, buildpacks)
    made_of = [loader, *base.sources(architecture, buildpacks), Path(base.__file__)]
    facts = facts or facts_digest([architecture, *map(str, made_of)])
    diff_id = _known(folder / _NOTE, facts)
    if diff_id in stack.previous:
        stack.reuse(_NAME, base.CREATED_BY, diff_id)
        return
    diff_id = stack.add(_NAME, base.CREATED_BY, lambda: base.base_entries(loader, architecture))
    write_atomically(folder / _NOTE, json.dumps({"facts": facts, "diff_id": diff_id}).encode())


def _known(note: Path, facts: str) -> str:
    """Return the diffID that files of these facts gave, "" where nobody knows."""
    try:
        document = json.loads(note.read_bytes())
    except (FileNotFoundError, ValueError):
        return ""
    return str(document["diff_id"]) if document.get("facts") == facts else ""
