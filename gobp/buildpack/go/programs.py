"""What the programs of a build say that they are made of."""

from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.go.command import go_environment
from gobp.buildpack.go.mapped import mapped
from gobp.golang import buildinfo, elfinfo
from gobp.golang.buildinfo import BuildInfo

_LAYER = "targets"
_PROGRAMS = "bin"


def built_programs(context: BuildContext) -> tuple[BuildInfo, ...]:
    """Return what go-build's programs say of themselves, by name, as ``bin/web``.

    They are read here; go is asked about those that only it can read, once. A program that says
    nothing (packed, say) is no reason to fail; the log tells.
    """
    layer = context.layers.root / _LAYER
    found: list[BuildInfo] = []
    left: list[str] = []
    try:
        for path in sorted((layer / _PROGRAMS).iterdir()):
            info = _read(path, f"{_PROGRAMS}/{path.name}")
            found += [info] if info else []
            left += [] if info else [f"{_PROGRAMS}/{path.name}"]
        return tuple(sorted([*found, *_told_by_go(context, layer, left)], key=lambda i: i.file))
    except ValueError as error:
        context.log.warning(f"the build information of programs cannot be read: {error}")
        return ()


def _read(path: Path, name: str) -> BuildInfo | None:
    if not path.is_file():
        return None
    with mapped(path) as view:
        return elfinfo.read(name, view)


def _told_by_go(context: BuildContext, layer: Path, names: list[str]) -> tuple[BuildInfo, ...]:
    if not names:
        return ()
    argv = ("go", "version", "-m", *names)
    env = go_environment(context.env, context.app_dir)
    asked = context.host.commands.capture(argv, cwd=layer, env=env)
    infos = buildinfo.parse(asked.stdout)
    for name in sorted({*names} - {info.file for info in infos}):
        context.log.warning(f"{name} does not say what it is made of: {asked.stderr.strip()}")
    return infos
