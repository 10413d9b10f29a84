"""The static programs of ``helpers/`` that gobp puts into images: prebuilt, else compiled here.

See docs/decisions/0008-helpers-in-go.md.
"""

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from gobp.buildpack.component import BuildContext, DetectContext
from gobp.buildpack.go.installed import go_at_hand
from gobp.buildpack.reporting.steps import timed
from gobp.errors import UserError
from gobp.system.fetch import sha256_of
from gobp.system.files import remove_tree, write_atomically
from gobp.system.process import Commands

STAMP = "stamp"
"""Name of the file beside the prebuilt helpers that says what they were compiled from."""
_SHARED = "internal"  # packages that programs share
# All else that a go command may see would change what it makes, or where it looks for it.
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "GOROOT")


def put_helper(context: BuildContext, name: str, target: Path) -> None:
    """Write the helper ``name`` for the image's architecture to ``target``, executable.

    It is copied from ``runtime/helpers`` of the buildpack, else compiled by the Go on the PATH:
    a component that puts one comes after go-dist. Raises UserError where neither can be.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    prebuilt = prebuilt_helper(context, name)
    if prebuilt is not None:
        write_atomically(target, prebuilt.read_bytes(), mode=0o755)
        return
    architecture = context.facts.target.arch
    context.log.process(f"Compiling the helper {name}: it is not prebuilt for linux/{architecture}")
    context.layers.root.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="helpers-", dir=context.layers.root))
    try:
        output = scratch / name
        env = compile_environment(context.env, architecture, scratch)
        with timed(context.log):
            compile_helper(context.host.commands, _sources(context) / name, output, env=env)
        write_atomically(target, output.read_bytes(), mode=0o755)
    finally:
        remove_tree(scratch)


class Place(Protocol):
    """Where the buildpack lies, and what it builds for."""

    @property
    def buildpack_dir(self) -> Path:
        """The buildpack's folder."""
        ...

    @property
    def facts(self) -> DetectContext:
        """What is known of the app and its target."""
        ...


def prebuilt_helper(context: Place, name: str) -> Path | None:
    """Return the helper as the buildpack brings it, None where it does not.

    One that was compiled from other sources than those at hand, as in a clone, does not count.
    """
    folder = context.buildpack_dir / "runtime" / "helpers"
    program = folder / context.facts.target.arch / name
    if not program.is_file() or _is_older(folder, _sources(context), name):
        return None
    return program


def helper_id(context: BuildContext, name: str) -> str:
    """Return a text that is the same only as long as ``put_helper`` writes the same bytes."""
    prebuilt = prebuilt_helper(context, name)
    if prebuilt is not None:
        return f"sha256:{sha256_of(prebuilt)}"
    go = go_at_hand(context)
    of = stamp_line(_sources(context), name)
    return f"{of} linux/{context.facts.target.arch} go{go.version if go else ''}"


def compile_helper(
    commands: Commands, source: Path, output: Path, *, env: Mapping[str, str]
) -> None:
    """Compile the program in the folder ``source``; one version of Go always gives the same bytes.

    ``env`` is a ``compile_environment``. Raises UserError where it does not compile.
    """
    if not source.is_dir():
        raise UserError(
            f"the buildpack has no helper {source.name} in {source.parent}",
            remedy="use a complete copy of the buildpack, such as the packaged gobp.cnb.",
        )
    argv = (
        *("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w -buildid="),
        *("-o", str(output), f"./{source.name}"),
    )
    done = commands.capture(argv, cwd=source.parent, env=env)
    if done.status != 0:
        raise UserError(
            f"the helper {source.name} cannot be compiled",
            detail=(done.stderr or done.stdout).strip(),
            remedy="use the packaged gobp.cnb, which brings its helpers, or Go 1.21 or later.",
        )


def compile_environment(env: Mapping[str, str], architecture: str, scratch: Path) -> dict[str, str]:
    """Return the environment to compile in: no settings of the user's, no network, no cgo.

    What go writes goes below ``scratch``.
    """
    return {
        **{name: env[name] for name in _PASSED_ON if name in env},
        "CGO_ENABLED": "0",
        "GO111MODULE": "on",
        "GOARCH": architecture,
        "GOCACHE": str(scratch / "cache"),
        "GOENV": "off",
        "GOFLAGS": "",
        "GOOS": "linux",
        "GOPATH": str(scratch / "path"),
        "GOPROXY": "off",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }


def programs(sources: Path) -> tuple[str, ...]:
    """Return the names of the helpers whose sources are in a folder, sorted."""
    return tuple(
        sorted(
            folder.name
            for folder in sources.iterdir()
            if folder.name != _SHARED and any(folder.glob("*.go"))
        )
    )


def source_files(sources: Path) -> tuple[Path, ...]:
    """Return the files that helpers are compiled from, sorted: no tests, nothing else."""
    return (sources / "go.mod", *_go_files(sources))


def stamp_line(sources: Path, name: str) -> str:
    """Return the line of the stamp that says by a sha256 (hex) what a helper was compiled from."""
    total = hashlib.sha256()
    for path in (sources / "go.mod", *_go_files(sources / _SHARED), *_go_files(sources / name)):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{content} {path.relative_to(sources).as_posix()}\n".encode())
    return f"{name} {total.hexdigest()}"


def _go_files(folder: Path) -> tuple[Path, ...]:
    return tuple(sorted(path for path in folder.rglob("*.go") if not path.stem.endswith("_test")))


def _sources(context: Place) -> Path:
    return context.buildpack_dir / "helpers"


def _is_older(prebuilt: Path, sources: Path, name: str) -> bool:
    """Tell whether the sources at hand, as in a clone, are others than a prebuilt helper's."""
    if not (sources / name).is_dir():
        return False
    stamp = prebuilt / STAMP
    lines = stamp.read_text(encoding="utf-8").splitlines() if stamp.is_file() else []
    return stamp_line(sources, name) not in lines
