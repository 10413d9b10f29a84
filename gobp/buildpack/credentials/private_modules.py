"""Which modules are private, in go's variables: no proxy and no checksum database hears of them.

Source: https://go.dev/ref/mod#private-modules.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

# Hosts of public and private modules alike: were all of such a host private, every public module
# there would be fetched past the proxy and unknown to the checksum database.
PUBLIC_HOSTS = frozenset(
    {"bitbucket.org", "codeberg.org", "git.sr.ht", "gitea.com", "github.com", "gitlab.com"}
)


@dataclass(frozen=True, slots=True)
class Patterns:
    """Module path patterns for GOPRIVATE, GONOPROXY and GONOSUMDB."""

    private: tuple[str, ...] = ()
    noproxy: tuple[str, ...] = ()
    nosumdb: tuple[str, ...] = ()


def module_paths(machines: Iterable[str], proxies: frozenset[str]) -> tuple[str, ...]:
    """Return what of ``host:port/path`` is private: no proxy, and no public host as a whole."""
    found: dict[str, None] = {}
    for machine in machines:
        address, slash, path = machine.partition("/")
        host = address.partition(":")[0]  # module paths have no port
        if host and host not in proxies and (path or host not in PUBLIC_HOSTS):
            found[f"{host}{slash}{path}".rstrip("/")] = None
    return tuple(found)


def public_hosts(machines: Iterable[str]) -> tuple[str, ...]:
    """Return the public hosts that are named as a whole."""
    return tuple(dict.fromkeys(each for each in machines if each in PUBLIC_HOSTS))


def variables(patterns: Patterns, env: Mapping[str, str]) -> dict[str, str]:
    """Return the variables with the patterns added to what the user's own name.

    GOPRIVATE stands for the other two as long as they are not set. A GONOPROXY of the user's is
    a decision of its own, and only what is meant for it is added.
    """
    private = _joined(env.get("GOPRIVATE", ""), patterns.private)
    changed = {}
    if patterns.private:
        changed["GOPRIVATE"] = private
    if patterns.noproxy:
        changed["GONOPROXY"] = _joined(env.get("GONOPROXY") or private, patterns.noproxy)
    if patterns.nosumdb or (env.get("GONOSUMDB") and patterns.private):
        without = env.get("GONOSUMDB") or private
        changed["GONOSUMDB"] = _joined(without, (*patterns.private, *patterns.nosumdb))
    return changed


def _joined(given: str, added: Iterable[str]) -> str:
    parts = [part.strip() for part in given.split(",") if part.strip()]
    return ",".join(dict.fromkeys((*parts, *added)))
