"""What a component is: a detect that decides from facts, and a build that is handed its effects."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from gobp.cnb.bindings import Binding
from gobp.cnb.build_plan import BuildPlan
from gobp.cnb.phases import Target

if TYPE_CHECKING:
    from gobp.buildpack.layers import Layers
    from gobp.buildpack.reporting.report import Recorder
    from gobp.buildpack.session import Session
    from gobp.cnb.buildpack_plan import Entry
    from gobp.log import BuildLog
    from gobp.system.fetch import Fetcher
    from gobp.system.process import Commands


class AppTree(Protocol):
    """The app's files, read-only, by paths relative to its root."""

    def has(self, path: str) -> bool:
        """Tell whether there is a file of this name."""
        ...

    def is_dir(self, path: str) -> bool:
        """Tell whether there is a folder of this name."""
        ...

    def names(self, path: str = "") -> tuple[str, ...]:
        """Return the names in a folder, sorted; none where there is no such folder."""
        ...

    def read_text(self, path: str) -> str:
        """Return a file's text. Raises UserError where it is too large or not UTF-8."""
        ...

    def read_head(self, path: str) -> str:
        """Return the beginning of a file, of whatever size and encoding."""
        ...

    def entries(self, path: str = "") -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the names of a folder's folders and of its files, sorted."""
        ...


@dataclass(frozen=True, slots=True)
class DetectContext:
    """The facts that a detect may look at; it cannot run, fetch or write.

    ``platform_env`` holds the user's variables as the platform gave them (files in
    ``<platform>/env``), ``env`` the whole environment, of which they are a part.
    """

    app: AppTree
    env: Mapping[str, str]
    platform_env: Mapping[str, str] = field(default_factory=dict)
    bindings: tuple[Binding, ...] = ()
    target: Target = field(default_factory=lambda: Target("linux", "amd64"))


@dataclass(frozen=True, slots=True)
class Pass:
    """The component takes part, with what it provides and requires."""

    plan: BuildPlan = field(default_factory=BuildPlan)


@dataclass(frozen=True, slots=True)
class Fail:
    """The component has nothing to do here, and why."""

    reason: str


DetectResult = Pass | Fail


class Detect(Protocol):
    """Decides whether a component takes part. Raises UserError on configuration it cannot read."""

    def __call__(self, context: DetectContext) -> DetectResult:
        """Decide from the facts."""
        ...


@dataclass(frozen=True, slots=True)
class Host:
    """The effects that a build may use, and the architecture (``amd64``, ``arm64``) they run on."""

    architecture: str
    commands: "Commands"
    fetcher: "Fetcher"


@dataclass(frozen=True, slots=True)
class BuildContext:
    """What a build is handed: the facts of detect, its plan entries, its layers and its effects.

    ``env`` is the environment with the layers and the session of the components before it;
    ``session`` is for what must not reach a layer; ``metadata`` is ``[metadata]`` of
    buildpack.toml; ``app_dir`` is where the app lies and may be written; ``report`` is what
    programs will read of this build; ``is_for_others`` says that buildpacks after this one will
    use what the component provides.
    """

    facts: DetectContext
    app_dir: Path
    buildpack_dir: Path
    metadata: Mapping[str, object]
    env: Mapping[str, str]
    entries: "tuple[Entry, ...]"
    layers: "Layers"
    session: "Session"
    host: Host
    log: "BuildLog"
    report: "Recorder"
    is_for_others: bool = False
