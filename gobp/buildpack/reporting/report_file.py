"""Where the build report is written: beside the layers, and where the user asks for it.

Nothing that goes wrong here fails a build.
"""

import json
from collections.abc import Mapping
from pathlib import Path

from gobp.buildpack.layers import LayerOutcome, Layers
from gobp.buildpack.reporting.report import Recorder
from gobp.cnb.layer import LayerTypes
from gobp.log import BuildLog
from gobp.system.files import write_atomically

NAME = "build-report.json"
_ASKED = "BP_BUILD_REPORT"
_PROGRAMS = Path("targets", "bin")  # below the layers folder: what go-build makes


def write_report(report: Recorder, env: Mapping[str, str], app_dir: Path, log: BuildLog) -> None:
    """Write the report to the layers folder, if one is known, and where BP_BUILD_REPORT says.

    A lifecycle exports layers only, so a file beside them stays out of the image.
    """
    asked = _asked(env, app_dir, report.layers, log)
    layers = report.layers
    paths = [layers.root / NAME] if layers else []
    if layers:
        report.note("layers", [_layer(each) for each in layers.outcomes()])
        report.note("programs", _programs(layers.root / _PROGRAMS))
    report.note("warnings", list(log.warnings))
    content = json.dumps(_masked(report.document(), log), indent=2) + "\n"
    for path in [*paths, *asked]:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content.encode())
        except OSError as error:
            log.warning(f"the build report {path} cannot be written: {error.strerror}")


def _asked(
    env: Mapping[str, str], app_dir: Path, layers: Layers | None, log: BuildLog
) -> list[Path]:
    """Return the file that the user asks for; none in what becomes the image."""
    text = env.get(_ASKED, "")
    if not text:
        return []
    path = Path(text).resolve()
    exported = [app_dir, layers.root] if layers else [app_dir]
    if any(path.is_relative_to(folder.resolve()) for folder in exported):
        log.warning(
            f"{_ASKED} is {text!r}, which becomes part of the image: "
            "name a file or a folder outside the app and its layers"
        )
        return []
    return [path / NAME if path.is_dir() or text.endswith("/") else path]


def _layer(outcome: LayerOutcome) -> dict[str, object]:
    types = outcome.types or LayerTypes()
    return {
        "name": outcome.name,
        "launch": types.launch,
        "build": types.build,
        "cache": types.cache,
        "reused": outcome.reused,
        "because": list(outcome.because),
    }


def _programs(folder: Path) -> list[dict[str, object]]:
    if not folder.is_dir():
        return []
    files = sorted(path for path in folder.iterdir() if path.is_file())
    return [{"name": path.name, "bytes": path.stat().st_size} for path in files]


def _masked(value: object, log: BuildLog) -> object:
    """Return a JSON value with every secret that the log knows hidden in its texts."""
    if isinstance(value, str):
        return log.masked(value)
    if isinstance(value, Mapping):
        return {key: _masked(each, log) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(each, log) for each in value]
    return value
