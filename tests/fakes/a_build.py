"""A build of one component in folders of a test: real files and layers, effects of its choice."""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gobp.buildpack.component import BuildContext, DetectContext, Host
from gobp.buildpack.layers import Layers
from gobp.buildpack.reporting.report import Recorder
from gobp.buildpack.session import Session
from gobp.cnb.bindings import Binding
from gobp.cnb.buildpack_plan import Entry
from gobp.cnb.phases import Target
from gobp.log import BuildLog
from gobp.system.fetch import Fetcher
from gobp.system.files import DirectoryTree
from gobp.system.process import Commands
from tests.fakes.memory_fetcher import MemoryFetcher
from tests.fakes.scripted_commands import ScriptedCommands


@dataclass(frozen=True)
class ABuild:
    """What a component is handed, and what it says."""

    context: BuildContext
    said: io.StringIO


def a_build(  # every part has a default
    root: Path,
    *,
    files: Mapping[str, str] | None = None,
    env: Mapping[str, str] | None = None,
    bindings: tuple[Binding, ...] = (),
    entries: tuple[Entry, ...] = (),
    metadata: Mapping[str, object] | None = None,
    commands: Commands | None = None,
    fetcher: Fetcher | None = None,
    debug: bool = False,
) -> ABuild:
    """Make the app, the layers and the context of a build below ``root``."""
    app = root / "app"
    app.mkdir(exist_ok=True)
    for name, text in (files or {}).items():
        (app / name).parent.mkdir(parents=True, exist_ok=True)
        (app / name).write_text(text)
    variables = dict(env or {})
    tree = DirectoryTree(app)
    said = io.StringIO()
    context = BuildContext(
        facts=DetectContext(tree, variables, variables, bindings, Target("linux", "amd64")),
        app_dir=app,
        buildpack_dir=root / "buildpack",
        metadata=metadata or {},
        env=variables,
        entries=entries,
        layers=Layers(root / "layers"),
        session=Session(root),
        host=Host("amd64", commands or ScriptedCommands({}), fetcher or MemoryFetcher({})),
        log=BuildLog(said, debug=debug),
        report=Recorder(),
    )
    return ABuild(context, said)
