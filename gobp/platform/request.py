"""What a build is asked for, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gobp.cnb.build_metadata import ImageProcess


@dataclass(frozen=True, slots=True)
class BuildRequest:
    """All inputs of a build.

    ``image`` is the reference the image gets; ``output`` a layout's folder or a ``.tar`` file, None
    where it is only published. ``env`` and ``bindings`` (name to folder) are what the user gives
    buildpacks. ``run_image`` is a layout, an archive or a reference, "" for the embedded base;
    ``launcher`` a lifecycle's launcher or folder. ``previous_image`` is where the last build went,
    if not to ``output``. ``anew`` asks for a build even if nothing has changed.
    """

    app: Path
    buildpacks: tuple[Path, ...]
    image: str
    cache_dir: Path
    output: Path | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    bindings: Mapping[str, Path] = field(default_factory=dict)
    os: str = "linux"
    architecture: str = ""
    run_image: str = ""
    launcher: Path | None = None
    clear_cache: bool = False
    previous_image: str = ""
    publish: bool = False
    anew: bool = False


@dataclass(frozen=True, slots=True)
class BuildOutcome:
    """What a build made.

    ``where`` are the places the image went to, ``reused`` the layers that the previous image had,
    ``left_out`` what needs a launcher that the image has not, ``durations`` seconds by phase,
    ``layers_dir`` the folder with group.toml, plan.toml, analyzed.toml and report.toml.
    """

    reference: str
    digest: str
    where: tuple[str, ...]
    processes: tuple[ImageProcess, ...]
    default_process: str
    reused: tuple[str, ...]
    left_out: tuple[str, ...]
    durations: Mapping[str, float]
    layers_dir: Path
