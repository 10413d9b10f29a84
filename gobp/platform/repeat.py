"""A build of which nothing has changed: what the last one wrote down, and whether it still holds.

A build may be left out if the image it would make is there already. That takes buildpacks that say
they do the same for the same inputs: ``repeatable = true`` in ``[metadata]`` of ``store.toml``.
What they are made of and which programs of this machine they use is in their ``buildpack.toml``,
as ``files`` and ``programs`` of ``[metadata.local]``; without ``files`` it is all of their folder.
"""

import hashlib
import json
import os
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import gobp
from gobp.cnb.build_metadata import ImageProcess
from gobp.cnb.env import INHERITED_VARIABLES
from gobp.cnb.launch import Process
from gobp.log import BuildLog
from gobp.oci.reference import Reference
from gobp.platform.request import BuildOutcome, BuildRequest
from gobp.platform.snapshot import Seen, Snapshot, entries_below, facts_digest, still_there
from gobp.platform.workspace import Workspace, cache_root, own_places
from gobp.system.files import write_atomically

_FORMAT = 1
_OS_RELEASE = "/etc/os-release"
_SCRIPT = b"#!"

Record = Mapping[str, object]


class Unrepeatable(Exception):  # noqa: N818 # says what is so, as Fail does
    """Why a build must be done again though nothing may have changed."""


def asked(request: BuildRequest, environ: Mapping[str, str]) -> str:
    """Return a digest of the request and of what buildpacks see of the environment.

    It may be made of secrets, so it is kept where only the user can read it.
    """
    document = [
        *(_FORMAT, sys.version, os.uname().machine, str(Path.cwd()), str(request.app.resolve())),
        *([str(path.resolve()) for path in request.buildpacks], request.image),
        *(str(request.output), sorted(request.env.items()), request.publish),
        sorted((name, str(path)) for name, path in request.bindings.items()),
        *(request.os, request.architecture, request.run_image, str(request.launcher)),
        *(request.previous_image, [environ.get(name) for name in INHERITED_VARIABLES]),
    ]
    return hashlib.sha256(json.dumps(document).encode()).hexdigest()


def record_of(
    request: BuildRequest,
    environ: Mapping[str, str],
    files: Iterable[Path],
    programs: Iterable[str],
) -> dict[str, object]:
    """Return what a build depends on beside the app, before it begins.

    ``files`` are what the buildpacks and the run image are made of. Raises Unrepeatable.
    """
    given = [*request.bindings.values(), *([request.launcher] if request.launcher else [])]
    own = Path(gobp.__file__).parent
    # Of a clone, gobp's own code is among the files of the buildpack already.
    watched = sorted({*map(str, map(Path.absolute, [*files, *given, own])), _OS_RELEASE})
    names = sorted(set(programs))
    paths = _programs(names, environ)
    for path in paths:
        if _is_script(path):
            raise Unrepeatable(f"{path} is a script: nobody knows what it runs")
    return {
        "asked": asked(request, environ),
        "files": watched,
        "programs": names,
        "facts": facts_digest([*watched, *paths]),
    }


def remember(
    root: Path, record: Record, app: Snapshot, outcome: BuildOutcome, output: Path | None
) -> None:
    """Write down what a build depended on and what it made, in the folder of its cache."""
    document = {
        **record,
        "app": {path: list(seen) for path, seen in app.items()},
        "written": _written(output),
        "outcome": {
            "reference": outcome.reference,
            "digest": outcome.digest,
            "where": outcome.where,
            "processes": [asdict(each) for each in outcome.processes],
            "default": outcome.default_process,
            "left_out": outcome.left_out,
        },
    }
    write_atomically(_place(root), json.dumps(document).encode(), mode=0o600)


def forget(root: Path) -> None:
    """Remove what the last build wrote down: another one begins."""
    _place(root).unlink(missing_ok=True)


def recall(
    request: BuildRequest, *, log: BuildLog, environ: Mapping[str, str]
) -> BuildOutcome | None:
    """Return what the last build made if another would make the same, else None.

    Nothing is built, fetched or written; only of a published image the registry is asked.
    """
    if request.clear_cache or request.anew:
        return None
    start = time.monotonic()
    reference = Reference.parse(request.image)
    root = cache_root(request.cache_dir.resolve(), reference.name)
    try:
        record = json.loads(_place(root).read_bytes())
        if not _holds(record, request, environ):
            return None
    except (OSError, ValueError):  # no record, or somebody removes files right now
        return None
    if request.publish and not _published(reference, record["outcome"]["digest"], environ):
        return None
    log.title("===> NOTHING HAS CHANGED")
    log.process("The image of the last build is the one that this build would make")
    return _outcome(record["outcome"], Workspace(root / "work"), time.monotonic() - start)


def _holds(record: dict[str, object], request: BuildRequest, environ: Mapping[str, str]) -> bool:
    if record["asked"] != asked(request, environ):
        return False
    files, programs, app = record["files"], record["programs"], record["app"]
    if not (isinstance(files, list) and isinstance(programs, list) and isinstance(app, dict)):
        return False
    if record["written"] != _written(request.output):
        return False
    known = {path: Seen(*facts) for path, facts in app.items()}
    made_here = [request.cache_dir, *([request.output] if request.output else [])]
    own = own_places(request.app, made_here)
    if not still_there(str(request.app.resolve()), known, lambda path: path not in own):
        return False
    return record["facts"] == facts_digest([*files, *_programs(programs, environ)])


def _place(root: Path) -> Path:
    return root / "last.json"


def _programs(names: Iterable[str], environ: Mapping[str, str]) -> list[str]:
    """Return where programs are that a build would start; those that are nowhere are left out."""
    folders = environ.get("PATH", "").split(":")
    places = ([f"{folder}/{name}" for folder in folders] for name in names)
    found = (next((path for path in each if os.access(path, os.X_OK)), "") for each in places)
    return [path for path in found if path]


def _is_script(path: str) -> bool:
    with Path(path).open("rb") as file:
        return file.read(len(_SCRIPT)) == _SCRIPT


def _written(output: Path | None) -> list[list[object]]:
    """Return the names, sizes, inodes and times of the files at a build's output."""
    if output is None:
        return []
    if output.is_dir():
        entries = entries_below(str(output), lambda _: True)
        found = [(path, entry.stat(follow_symlinks=False)) for path, entry in entries]
    else:
        found = [("", output.stat())]
    return [[path, each.st_size, each.st_ino, each.st_mtime_ns] for path, each in found]


def _published(reference: Reference, digest: str, environ: Mapping[str, str]) -> bool:
    """Tell whether the registry still has the image under this name."""
    from gobp.oci.registry import Registries  # noqa: PLC0415 # most builds publish nothing

    image = Registries(environ).find(reference)
    return image is not None and image.source_digest == digest


def _outcome(document: Mapping[str, object], workspace: Workspace, seconds: float) -> BuildOutcome:
    return BuildOutcome(
        str(document["reference"]),
        str(document["digest"]),
        _texts(document["where"]),
        tuple(_process(each) for each in _list(document["processes"])),
        str(document["default"]),
        (),
        _texts(document["left_out"]),
        {"comparing": seconds},
        workspace.layers,
    )


def _process(document: object) -> ImageProcess:
    if not isinstance(document, dict):
        raise TypeError(f"not a process: {document}")
    fields = document["process"]
    lists = {name: _texts(fields[name]) for name in ("command", "args")}
    return ImageProcess(Process(**{**fields, **lists}), str(document["buildpack_id"]))


def _texts(value: object) -> tuple[str, ...]:
    return tuple(map(str, _list(value)))


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else []
