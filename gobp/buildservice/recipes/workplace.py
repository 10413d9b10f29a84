"""A folder in which commands of a recipe run, and what they see there."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from gobp.buildservice.artifacts.removal import remove_anything
from gobp.buildservice.builds.build import State
from gobp.buildservice.builds.targets import target_env
from gobp.buildservice.recipes.recipe import RecipeError, Work
from gobp.buildservice.recipes.toolchains import Toolchain
from gobp.buildservice.recipes.warm_cache import INSIDE, link_warm
from gobp.buildservice.sandbox.sandbox import Command, Ended, Result, Sandbox
from gobp.system.files import copy_tree

SOURCE, OUT = "src", "out"
_CACHE = "cache"
_FOLDERS = ("home", "tmp", "mod", OUT)
_GO = "/go"  # where the toolchain is for commands
_NO_SANDBOX = "none"  # the level of Unsandboxed
_NOT_FOUND = 127  # the shell's status for a command that is not there


@dataclass(frozen=True, slots=True)
class Workplace:
    """A place for one run of a recipe: ``folder`` on this machine is ``inside`` for commands.

    ``warm`` is the warm compile cache that it may use; ``until`` is when, by time.monotonic, all
    commands must be over. ``modules`` collects what the commands fetched; ``tools`` is mounted
    read-only, too.
    """

    work: Work
    sandbox: Sandbox
    toolchain: Toolchain
    folder: Path
    inside: str
    warm: Path | None
    until: float
    modules: set[str] = field(default_factory=set)
    tools: Mapping[Path, str] = field(default_factory=dict)

    @property
    def source(self) -> Path:
        """The copy of the source that commands may change."""
        return self.folder / SOURCE

    @property
    def out(self) -> Path:
        """An empty folder for what a recipe makes."""
        return self.folder / OUT

    @property
    def product(self) -> Path:
        """Where a recipe puts what it made: it stays when the workplace is gone."""
        return self.folder.with_name(f"{self.folder.name}-product")

    @property
    def mounts(self) -> bool:
        """Whether what is mounted read-only cannot be written: not where there is no sandbox."""
        return self.sandbox.level != _NO_SANDBOX

    def within(self, name: str) -> str:
        """Return the path of one of its folders as commands see it."""
        return f"{self.inside}/{name}"

    def run(
        self,
        argv: Sequence[str],
        env: Mapping[str, str] | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> int:
        """Run a command in the source and return its exit status.

        Raises RecipeError where it used too much of something, or nobody wants it any more.
        """
        command = Command(
            argv=argv,
            cwd=self.within(SOURCE),
            env={**self.environment(), **(env or {})},
            read_only={self.toolchain.root: _GO, **self._warm_mount(), **self.tools},
            writable={self.folder: self.inside},
        )
        limits = replace(self.work.limits, seconds=max(1.0, self.until - time.monotonic()))
        result = self.sandbox.run(command, limits, on_line or self.work.say, self.work.stop)
        self.modules.update(result.modules)
        return self._status(argv[0], result)

    def check(self, argv: Sequence[str], env: Mapping[str, str] | None = None) -> None:
        """Run a command as ``run`` does. Raises RecipeError if it fails, too."""
        status = self.run(argv, env)
        if status != 0:
            raise failed(argv, status)

    def environment(self) -> dict[str, str]:
        """Return what each command sees: paths, the target, and what makes builds reproducible."""
        return {
            "PATH": f"{_GO}/bin:/usr/local/bin:/usr/bin:/bin",
            "HOME": self.within("home"),
            "TMPDIR": self.within("tmp"),
            "GOPATH": self.within("home/go"),
            "GOCACHE": self.within(_CACHE),
            "GOMODCACHE": self.within("mod"),
            "GOENV": "off",
            "GOTOOLCHAIN": "local",
            "GO111MODULE": "on",
            "CGO_ENABLED": "0",
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "SOURCE_DATE_EPOCH": str(self.work.tree.time),
            **target_env(self.work.order.target),
        }

    def _warm_mount(self) -> dict[Path, str]:
        return {self.warm: INSIDE} if self.warm and self.mounts else {}

    def _status(self, name: str, result: Result) -> int:
        limits = self.work.limits
        match result.ended:
            case Ended.EXITED:
                return result.status
            case Ended.STOPPED:
                raise RecipeError(State.CANCELLED, "the build was stopped")
            case Ended.OUT_OF_TIME:
                seconds = f"{limits.seconds:g} seconds"
                raise RecipeError(State.TIMED_OUT, f"the build took longer than {seconds}")
            case Ended.OUT_OF_MEMORY:
                raise _too_much(name, f"memory than {limits.memory}")
            case Ended.TOO_MUCH_OUTPUT:
                raise _too_much(name, f"output than {limits.output}")
            case Ended.TOO_MUCH_DISK:
                raise _too_much(name, f"disk than {limits.disk}")


@contextmanager
def prepared(place: Workplace) -> Iterator[Workplace]:
    """Fill a workplace with a copy of the source; all but the product is gone at the end."""
    place.folder.mkdir()
    place.product.mkdir()
    try:
        for name in _FOLDERS:
            (place.folder / name).mkdir()
        if place.warm:
            link_warm(place.warm, place.folder / _CACHE, INSIDE if place.mounts else "")
        copy_tree(place.work.tree.folder, place.source)
        yield place
    finally:
        remove_anything(place.folder)


def failed(argv: Sequence[str], status: int) -> RecipeError:
    """Return the error of a command that ended with a status other than 0."""
    name = " ".join(argv[:2]) if argv[0] == "go" else argv[0]
    if status == _NOT_FOUND:
        return RecipeError(State.FAILED, f"{name} ended with 127: a command was not found")
    return RecipeError(State.FAILED, f"{name} ended with exit status {status}")


def _too_much(name: str, what: str) -> RecipeError:
    return RecipeError(State.FAILED, f"{name} wanted more {what} bytes, which a build may have")
