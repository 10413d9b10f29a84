"""Go toolchains: which one an order is built by, and where its files are."""

import contextlib
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from gobp.buildservice.builds.build import State
from gobp.buildservice.recipes.recipe import RecipeError
from gobp.buildservice.sources.go_modules import GoModules, ModuleError
from gobp.errors import UserError
from gobp.golang import modfile
from gobp.golang.version import GoVersion

_PREFIX = "go"
_FIRST_WITH_TOOLCHAIN_LINES = GoVersion.parse("1.21")
_NOT_THERE = re.compile(
    r"\b(?:403|404|410)\b|invalid toolchain|not available|no matching versions|no such file"
)
_URL = re.compile(r"\b(?:https?|file)://[^\s\"]+")
_LONGEST_TEXT = 500


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A Go that compiles: ``version`` such as 1.26.8, its files in ``root`` (GOROOT)."""

    version: str
    root: Path

    @property
    def go(self) -> GoVersion:
        """The version, to be compared."""
        return GoVersion.parse(self.version)


@dataclass(frozen=True, slots=True)
class Toolchains:
    """Has toolchains: this machine's go, and others as modules that it downloads and verifies.

    Only the go command itself runs here, never code of a source; ``seconds`` it may take.
    """

    modules: GoModules
    seconds: float

    def get(self, version: str) -> Toolchain:
        """Return a toolchain, downloaded where this machine has no such Go.

        A version of the language such as 1.25 stands for its newest release. Raises RecipeError:
        failed where there is no such Go, error where that cannot be found out now.
        """
        wanted = self._release(version)
        done = self._go_env(f"{_PREFIX}{wanted}")
        root, _, found = done.stdout.strip().partition("\n")
        if done.returncode != 0 or not root:
            raise _not_there(wanted, done.stderr)
        return Toolchain(found.partition(" ")[0].removeprefix(_PREFIX), Path(root))

    def _release(self, version: str) -> str:
        """Return a release: toolchains of a language version alone do not exist since Go 1.21."""
        go = GoVersion.parse(version)
        if go.is_release or go.is_prerelease:
            return go.text
        try:
            return self.modules.newest_go(go.text, self.seconds)
        except ModuleError as error:
            raise _not_there(go.text, error.text) from None

    def _go_env(self, toolchain: str) -> "subprocess.CompletedProcess[str]":
        try:
            return subprocess.run(
                ["go", "env", "GOROOT", "GOVERSION"],
                cwd=self.modules.folder,
                env={**self.modules.env, "GOTOOLCHAIN": toolchain, "GONOSUMDB": ""},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=self.seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            text = f"Go {toolchain.removeprefix(_PREFIX)} was not downloaded in time"
            raise RecipeError(State.ERROR, text) from None


def wanted_go(ordered: str, default: str, tree: Path) -> str:
    """Return the version of Go that builds a source: the ordered one, else one that is new enough.

    ``default`` is taken unless go.mod asks for a newer one, by its go or its toolchain line. What
    go.mod asks for never outdoes an order: go itself then says that it is too old.
    """
    if ordered:
        return ordered.removeprefix(_PREFIX)
    return str(max([GoVersion.parse(default), *_asked_by(tree / "go.mod")]))


def _asked_by(go_mod: Path) -> list[GoVersion]:
    """Return the versions that a go.mod asks for; a broken one is left for go to complain about."""
    if go_mod.is_symlink() or not go_mod.is_file():
        return []
    with contextlib.suppress(UserError, UnicodeDecodeError):
        asked = modfile.parse(go_mod.read_text("utf-8"), source="go.mod")
        names = [asked.go, asked.toolchain.partition("-")[0]]
        versions = [GoVersion.parse(name) for name in names if name not in {"", "default"}]
        return [version for version in versions if version >= _FIRST_WITH_TOOLCHAIN_LINES]
    return []


def _not_there(version: str, text: str) -> RecipeError:
    shown = " ".join(_URL.sub("the module proxy", text).split())[:_LONGEST_TEXT]
    if _NOT_THERE.search(text):
        return RecipeError(State.FAILED, f"there is no Go {version} to build with: {shown}")
    return RecipeError(State.ERROR, f"Go {version} could not be downloaded: {shown}")
