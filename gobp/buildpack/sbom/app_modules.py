"""What an app's folder and the module cache tell of modules: licences, and hashes in go.sum."""

import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from gobp.buildpack.app.layout import Mode, read_layout
from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.command import go_environment
from gobp.errors import UserError
from gobp.golang import modfile, sumfile, workfile
from gobp.golang.buildinfo import BuiltModule
from gobp.golang.module import escape_path, escape_version
from gobp.sbom.licences import is_licence_name, licences_in

_LIMIT = 1024 * 1024  # bytes of a licence that are read


class AppModules:
    """The modules that one build has put into programs."""

    def __init__(self, context: BuildContext) -> None:
        self._context = context
        layout = read_layout(context.facts.app, context.env)
        self._root = context.app_dir / layout.root
        self._own = _own_modules(self._root, layout.mode)
        self._sums = _sums([self._root, *self._own.values()])
        self._cache: str | None = None
        self._licences: dict[BuiltModule, tuple[str, ...]] = {}

    def licences(self, module: BuiltModule) -> tuple[str, ...]:
        """Return the SPDX identifiers of a module's licences; none where no file tells."""
        if module not in self._licences:  # programs share most of their modules
            self._licences[module] = next(filter(None, self._found(module)), ())
        return self._licences[module]

    def sum(self, module: BuiltModule) -> str:
        """Return the hash of a module in go.sum, "" where there is none.

        Go leaves hashes out of programs that it builds from a vendor folder.
        """
        return self._sums.get((module.path, module.version), "")

    def _found(self, module: BuiltModule) -> Iterator[tuple[str, ...]]:
        """Yield the licences in each place that may hold a module, or what replaces it.

        The nearest place is the first. Of a module in a vendor folder that was put back, the
        module cache has the zip alone.
        """
        if module.path in self._own:
            yield _licences_of(self._own[module.path])
        yield _licences_of(self._root / "vendor" / module.path)
        built = module.replaced_by or module
        if built.is_folder:
            yield _licences_of(self._root / built.path)
        else:
            yield from self._found_in_module_cache(built)

    def _found_in_module_cache(self, module: BuiltModule) -> Iterator[tuple[str, ...]]:
        try:
            path, version = escape_path(module.path), escape_version(module.version)
        except UserError:  # no module that a proxy has: "(devel)", a package built without modules
            return
        if cache := self._module_cache():
            yield _licences_of(Path(cache, f"{path}@{version}"))
            yield _licences_in_zip(Path(cache, "cache/download", path, f"@v/{version}.zip"))

    def _module_cache(self) -> str:
        """Return the module cache's folder; go is asked once, and only if a module is there."""
        if self._cache is None:
            self._cache = self._context.env.get("GOMODCACHE")
        if self._cache is None:
            env = go_environment(self._context.env, self._context.app_dir)
            asked = self._context.host.commands.capture(
                ("go", "env", "GOMODCACHE"), cwd=self._root, env=env
            )
            self._cache = asked.stdout.strip()
        return self._cache


def _own_modules(root: Path, mode: Mode) -> dict[str, Path]:
    """Return the folders of the app's own modules, by module path."""
    folders = [root] if mode is Mode.MODULE else []
    work = root / "go.work"
    if mode is Mode.WORKSPACE and work.is_file():
        text = work.read_text(encoding="utf-8")
        folders = [root / each for each in workfile.parse(text, source=str(work)).uses]
    files = [folder / "go.mod" for folder in folders]
    texts = {file: file.read_text(encoding="utf-8") for file in files}
    return {
        modfile.parse(text, source=str(file)).module: file.parent for file, text in texts.items()
    }


def _sums(folders: Iterable[Path]) -> dict[tuple[str, str], str]:
    files = [folder / name for folder in folders for name in ("go.sum", "go.work.sum")]
    return {
        (line.path, line.version): line.hash
        for file in files
        if file.is_file()
        for line in sumfile.parse(file.read_text(encoding="utf-8"), source=str(file))
    }


def _licences_of(folder: Path) -> tuple[str, ...]:
    """Return the licences in the files at the top of a folder."""
    if not folder.is_dir():
        return ()
    found: set[str] = set()
    for path in folder.iterdir():
        if is_licence_name(path.name) and path.is_file():
            found.update(licences_in(_head(path)))
    return tuple(sorted(found))


def _licences_in_zip(path: Path) -> tuple[str, ...]:
    """Return the licences in the files at the top of a module's zip, which go has checked."""
    if not path.is_file():
        return ()
    found: set[str] = set()
    with zipfile.ZipFile(path) as archive:
        for name in archive.namelist():
            if is_licence_name(_name_at_top(name)):
                with archive.open(name) as file:
                    found.update(licences_in(file.read(_LIMIT).decode("utf-8", "replace")))
    return tuple(sorted(found))


def _name_at_top(name: str) -> str:
    """Return the name of a file at the top of a zip, without ``path@version/``; "" for others."""
    below = name.partition("@")[2].partition("/")[2]
    return "" if "/" in below else below


def _head(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(_LIMIT).decode("utf-8", "replace")
