"""What ``go env`` says of the Go on the PATH, from its files alone: a process less a build.

Source: cmd/go/internal/cfg (``SetGOROOT``, ``EnvFile``, ``initEnvCache``). Whatever is not as a
distribution of Go has it is left to go itself.
"""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from gobp.buildpack.go.mapped import mapped
from gobp.golang import elfinfo

_GO = "cmd/go"  # the package that go itself is


def settings_of_go(env: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Return GOVERSION, GOROOT and GOPROXY, None where go is to be asked for them."""
    program = shutil.which("go", path=env.get("PATH", ""))
    of_user = _file_of_user(env)
    if program is None or env.get("GOROOT") or _setting(of_user, "GOROOT"):
        return None
    real = Path(program).resolve()
    root = real.parent.parent
    proxy = env.get("GOPROXY") or _setting(of_user, "GOPROXY")
    if proxy is None:
        proxy = _setting(root / "go.env", "GOPROXY")
    version = _version(real)
    if not version or not proxy or not (root / "pkg/tool").is_dir():
        return None
    return version, str(root), proxy


def _file_of_user(env: Mapping[str, str]) -> Path:
    """Return where ``go env -w`` writes to, or a path of nothing."""
    named = env.get("GOENV")
    config = env.get("XDG_CONFIG_HOME") or f"{env.get('HOME', '')}/.config"
    return Path(os.devnull if named == "off" else named or f"{config}/go/env")


def _setting(file: Path, name: str) -> str | None:
    """Return a setting in a file of go's, None where it has none; of several the last counts."""
    if not file.is_file():
        return None
    lines = file.read_text(encoding="utf-8", errors="replace").split("\n")
    pairs = (line.partition("=") for line in lines)
    return {key: value for key, equals, value in pairs if equals}.get(name)


def _version(program: Path) -> str:
    """Return the version that go itself was built as, "" where the program is none of Go's."""
    with mapped(program) as view:
        info = elfinfo.read(program.name, view)
    return info.go_version if info is not None and info.path == _GO else ""
