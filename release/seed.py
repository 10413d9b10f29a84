"""A compile cache to start from: Go's standard library, compiled as gobp's builds would.

With ``-trimpath`` the keys of go's cache name neither GOROOT nor the machine, only the version of
Go, the flags, the target and the sources (cmd/go: internal/work/exec.go, buildActionID). Packages
with cgo also have the C compiler's version in their keys: those are hit where it is the same.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from gobp.errors import UserError
from gobp.system.packed import pack
from release.tree import walk

BUILD_MODES = ("pie", "exe")
"""The two that gobp chooses from by itself: ``exe`` is for static programs."""
# With exe, go leaves out all but programs; what it compiles is the same by default.
_FOR_LIBRARIES = {"pie": "pie", "exe": "default"}
_OF_THIS_MACHINE = b"go index v"  # go's notes on GOROOT's folders, by path and time of files
_ENTRY_WORDS = 5  # of an entry: "v1", its key, what it leads to, the size of that, a time


def make_seed(go: Path, cache: Path, architecture: str, buildmode: str, target: Path) -> None:
    """Compile the standard library into ``cache`` and write that as an archive.

    ``go`` is the go command of a Go for this machine. Raises UserError where it does not compile.
    """
    for cgo in _cgo_settings(go, architecture, buildmode):
        env = _environment(go, cache, architecture, cgo)
        mode = f"-buildmode={_FOR_LIBRARIES[buildmode]}"
        argv = [str(go), "build", mode, "-trimpath", "std"]
        done = subprocess.run(argv, env=env, cwd="/", capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise UserError(
                f"the standard library does not compile for linux/{architecture}",
                detail=done.stderr.strip(),
                remedy="package without OFFLINE_SEED.",
            )
    pack(cache, target, seed_names(cache))


def seed_names(cache: Path) -> Iterator[str]:
    """Yield the files of a compile cache that are of use elsewhere; take the time out of them."""
    data = {path.name[:-2]: path for path in walk(cache) if path.name.endswith("-d")}
    named = set()
    for path in walk(cache):
        if not path.name.endswith("-a"):
            continue
        words = path.read_bytes().split()
        output = data.get(words[2].decode()) if len(words) == _ENTRY_WORDS else None
        if output is None or _starts_with(output, _OF_THIS_MACHINE):
            continue
        path.write_bytes(_without_time(words))
        yield path.relative_to(cache).as_posix()
        if output not in named:  # several entries may lead to the same
            named.add(output)
            yield output.relative_to(cache).as_posix()


def _without_time(words: list[bytes]) -> bytes:
    """Return an entry as cmd/go writes it (internal/cache: putIndexEntry), of the time 1."""
    version, key, output, size, _ = words
    return b"%s %s %s %20d %20d\n" % (version, key, output, int(size), 1)


def _starts_with(path: Path, start: bytes) -> bool:
    with path.open("rb") as file:
        return file.read(len(start)) == start


def _cgo_settings(go: Path, architecture: str, buildmode: str) -> tuple[str, ...]:
    """Return the values of CGO_ENABLED to compile for: with cgo only where that is possible."""
    native = subprocess.run(
        [str(go), "env", "GOHOSTARCH"], env=_base(go), capture_output=True, text=True, check=True
    )
    possible = native.stdout.strip() == architecture and shutil.which("gcc") is not None
    return ("0", "1") if buildmode == "pie" and possible else ("0",)


def _environment(go: Path, cache: Path, architecture: str, cgo: str) -> Mapping[str, str]:
    return {
        **_base(go),
        "CGO_ENABLED": cgo,
        "GOARCH": architecture,
        "GOCACHE": str(cache),
        "GOOS": "linux",
    }


def _base(go: Path) -> Mapping[str, str]:
    return {
        "GOENV": "off",
        "GOFLAGS": "",
        "GOPATH": str(go.parent),  # not used, but go wants one
        "GOTOOLCHAIN": "local",
        "PATH": f"{go.parent}:{os.environ['PATH']}",
    }
