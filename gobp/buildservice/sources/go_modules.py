"""The go command, asked about modules: it finds versions, and downloads and verifies them.

It has caches of its own, takes modules from proxies only (never from version control), and runs
no code of theirs.
"""

import json
import logging
import re
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from gobp.buildservice.settings import schema
from gobp.buildservice.sources.module_cache import ModuleCache
from gobp.errors import UserError
from gobp.modproxy.sources.goproxy import DIRECT, parse_goproxy

_FOLDER = "modules"
_CACHED_SOURCES = 8  # as many of the largest size may be in the cache
_LOG = logging.getLogger(__name__)
_AT_THE_SAME_TIME = threading.BoundedSemaphore(8)  # go commands of this process
_PASSED_ON = (
    "PATH",
    "HOME",
    "TMPDIR",
    "NETRC",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"),
)
_URL = re.compile(r"\b(?:https?|file)://[^\s\"]*[^\s\":,]")
_LONGEST_TEXT = 500
# What go says where a module or version is not there, or is no module's.
_MISSING = re.compile(
    r"\b(?:404|410|403) |no matching versions|unknown revision|invalid version|not a module|"
    r"unrecognized import path|disabled by GOPROXY=off|disallowed version|no such file|"
    r"module path must match|major version|can't request version|malformed module path"
)
_KNOWN = re.compile(r"no matching versions|unknown revision")
_CHANGED = re.compile(r"checksum mismatch|SECURITY ERROR|is not in the checksum database")
MISSING, REFUSED, UNAVAILABLE, TOO_SLOW = 404, 403, 502, 504


class ModuleError(Exception):
    """A module that cannot be had: ``status`` is that of HTTP, the text for people.

    ``known``: there is such a module, only not at this version.
    """

    def __init__(self, status: int, text: str, *, known: bool = False) -> None:
        super().__init__(text)
        self.status = status
        self.text = text
        self.known = known


@dataclass(frozen=True, slots=True)
class Downloaded:
    """A version in the cache. ``h1`` is the hash of ``zip``, which go has verified.

    ``time`` is the version's in seconds of the epoch, 0 where the proxy does not say it.
    """

    path: str
    version: str
    h1: str
    zip: Path
    go_mod: Path
    time: int


@dataclass(frozen=True, slots=True)
class GoModules:
    """Asks the go command; ``folder`` has its caches, ``env`` is its environment."""

    folder: Path
    env: Mapping[str, str]
    cache: ModuleCache

    def download(self, path: str, query: str, seconds: float) -> Downloaded:
        """Return the version that a query of go's names, downloaded and verified.

        ``path`` and ``query`` must be checked; a version that is there already needs no network.
        Raises ModuleError.
        """
        answer = self._json(["mod", "download", "-json", f"{path}@{query}"], seconds)
        info = json.loads(Path(answer["Info"]).read_bytes())
        when = info.get("Time")
        self.cache.used(Path(answer["Zip"]))
        return Downloaded(
            path=answer["Path"],
            version=answer["Version"],
            h1=answer["Sum"],
            zip=Path(answer["Zip"]),
            go_mod=Path(answer["GoMod"]),
            time=int(datetime.fromisoformat(when).timestamp()) if when else 0,
        )

    def newest_go(self, line: str, seconds: float) -> str:
        """Return the newest release of a line of Go versions: 1.25.4 or so for 1.25.

        Raises ModuleError.
        """
        return str(self._json(["list", "-m", "-json", f"go@{line}"], seconds)["Version"])

    def _json(self, arguments: Sequence[str], seconds: float) -> dict[str, str]:
        done = self._run(arguments, seconds)
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            answer = {"Error": done.stderr}
        if done.returncode != 0 or "Error" in answer:
            raise _failure(str(answer.get("Error") or done.stderr))
        return dict(answer)

    def _run(self, arguments: Sequence[str], seconds: float) -> "subprocess.CompletedProcess[str]":
        begun = time.monotonic()
        if not _AT_THE_SAME_TIME.acquire(timeout=seconds):
            raise _too_slow(seconds)
        try:
            return subprocess.run(
                ["go", *arguments],
                cwd=self.folder,
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=max(0.1, seconds - (time.monotonic() - begun)),
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _too_slow(seconds) from None
        finally:
            _AT_THE_SAME_TIME.release()


def open_modules(settings: schema.Settings, env: Mapping[str, str], root: Path) -> GoModules:
    """Return the go command for settings that are completed; its caches are below ``root``.

    Raises UserError where the settings name version control as a place of modules.
    """
    sources, folder = settings.sources, root / _FOLDER
    if any(entry.place == DIRECT for entry in parse_goproxy(sources.proxies)):
        raise UserError(
            "sources.proxies has direct in it: the service takes modules from proxies only",
            remedy="leave it out; list hosts that may be cloned from under sources.git.",
        )
    folder.mkdir(parents=True, exist_ok=True)
    modules = folder / "modules"
    cache = ModuleCache(modules, _CACHED_SOURCES * sources.most)
    return GoModules(folder, _environment(sources, env, folder, modules), cache)


def _environment(
    sources: schema.Sources, env: Mapping[str, str], folder: Path, modules: Path
) -> dict[str, str]:
    """Return all that the go command sees; nothing of the user's own settings of Go."""
    return {
        **{name: env[name] for name in _PASSED_ON if name in env},
        "GOENV": "off",
        "GOFLAGS": "-modcacherw",
        "GOPATH": str(folder / "gopath"),  # has what is known of the checksum database
        "GOMODCACHE": str(modules),
        "GOCACHE": str(folder / "compiled"),
        "GOPROXY": sources.proxies,
        "GOSUMDB": sources.sums,
        "GONOSUMDB": sources.unlisted,
        "GOPRIVATE": "",
        "GONOPROXY": "none",
        "GOVCS": "*:off",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
        "GO111MODULE": "on",
        "GOTELEMETRY": "off",
    }


def _failure(text: str) -> ModuleError:
    """Return what go's text means, without the URLs in it: they may have secrets in them."""
    words = " ".join(_URL.sub("the module proxy", text).split())
    shown = words.removeprefix("go: ")[:_LONGEST_TEXT]
    if _CHANGED.search(text):
        return ModuleError(REFUSED, f"the module is not what it was when it was published: {shown}")
    if _MISSING.search(text):
        return ModuleError(MISSING, shown, known=_KNOWN.search(text) is not None)
    _LOG.warning("the module proxy could not be asked: %s", shown)
    return ModuleError(UNAVAILABLE, "the module proxy could not be asked; ask again later")


def _too_slow(seconds: float) -> ModuleError:
    return ModuleError(TOO_SLOW, f"the module proxy did not answer in {seconds:g} seconds")
