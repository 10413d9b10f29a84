"""What the build of an app needs, by its go.mod, go.sum and go.work."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from gobp.errors import UserError
from gobp.golang import modfile, sumfile, workfile
from gobp.golang.version import GoVersion
from gobp.modproxy.commands.outcome import Problem
from gobp.modproxy.protocol.requests import Kind, ModuleFile, is_canonical
from gobp.system.files import DirectoryTree

_TOOLCHAIN = "golang.org/toolchain"
_FIRST_TOOLCHAIN = GoVersion.parse("1.21rc1")
_GO_MOD = "/go.mod"
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9]+", re.ASCII)


@dataclass(slots=True)
class Needs:
    """The files that builds of an app ask for, with the hashes that its go.sum files have.

    A file without hashes is known by no go.sum. ``toolchains`` are names such as go1.23.4.
    """

    files: dict[ModuleFile, set[str]] = field(default_factory=dict)
    toolchains: set[str] = field(default_factory=set)
    problems: list[Problem] = field(default_factory=list)

    def add_sums(self, text: str, source: str) -> None:
        """Add what a go.sum file has. Raises UserError, which names the line."""
        for line in sumfile.parse(text, source=source):
            version = line.version.removesuffix(_GO_MOD)
            if not is_canonical(line.path, version):
                reason = "it is no version that the module can have"
                self.problems.append(Problem(f"{source}: {line.path}@{version}", reason, _TIDY))
                continue
            if version != line.version:
                self._add(ModuleFile(line.path, version, Kind.MOD), line.hash)
                continue
            self._add(ModuleFile(line.path, version, Kind.ZIP), line.hash)
            self._add(ModuleFile(line.path, version, Kind.INFO))

    def add_toolchains(self, platforms: Iterable[str]) -> None:
        """Add the zips of the toolchains for platforms such as linux/amd64. Raises UserError."""
        for platform in platforms:
            if not _PLATFORM.fullmatch(platform):
                raise UserError(
                    f"{platform!r} is no platform", remedy="write linux/amd64,darwin/arm64."
                )
            for name in sorted(self.toolchains):
                version = f"v0.0.1-{name}.{platform.replace('/', '-')}"
                self._add(ModuleFile(_TOOLCHAIN, version, Kind.ZIP))

    def _add(self, file: ModuleFile, *hashes: str) -> None:
        self.files.setdefault(file, set()).update(hashes)


_TIDY = "run `go mod tidy` in the app."


def needs_of(app: Path, platforms: Sequence[str]) -> Needs:
    """Return what the app in a folder needs, and its toolchain for each of the platforms.

    An app is a module, or a workspace of modules. Raises UserError.
    """
    tree = DirectoryTree(app)
    if not tree.has("go.mod") and not tree.has("go.work"):
        raise UserError(
            f"{app} has neither go.mod nor go.work", remedy="name the folder of an app's module."
        )
    needs = Needs()
    for folder in _modules(tree):
        _add_module(needs, tree, folder)
    if tree.has("go.work.sum"):
        needs.add_sums(tree.read_text("go.work.sum"), str(app / "go.work.sum"))
    needs.add_toolchains(platforms)
    return needs


def _modules(tree: DirectoryTree) -> Iterator[str]:
    """Yield the folders of the modules, relative to the app."""
    if tree.has("go.mod"):
        yield "."
    if tree.has("go.work"):
        source = str(Path(tree.root, "go.work"))
        uses = workfile.parse(tree.read_text("go.work"), source=source).uses
        yield from (folder for folder in uses if Path(folder) != Path())


def _add_module(needs: Needs, tree: DirectoryTree, folder: str) -> None:
    path = Path(tree.root, folder, "go.mod")
    inner = DirectoryTree(path.parent)
    if not inner.has("go.mod"):
        raise UserError(f"go.work uses {folder}, which has no go.mod", remedy="correct go.work.")
    parsed = modfile.parse(inner.read_text("go.mod"), source=str(path))
    needs.toolchains.update(_toolchain(parsed.go, parsed.toolchain))
    if inner.has("go.sum"):
        needs.add_sums(inner.read_text("go.sum"), str(path.with_name("go.sum")))
    elif parsed.requires:
        needs.problems.append(Problem(str(path), "it requires modules and has no go.sum", _TIDY))


def _toolchain(go: str, toolchain: str) -> Iterator[str]:
    """Yield the toolchain that an older go command would fetch for these lines, if any.

    See https://go.dev/doc/toolchain#select: the newer of both; a line without a patch version, as
    1.23, names a language and no toolchain.
    """
    named = [name.removeprefix("go") for name in (go, toolchain) if name not in {"", "default"}]
    versions = [GoVersion.parse(name) for name in named]
    newest = max(versions, default=None)
    if newest is None or newest < _FIRST_TOOLCHAIN or str(newest) == newest.line:
        return
    yield f"go{newest}"
