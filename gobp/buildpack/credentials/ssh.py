"""Bindings of type ``ssh``: private keys for git over ssh, and the servers they are for.

Keys: ``ssh-privatekey`` (as in a Kubernetes secret for ssh), ``known_hosts``, and optional
``hosts`` (``host``, ``host:port``, ``host/path``), whose https:// addresses git then fetches by
ssh, as ``user`` (``git`` if not named). Source: ssh_config(5); git-config(1), "url.<base>".
"""

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass, field

from gobp.buildpack.credentials.keys import first_of, names_in, required, unusable
from gobp.buildpack.credentials.types import SSH
from gobp.cnb.bindings import Binding, of_type
from gobp.errors import UserError

_KEY, _HOSTS = "ssh-privatekey", "known_hosts"
_OPENSSH = "-----BEGIN OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"
_NOT_ENCRYPTED = b"\0\0\0\4none"  # the cipher's name, after its length
_SIGNS_OF_ENCRYPTION = ("BEGIN ENCRYPTED PRIVATE KEY", "Proc-Type: 4,ENCRYPTED")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a key is used: a host, its port ("" for ssh's own), and a path ("" for all of it)."""

    host: str
    port: str = ""
    path: str = ""

    @property
    def alias(self) -> str:
        """Return a name for ssh's configuration alone: a server knows one key for each path."""
        return ".".join((self.host, *filter(None, self.path.split("/"))))


@dataclass(frozen=True, slots=True)
class SshKey:
    """What one binding says."""

    binding: str
    key: str = field(repr=False)
    known_hosts: str
    user: str = "git"
    servers: tuple[Server, ...] = ()
    private: tuple[str, ...] = ()


def read(bindings: Iterable[Binding]) -> tuple[SshKey, ...]:
    """Read every binding of the type. Raises UserError where two name the same place."""
    keys = tuple(_read(binding) for binding in of_type(bindings, SSH))
    named_by: dict[Server, str] = {}
    for key in keys:
        for server in key.servers:
            known = named_by.setdefault(server, key.binding)
            if known != key.binding:
                raise UserError(
                    f"the {SSH} bindings {known} and {key.binding} both name {server.host}",
                    remedy="name each place in the key hosts of one binding alone.",
                )
    return keys


def instead_of(key: SshKey) -> list[tuple[str, str]]:
    """Return git's settings that fetch by ssh what is addressed by https://."""
    return [(f"url.{_ssh_url(key.user, each)}.insteadOf", _https_url(each)) for each in key.servers]


def ssh_config(identities: Iterable[tuple[SshKey, str]], known_hosts: str) -> str:
    """Return a configuration of ssh that asks nothing and talks to no unknown host.

    ``identities`` are keys with their files' paths, ``known_hosts`` is a path. A key that names
    no hosts is tried everywhere.
    """
    lines = [
        "BatchMode yes",
        "StrictHostKeyChecking yes",
        f'UserKnownHostsFile "{known_hosts}"',
        "IdentitiesOnly yes",
    ]
    for key, path in identities:
        identity = f'  IdentityFile "{path}"'
        for server in key.servers:
            names = dict.fromkeys((server.alias, server.host))
            lines += [f"Host {' '.join(names)}", f"  HostName {server.host}", identity]
        if not key.servers:
            lines += ["Host *", identity]
    return "".join(f"{line}\n" for line in lines)


def _read(binding: Binding) -> SshKey:
    text = "\n".join(required(binding, _KEY).splitlines()) + "\n"
    _check_key(binding, text)
    return SshKey(
        binding=binding.name,
        key=text,
        known_hosts=required(binding, _HOSTS) + "\n",
        user=first_of(binding, "user") or "git",
        servers=tuple(_server(binding, name) for name in names_in(binding, "hosts")),
        private=names_in(binding, "private"),
    )


def _check_key(binding: Binding, text: str) -> None:
    if "PRIVATE KEY-----" not in text:
        raise unusable(
            binding, _KEY, "is not a private key", "give the private key, not the one ending .pub."
        )
    if _is_encrypted(text):
        raise unusable(
            binding,
            _KEY,
            "is encrypted, and a build cannot ask for its passphrase",
            "make a key without a passphrase for builds: ssh-keygen -t ed25519 -N ''",
        )


def _is_encrypted(text: str) -> bool:
    """Tell whether a key needs a passphrase. Source: PROTOCOL.key of OpenSSH; RFC 1421."""
    if not text.startswith(_OPENSSH):
        return any(sign in text for sign in _SIGNS_OF_ENCRYPTION)
    body = "".join(text.splitlines()[1:-1])
    try:
        blob = base64.b64decode(body)
    except binascii.Error:  # ssh will say what it thinks of it
        return False
    return not blob.removeprefix(_MAGIC).startswith(_NOT_ENCRYPTED)


def _server(binding: Binding, name: str) -> Server:
    address, _, path = name.removeprefix("https://").strip("/").partition("/")
    host, _, port = address.partition(":")
    if not host or "@" in host or (port and not port.isdecimal()):
        raise unusable(
            binding,
            "hosts",
            f"holds {name!r}, which is no host",
            "name hosts such as git.example.com, git.example.com:2222 or git.example.com/team.",
        )
    return Server(host.lower(), port, path)


def _ssh_url(user: str, server: Server) -> str:
    port = f":{server.port}" if server.port else ""
    return f"ssh://{user}@{server.alias}{port}/{_below(server)}"


def _https_url(server: Server) -> str:
    return f"https://{server.host}/{_below(server)}"


def _below(server: Server) -> str:
    return f"{server.path}/" if server.path else ""
