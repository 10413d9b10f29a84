"""The URLs of cargo: ``/{remote}/{owner}/{repo}/{GOOS}/{GOARCH}/{version}[/{file}]``.

https://github.com/monochromegane/cargo: a POST builds, a GET downloads by the same URL. What it
could not say, longer paths of repositories for example, /api/v1 can.
"""

import re
from dataclasses import dataclass
from urllib.parse import quote, unquote

from gobp.buildservice.builds.order import Target
from gobp.golang.module import executable_name

_PARTS = 6  # and one more for the file
_LONGEST_PART = 255
_HOST = re.compile(r"(?=[^:]*[.:])[A-Za-z0-9.-]+(?::[0-9]{1,5})?", re.ASCII)
_PLAIN = re.compile(r"[^/\x00-\x20\x7f]+")
_SAFE = "@:+~"


@dataclass(frozen=True, slots=True)
class CargoPath:
    """A program for a platform. ``version`` may have slashes, which are written as %2F.

    ``filename`` is "" but for the URL that a download is sent to.
    """

    remote: str
    owner: str
    repo: str
    goos: str
    goarch: str
    version: str
    filename: str = ""

    @property
    def target(self) -> Target:
        """The platform."""
        return Target(self.goos, self.goarch)

    @property
    def archive(self) -> str:
        """The name of the archive, as ``hey_linux_amd64.tar.gz``."""
        return archive_name(self.repo, self.target)


def parse_cargo_path(path: str) -> CargoPath | None:
    """Return what the path of a URL (still escaped, with or without its first slash) names.

    None for any other path; the first part must look like a host's name, with a dot or a port.
    """
    parts = [unquote(part) for part in path.removeprefix("/").split("/")]
    if len(parts) not in {_PARTS, _PARTS + 1} or not _HOST.fullmatch(parts[0]):
        return None
    remote, owner, repo, goos, goarch, version, *files = parts
    if not all(_is_name(part) for part in (owner, repo, goos, goarch, *version.split("/"), *files)):
        return None
    return CargoPath(remote, owner, repo, goos, goarch, version, *files)


def format_cargo_path(path: CargoPath) -> str:
    """Return the path of the URL, escaped, with a slash before it."""
    parts = [path.remote, path.owner, path.repo, path.goos, path.goarch, path.version]
    if path.filename:
        parts.append(path.filename)
    return "".join(f"/{quote(part, safe=_SAFE)}" for part in parts)


def archive_name(repository: str, target: Target, suffix: str = "tar.gz") -> str:
    """Return what the archive of a repository or module (its path) is downloaded as.

    It has the name of the program: a major version at the path's end, as /v2, is not it.
    """
    name = executable_name(repository.rstrip("/"))
    platform = "_".join(part for part in (target.goos, target.goarch, target.variant) if part)
    return f"{name}_{platform}.{suffix}"


def _is_name(part: str) -> bool:
    return (
        len(part) <= _LONGEST_PART
        and part not in {".", ".."}
        and _PLAIN.fullmatch(part) is not None
    )
