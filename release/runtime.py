"""Make the bundled interpreter: ``python -m release.runtime build`` and ``... lock``."""

import argparse
import hashlib
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import requests
from requests.adapters import HTTPAdapter

from gobp.errors import UserError
from release import recipe
from release.apt import Mirror, current_packages, find_mirror, machine_sources
from release.deb import PackageFiles, merge, read_deb
from release.fetch import GoneError, fetch
from release.helpers import build_helpers
from release.lock import Lock, Package, format_lock, read_lock
from release.recipe import AMD64, ARM64, Architecture, TreeFile
from release.tree import put_in_place, remove_sources, tree_hash, write_tree
from release.wheels import bundled_requirements, download_wheels, wheel_files, wheel_licences

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "release" / "runtime.lock.toml"
REQUIREMENTS = ROOT / "requirements" / "runtime.txt"
RUNTIME = ROOT / "runtime"
HELPERS = ROOT / "helpers"
CONTAINER_CODE = (
    "__init__.py",
    "errors.py",
    "log.py",
    "cnb",
    "golang",
    "sbom",
    "system",
    "buildpack",
)
"""The parts of gobp that run in a build container."""
_STAMP = "stamp"
_COMPILER = ROOT / "release" / "compiler.py"
_ATTEMPTS = 3


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return its exit status."""
    parser = argparse.ArgumentParser(prog="python -m release.runtime", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("lock", help="write the lock anew from Debian's signed lists")
    commands.add_parser("build", help="make ./runtime from the lock, for all architectures")
    command = parser.parse_args(arguments).command
    try:
        if command == "lock":
            write_lock(LOCK)
        else:
            build(RUNTIME)
            say(build_helpers(RUNTIME, HELPERS, os.environ))
            compile_clone(RUNTIME)
    except UserError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def write_lock(path: Path) -> None:
    """Write the lock of the current packages. Raises UserError."""
    say("reading Debian's signed package lists")
    mirror = find_mirror(os.environ, machine_sources())
    lock = current_lock(mirror)
    text = format_lock(lock)
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        say(f"{path.name} is up to date")
        return
    path.write_text(text, encoding="utf-8")
    say(f"wrote {path.name}: {len(lock.packages)} packages; build with `make runtime`")


def current_lock(mirror: Mirror) -> Lock:
    """Return a lock of the versions that the archive has now. Raises UserError."""
    names = [*recipe.PACKAGES, *recipe.LICENCE_PACKAGES]
    found = current_packages(mirror, recipe.SUITE, recipe.KEYRING, names)
    return Lock(recipe.SUITE, recipe.KEYRING, recipe.PYTHON, tuple(found[name] for name in names))


def build(target: Path) -> None:
    """Make the trees of all architectures at ``target``, or find that they are made already.

    Raises UserError.
    """
    key = _inputs_hash()
    stamp = target / _STAMP
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == key:
        say(f"{target.name}/ is up to date")
        return
    staging = target.with_name(f"{target.name}.new")
    shutil.rmtree(staging, ignore_errors=True)
    as_locked = _make_trees(staging)
    say(f"tree {tree_hash(staging)}")
    if as_locked:  # otherwise the next build tries the lock again
        (staging / _STAMP).write_text(key, encoding="utf-8")
    put_in_place(staging, target)


def compile_clone(runtime: Path) -> None:
    """Compile gobp's own sources for the bundled Python, for use of the clone as a buildpack.

    The byte code is checked against its source by hash, so a later edit is never missed.
    """
    say("compiling gobp for it")
    run_compiler(runtime, "beside", ROOT / "gobp", "gobp/", CONTAINER_CODE)


def run_compiler(runtime: Path, mode: str, root: Path, prefix: str, paths: Sequence[str]) -> None:
    """Run release/compiler.py with the interpreter of this machine's architecture.

    Raises UserError where there is none.
    """
    architecture = host_architecture()
    interpreter = recipe.interpreter_argv(str(runtime / architecture.name), architecture)
    options = ["-P", "-S", "-B", "-X", "utf8", str(_COMPILER)]
    argv = [*interpreter, *options, mode, str(root), prefix, *paths]
    subprocess.run(argv, env={"PYTHONHASHSEED": "0"}, check=True)


def host_architecture() -> Architecture:
    """Return this machine's architecture. Raises UserError where no tree runs on it."""
    for architecture in (AMD64, ARM64):
        if sys.platform == "linux" and platform.machine() == architecture.machine:
            return architecture
    raise UserError(
        f"the interpreter cannot be made on {sys.platform} {platform.machine()}",
        remedy="make it on Linux, amd64 or arm64: byte code is compiled by the interpreter itself.",
    )


