"""Gathers the facts of a phase: the app, the variables, the bindings and the target."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from gobp.buildpack.component import DetectContext
from gobp.cnb.bindings import (
    Binding,
    BindingRoot,
    VcapServices,
    binding_source,
    from_files,
    from_vcap,
    is_entry,
)
from gobp.cnb.phases import Target
from gobp.errors import UserError
from gobp.system.files import DirectoryTree
from gobp.system.machine import machine_architecture

_SECRET_LIMIT = 1024 * 1024  # bytes of one entry of a binding


def read_facts(
    app_dir: Path, platform_dir: Path, target: Target, env: Mapping[str, str]
) -> DetectContext:
    """Read what detect may look at. Raises UserError on a binding that cannot be read.

    Lifecycles before 0.20 do not always name the target; it is then this machine's. Where the
    platform does not pass its variables on (``clear-env``), they are taken from its files.
    """
    if not target.arch:
        target = replace(target, os="linux", arch=machine_architecture())
    platform_env = _read_files(platform_dir / "env")
    return DetectContext(
        app=DirectoryTree(app_dir),
        env={**_usable(platform_env), **env},
        platform_env=platform_env,
        bindings=_read_bindings(env, platform_dir),
        target=target,
    )


def _usable(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that a process can be given: their values hold no NUL."""
    return {name: value for name, value in variables.items() if "\0" not in value}


def _read_bindings(env: Mapping[str, str], platform_dir: Path) -> tuple[Binding, ...]:
    source = binding_source(env, str(platform_dir))
    if isinstance(source, VcapServices):
        return from_vcap(source.text)
    return _read_binding_directory(source)


def _read_binding_directory(source: BindingRoot) -> tuple[Binding, ...]:
    root = Path(source.path)
    if not root.is_dir():
        return ()
    folders = [path for path in sorted(root.iterdir()) if not path.name.startswith(".")]
    return tuple(
        from_files(folder.name, _read_files(folder, below=True), path=str(folder))
        for folder in folders
        if folder.is_dir()
    )


def _read_files(folder: Path, *, below: bool = False) -> dict[str, str]:
    """Return the text of each file in a folder, and with ``below`` in its folders, by name."""
    if not folder.is_dir():
        return {}
    files = {}
    for path in sorted(folder.iterdir()):
        if not is_entry(path.name):
            continue
        if path.is_file():
            files[path.name] = _read(path)
        elif below and path.is_dir():
            files |= {f"{path.name}/{name}": text for name, text in _read_files(path).items()}
    return files


def _read(path: Path) -> str:
    with path.open("rb") as file:
        data = file.read(_SECRET_LIMIT + 1)
    if len(data) > _SECRET_LIMIT:
        raise UserError(
            f"{path} is larger than {_SECRET_LIMIT // 1024} KiB",
            remedy="give variables and bindings as small files.",
        )
    return data.decode("utf-8", "surrogateescape")
