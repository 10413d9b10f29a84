"""Package gobp: ``python -m release.package`` makes buildpack/ and gobp.cnb in dist/."""

import argparse
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from gobp.buildpack.supply.helpers import source_files
from gobp.buildpack.unchanged.code import NOTE, code_digest
from gobp.errors import UserError
from release.buildpackage import write_buildpackage
from release.helpers import PREBUILT, build_helpers
from release.offline import add_go
from release.publish import narrow, publish
from release.recipe import AMD64, ARM64
from release.runtime import (
    CONTAINER_CODE,
    HELPERS,
    ROOT,
    RUNTIME,
    build,
    host_architecture,
    run_compiler,
    say,
)
from release.tree import put_in_place, remove_sources, tree_hash, walk

_FILES = ("LICENSE", "buildpack.toml", "package.toml", "bin/build", "bin/detect", "bin/main.py")
_EXECUTABLE = frozenset({"bin/build", "bin/detect"})
_ARCHITECTURES = (AMD64.name, ARM64.name)
_RUNTIME_PARTS = (*_ARCHITECTURES, "licenses", "packages")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    options = _parser().parse_args(arguments)
    try:
        host_architecture()
        build(RUNTIME)
        say(build_helpers(RUNTIME, HELPERS, os.environ))
        options.out.mkdir(parents=True, exist_ok=True)
        buildpack = options.out / "buildpack"
        stage(buildpack, RUNTIME)
        _write(buildpack, options.out / "gobp.cnb")
        if options.offline_go:
            buildpack = stage_offline(buildpack, options)
            _write(buildpack, options.out / "gobp-offline.cnb")
        if options.publish:
            say(f"published {publish(buildpack, options.publish, os.environ)}")
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m release.package", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="folder to write to")
    parser.add_argument(
        "--offline-go",
        default="",
        metavar="VERSIONS",
        help="also make buildpack-offline/ and gobp-offline.cnb with these versions of Go in it, "
        'or "default"',
    )
    parser.add_argument(
        "--offline-architectures",
        default=" ".join(_ARCHITECTURES),
        metavar="NAMES",
        help="architectures of the offline package (default: %(default)s)",
    )
    parser.add_argument(
        "--offline-seed",
        action="store_true",
        help="put the compiled standard library in the offline package too",
    )
    parser.add_argument(
        "--publish",
        default="",
        metavar="REFERENCE",
        help="push the package, the offline one if it is made, as one index for all architectures",
    )
    return parser


def stage_offline(buildpack: Path, options: argparse.Namespace) -> Path:
    """Make the folder of the offline package from that of the package; return it.

    Raises UserError where a distribution of Go cannot be had.
    """
    names = options.offline_architectures.replace(",", " ").split()
    if not names or not set(names) <= set(_ARCHITECTURES):
        raise UserError(
            f"{options.offline_architectures!r} does not name architectures of gobp",
            remedy=f"name one or more of: {', '.join(_ARCHITECTURES)}.",
        )
    target: Path = options.out / "buildpack-offline"
    staging = target.with_name(f"{target.name}.new")
    shutil.rmtree(staging, ignore_errors=True)
    if len(names) == 1:
        narrow(buildpack, staging, names[0])
    else:
        shutil.copytree(buildpack, staging)
    add_go(staging, options.offline_go, names, seed=options.offline_seed)
    put_in_place(staging, target)
    return target


def _write(buildpack: Path, target: Path) -> None:
    say(f"{buildpack} (tree {tree_hash(buildpack)})")
    say(f"{target} (image {write_buildpackage(buildpack, target)})")


def stage(target: Path, runtime: Path) -> None:
    """Make the complete buildpack folder: the interpreter, and gobp as byte code for it."""
    staging = target.with_name(f"{target.name}.new")
    shutil.rmtree(staging, ignore_errors=True)
    for name in _FILES:
        _copy(ROOT / name, staging / name, executable=name in _EXECUTABLE)
    for part in _RUNTIME_PARTS:
        shutil.copytree(runtime / part, staging / "runtime" / part)
    if (runtime / PREBUILT).is_dir():
        shutil.copytree(runtime / PREBUILT, staging / "runtime" / PREBUILT)
    for path in (*_container_code(ROOT / "gobp"), *source_files(HELPERS)):
        _copy(path, staging / path.relative_to(ROOT))
    say("compiling gobp")
    run_compiler(runtime, "sourceless", staging / "gobp", "gobp/", CONTAINER_CODE)
    remove_sources(staging / "gobp")
    (staging / "gobp" / NOTE).write_text(code_digest(ROOT / "gobp"), encoding="ascii")
    put_in_place(staging, target)


def _container_code(gobp: Path) -> Iterator[Path]:
    """Yield the files that run in a build container: sources and the data beside them."""
    for part in CONTAINER_CODE:
        for path in walk(gobp / part) if (gobp / part).is_dir() else [gobp / part]:
            if path.suffix in {".py", ".toml"}:
                yield path


def _copy(source: Path, target: Path, *, executable: bool = False) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    target.chmod(0o755 if executable else 0o644)


if __name__ == "__main__":
    sys.exit(main())