def say(line: str) -> None:
    """Print a line of progress at once."""
    print(line, flush=True)


def _make_trees(staging: Path) -> bool:
    """Make everything below ``staging``; return whether the packages are those of the lock."""
    host_architecture()
    locked = read_lock(LOCK)
    mirror = find_mirror(os.environ, machine_sources())
    lock, packages = obtain(locked, mirror, debs_cache(os.environ), lambda: current_lock(mirror))
    for architecture in (AMD64, ARM64):
        files = recipe.interpreter_files(packages[architecture.name], architecture)
        write_tree(staging / architecture.name, files)
    write_tree(staging / "licenses", recipe.licence_files(packages[AMD64.name], format_lock(lock)))
    _add_wheels(staging)
    for folder in (f"{AMD64.name}/{recipe.LIBRARY}", f"{ARM64.name}/{recipe.LIBRARY}", "packages"):
        say(f"compiling {folder}")
        run_compiler(staging, "sourceless", staging / folder, f"{Path(folder).name}/", ["."])
    remove_sources(staging)
    return lock == locked


def obtain(
    lock: Lock, mirror: Mirror, cache: Path, current: Callable[[], Lock]
) -> tuple[Lock, Mapping[str, PackageFiles]]:
    """Return the files of all packages by architecture, and the lock that they are of.

    Where the archive has a locked file no more, all packages are those of ``current()``: parts of
    two versions of one source would not fit together. Raises UserError.
    """
    with requests.Session() as session:
        for scheme in ("http://", "https://"):
            session.mount(scheme, HTTPAdapter(max_retries=_ATTEMPTS))
        try:
            return lock, _packages(session, lock, mirror, cache)
        except GoneError as gone:
            say(f"Warning: {gone.summary}; the lock is out of date.")
            say("Taking the current versions from Debian's signed lists instead.")
            say("To renew the lock: make runtime-lock")
        lock = current()
        return lock, _packages(session, lock, mirror, cache)


def debs_cache(env: Mapping[str, str]) -> Path:
    """Return the folder where downloaded packages are kept."""
    return Path(env.get("XDG_CACHE_HOME") or Path.home() / ".cache", "gobp", "debs")


def _packages(
    session: requests.Session, lock: Lock, mirror: Mirror, cache: Path
) -> Mapping[str, PackageFiles]:
    found = {}
    for architecture in (AMD64, ARM64):
        say(f"fetching {len(lock.packages)} Debian packages for {architecture.name}")
        found[architecture.name] = merge(
            _package_files(session, package, architecture, mirror, cache)
            for package in lock.packages
        )
    return found


def _package_files(
    session: requests.Session, package: Package, arch: Architecture, mirror: Mirror, cache: Path
) -> PackageFiles:
    file = package.files[arch.name]
    return read_deb(fetch(session, mirror.url(file.file), file, cache), source=file.name)


def _add_wheels(staging: Path) -> None:
    say("fetching the Python packages")
    pins = bundled_requirements(REQUIREMENTS.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory(prefix="gobp-wheels-") as folder:
        write_tree(staging / "licenses", {"python-packages.txt": TreeFile(pins.encode())})
        for wheel in download_wheels(pins, Path(folder)):
            write_tree(staging / "packages", wheel_files(wheel))
            write_tree(staging / "licenses", wheel_licences(wheel))


def _inputs_hash() -> str:
    """Return a hash over all that decides what the trees hold: lock, pins and recipe."""
    pins = bundled_requirements(REQUIREMENTS.read_text(encoding="utf-8"))
    total = hashlib.sha256(LOCK.read_bytes() + pins.encode())
    for name in ("compiler.py", "recipe.py", "tree.py", "wheels.py"):
        total.update((ROOT / "release" / name).read_bytes())
    return total.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
