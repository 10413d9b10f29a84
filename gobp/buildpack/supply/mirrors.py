"""Where else a dependency may be fetched: dependency mappings and mirrors, by Paketo's names."""

import posixpath
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from gobp.cnb.bindings import Binding, of_type
from gobp.errors import UserError

_VARIABLE = "BP_DEPENDENCY_MIRROR"
_SCHEMES = frozenset({"https", "file"})


@dataclass(frozen=True, slots=True)
class Mirrors:
    """Mappings by sha256 (hex) or file name of the archive, mirrors by host name ("": default)."""

    mappings: Mapping[str, str]
    mirrors: Mapping[str, str]

    def location(self, uri: str, sha256: str) -> str:
        """Return where to fetch an archive: its mapping, else its mirror, else where it is from.

        The sha256 of the newest releases may not be known yet; their file name serves as well, as
        what is fetched is verified in either case.
        """
        for key in (sha256, posixpath.basename(urlsplit(uri).path)):
            if key and key in self.mappings:
                return self.mappings[key]
        host = urlsplit(uri).hostname or ""
        mirror = self.mirrors.get(host, self.mirrors.get("", ""))
        return _mirrored(mirror, uri) if mirror and host else uri


def read_mirrors(env: Mapping[str, str], bindings: Iterable[Binding]) -> Mirrors:
    """Read variables and bindings; for mirrors the variables win. Raises UserError."""
    bound = tuple(bindings)
    mappings: dict[str, str] = {}
    for binding in of_type(bound, "dependency-mapping"):
        for key, uri in binding.secrets.items():
            digest = key.removeprefix("sha256:").removeprefix("sha256_")
            mappings.setdefault(digest, uri.strip())
    return Mirrors(mappings, {**_bound_mirrors(bound), **_named_mirrors(env)})


def _bound_mirrors(bindings: tuple[Binding, ...]) -> dict[str, str]:
    found = of_type(bindings, "dependency-mirror")
    if len(found) > 1:
        raise UserError(
            f"there are {len(found)} bindings of type dependency-mirror",
            detail="\n".join(binding.name for binding in found),
            remedy="keep one; it may name a mirror for each host.",
        )
    return {
        "" if host == "default" else host: _checked(uri.strip(), f"the binding {binding.name}")
        for binding in found
        for host, uri in binding.secrets.items()
    }


def _named_mirrors(env: Mapping[str, str]) -> dict[str, str]:
    mirrors = {}
    for name, uri in env.items():
        if name == _VARIABLE and uri:
            mirrors[""] = _checked(uri, name)
        elif name.startswith(f"{_VARIABLE}_") and uri:
            mirrors[_host(name.removeprefix(f"{_VARIABLE}_"))] = _checked(uri, name)
    return mirrors


def _host(encoded: str) -> str:
    """Return the host that a variable's name encodes: ``__`` is ``-`` and ``_`` is ``.``."""
    return encoded.replace("__", "-").replace("_", ".").lower()


def _checked(uri: str, named_by: str) -> str:
    if uri.partition("://")[0].lower() not in _SCHEMES:
        raise UserError(
            f"{named_by} names a mirror that is neither https:// nor file://",
            remedy=f"give {named_by} an address such as https://mirror.example.com/go.",
        )
    return uri


def _mirrored(mirror: str, uri: str) -> str:
    original = urlsplit(uri)
    host = original.hostname or ""
    base = mirror.replace("{originalHost}", host, 1).rstrip("/")
    return base + original.path
