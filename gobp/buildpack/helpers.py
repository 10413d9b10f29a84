"""The static programs of ``helpers/`` that gobp puts into images: prebuilt, else compiled here.

See docs/decisions/0008-helpers-in-go.md.
"""

import hashlib
import tempfile
from collections.abc import Mapping
from pathlib import Path

from gobp.buildpack.component import BuildContext
from gobp.buildpack.steps import timed
from gobp.errors import UserError
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
    architecture = context.facts.target.arch
    sources = context.buildpack_dir / "helpers"
    prebuilt = context.buildpack_dir / "runtime" / "helpers"
    program = prebuilt / architecture / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if program.is_file() and not _is_older(prebuilt, sources):
        write_atomically(target, program.read_bytes(), mode=0o755)
        return
    context.log.process(f"Compiling the helper {name}: it is not prebuilt for linux/{architecture}")
    context.layers.root.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix="helpers-", dir=context.layers.root))
    try:
        output = scratch / name
        env = compile_environment(context.env, architecture, scratch)
        with timed(context.log):
            compile_helper(context.host.commands, sources / name, output, env=env)
        write_atomically(target, output.read_bytes(), mode=0o755)
    finally:
        remove_tree(scratch)


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
    return (
        sources / "go.mod",
        *sorted(path for path in sources.rglob("*.go") if not path.stem.endswith("_test")),
    )


def sources_hash(sources: Path) -> str:
    """Return a sha256 (hex) over the names and contents of the sources of all helpers."""
    total = hashlib.sha256()
    for path in source_files(sources):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        total.update(f"{content} {path.relative_to(sources).as_posix()}\n".encode())
    return total.hexdigest()


def _is_older(prebuilt: Path, sources: Path) -> bool:
    """Tell whether the sources, as in a clone, are others than those of the prebuilt helpers."""
    if not (sources / "go.mod").is_file():
        return False
    stamp = prebuilt / STAMP
    of = stamp.read_text(encoding="utf-8").split() if stamp.is_file() else []
    return sources_hash(sources) not in of
