"""All that the bindings of a build say of credentials, read and checked before anything runs."""

from collections.abc import Mapping
from dataclasses import dataclass

from gobp.buildpack.component import DetectContext
from gobp.buildpack.credentials import git_credentials, goauth, goproxy, netrc, ssh, types
from gobp.buildpack.credentials.logins import Login, fits_netrc, merged
from gobp.buildpack.credentials.private_modules import Patterns, module_paths, public_hosts
from gobp.errors import UserError


@dataclass(frozen=True, slots=True)
class Given:
    """What the bindings say, a tuple a type."""

    git: tuple[git_credentials.GitCredentials, ...]
    netrc: tuple[Login, ...]
    goproxy: tuple[goproxy.GoProxy, ...]
    ssh: tuple[ssh.SshKey, ...]
    goauth: tuple[goauth.GoAuth, ...]

    def logins(self) -> tuple[Login, ...]:
        """Return who go is at each machine. Raises UserError where two bindings disagree.

        A git server is asked by go itself, too, where a module's repository is; what git alone is
        told for a machine gives way to what go is told.
        """
        explicit = merged((*(login for each in self.goproxy for login in each.logins), *self.netrc))
        known = {login.machine for login in explicit}
        from_git = (each.login for each in self.git if each.login is not None)
        return (
            *explicit,
            *(each for each in from_git if each.machine not in known and fits_netrc(each)),
        )

    def patterns(self, env: Mapping[str, str]) -> Patterns:
        """Return which modules are private: those of the servers that git and netrc are for."""
        lists = (env.get("GOPROXY", ""), *(each.goproxy for each in self.goproxy))
        proxies = frozenset(host for each in lists for host in goproxy.hosts_in(each))
        keys = (
            *(each.private for each in self.git),
            *(each.private for each in self.ssh),
            *(each.private for each in self.goauth),
        )
        derived = module_paths(self._machines(), proxies)
        return Patterns(
            private=tuple(dict.fromkeys((*derived, *(name for key in keys for name in key)))),
            noproxy=tuple(pattern for each in self.goproxy for pattern in each.noproxy),
            nosumdb=tuple(pattern for each in self.goproxy for pattern in each.nosumdb),
        )

    def public_hosts(self) -> tuple[str, ...]:
        """Return the hosts that are not taken to be private, as they hold public modules too."""
        return public_hosts(self._machines())

    def _machines(self) -> tuple[str, ...]:
        """Return the servers of private modules, as ``host:port/path``."""
        return (
            *(each.machine for each in self.git if each.machine),
            *(login.machine for login in self.netrc),
            *(f"{s.host}/{s.path}".rstrip("/") for key in self.ssh for s in key.servers),
        )


def read_given(facts: DetectContext) -> Given:
    """Read every binding. Raises UserError, naming bindings and keys but no value."""
    bindings = facts.bindings
    given = Given(
        git=git_credentials.read(bindings),
        netrc=netrc.read(bindings),
        goproxy=goproxy.read(bindings),
        ssh=ssh.read(bindings),
        goauth=goauth.read(bindings),
    )
    logins = given.logins()
    if (logins or given.goauth) and facts.env.get("GOAUTH", "").strip() == "off":
        raise UserError(
            "GOAUTH is off, and bindings hold credentials that go is to send",
            remedy="leave GOAUTH unset, or take away the bindings of type "
            f"{types.GOPROXY}, {types.NETRC} and {types.GOAUTH}.",
        )
    return given
