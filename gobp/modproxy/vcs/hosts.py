"""What the settings say of hosts, and the credentials that each of them is given.

Passwords are read when they are needed, so that new ones are taken without a restart. They reach
git in files of a folder that is there for one command only, and no other host's are in it.
"""

import shlex
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from gobp.modproxy.settings.schema import Vcs, VcsHost
from gobp.modproxy.sources.source import UnavailableError
from gobp.modproxy.vcs.git import GitEnvironment
from gobp.system import netrc
from gobp.system.fetch import ca_bundle

_PASSED_ON = (
    *("PATH", "TMPDIR", "SSH_AUTH_SOCK"),
    *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
    *("http_proxy", "https_proxy", "no_proxy", "all_proxy"),
)
_SOMEBODY = "git"  # hosts look at the token only, but want a name too
_MOST_FILE = 64 * 1024


@dataclass(frozen=True, slots=True)
class Login:
    """Who to be at a host; both empty for nobody."""

    user: str = ""
    password: str = field(default="", repr=False)


class Hosts:
    """Knows each host's part of the settings; the first one that is for a host holds."""

    def __init__(self, settings: Vcs, env: Mapping[str, str]) -> None:
        self._hosts = settings.hosts
        self._env = {**env, "NETRC": settings.netrc} if settings.netrc else env

    def of(self, url: str) -> VcsHost | None:
        """Return the settings for the host of a URL, None if there are none."""
        parts = urlsplit(url)
        location = parts.netloc.rpartition("@")[2].lower()
        return next((host for host in self._hosts if _is_for(host, parts.hostname, location)), None)

    def allows_insecure(self, url: str) -> bool:
        """Say whether a host may be spoken to so that others can read or change it."""
        host = self.of(url)
        return host is not None and host.insecure

    def setting_of(self, url: str) -> str:
        """Return what to look at where a host does not let us in."""
        host = self.of(url)
        if host is not None:
            return f"the entry for {host.host} in vcs.hosts of the proxy's settings"
        return f"vcs.hosts of the proxy's settings: it has no entry for {urlsplit(url).hostname}"

    def git_url(self, url: str) -> str:
        """Return where git clones from: by ssh where the settings say so."""
        host = self.of(url)
        parts = urlsplit(url)
        if host is None or not host.ssh or parts.scheme not in {"https", "http"}:
            return url
        port = f":{host.ssh_port}" if host.ssh_port else ""
        return f"ssh://{quote(host.ssh_user)}@{parts.hostname}{port}{parts.path}"

    def web_url(self, url: str) -> str:
        """Return a URL with the credentials for it in it: for our own requests, never for git."""
        parts = urlsplit(url)
        login = self._login(url)
        if not login.password or parts.scheme != "https":
            return url
        userinfo = f"{quote(login.user, safe='')}:{quote(login.password, safe='')}"
        return urlunsplit(parts._replace(netloc=f"{userinfo}@{parts.netloc}"))

    @contextmanager
    def environment(self, url: str, folder: Path) -> Iterator[GitEnvironment]:
        """Give what git is run with for a repository; its files are in ``folder`` meanwhile."""
        with tempfile.TemporaryDirectory(dir=folder) as home:
            yield self._environment(url, Path(home))

    def local_environment(self) -> GitEnvironment:
        """Return what git is run with where it speaks with nobody."""
        variables = {name: self._env[name] for name in ("PATH", "TMPDIR") if name in self._env}
        return GitEnvironment({**variables, "HOME": "/nonexistent", "GIT_ALLOW_PROTOCOL": ""})

    def _environment(self, url: str, home: Path) -> GitEnvironment:
        variables = {name: self._env[name] for name in _PASSED_ON if name in self._env}
        variables["HOME"] = str(home)
        variables["GIT_SSL_CAINFO"] = ca_bundle(self._env)
        variables["GIT_ALLOW_PROTOCOL"] = "https:ssh"
        config = [("credential.helper", "")]  # forget the helpers that others may have set
        host = self.of(url)
        if host is not None and host.insecure:
            variables["GIT_ALLOW_PROTOCOL"] = "https:http:ssh"
            variables["GIT_SSL_NO_VERIFY"] = "1"
        if url.startswith("ssh:"):
            variables["GIT_SSH_COMMAND"] = _ssh_command(host, home)
        elif host is not None and host.credential_helper:
            variables["HOME"] = self._env.get("HOME", str(home))  # where the helper keeps its own
            config.append(("credential.helper", host.credential_helper))
        else:
            config += _stored(url, self._login(url), home / "credentials")
        return GitEnvironment(variables, tuple(config))

    def _login(self, url: str) -> Login:
        """Return who to be at the host of a URL, by the settings, else by netrc."""
        host = self.of(url)
        if host is not None and host.password_file:
            return _read_login(host)
        entry = netrc.find(netrc.read_netrc(self._env), _location(url))
        return Login(entry.login, entry.password) if entry is not None else Login()


def _is_for(host: VcsHost, name: str | None, location: str) -> bool:
    """Say whether an entry is for a host, given without and with its port."""
    pattern = host.host.lower()
    if pattern.startswith("*."):
        return (name or "").endswith(pattern[1:]) or location.endswith(pattern[1:])
    return pattern in {name, location}


def _location(url: str) -> str:
    """Return host, port and path as netrc files name them."""
    parts = urlsplit(url)
    own_port = {"https": ":443", "http": ":80"}.get(parts.scheme, ":")
    return f"{parts.netloc.lower().removesuffix(own_port)}{parts.path}"


def _read_login(host: VcsHost) -> Login:
    text = _read(host, host.password_file).strip()
    user, colon, password = text.partition(":")
    if host.user:
        return Login(host.user, password if user == host.user and colon else text)
    return Login(user, password) if colon else Login(_SOMEBODY, text)


def _stored(url: str, login: Login, path: Path) -> list[tuple[str, str]]:
    """Write a file for git's own credential-store, and return the configuration that names it."""
    if not login.password:
        return []
    parts = urlsplit(url)
    user, password = quote(login.user, safe=""), quote(login.password, safe="")
    path.touch(mode=0o600)
    path.write_text(f"{parts.scheme}://{user}:{password}@{parts.netloc}\n", encoding="ascii")
    return [("credential.helper", f"store --file={shlex.quote(str(path))}")]


def _ssh_command(host: VcsHost | None, home: Path) -> str:
    """Return the command of ssh, which asks nobody and, unless told otherwise, is the user's."""
    words = ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=yes"]
    words += ["-o", "ConnectTimeout=20", "-o", "ServerAliveInterval=30"]
    words += ["-o", "ControlPath=none"]  # a shared connection would outlive the command
    if host is not None and host.ssh_key_file:
        key = home / "key"  # ssh wants a file that is its user's alone, which a mounted one is not
        key.touch(mode=0o600)
        key.write_text(_read(host, host.ssh_key_file).strip() + "\n", encoding="utf-8")
        words += ["-F", "none", "-o", "IdentitiesOnly=yes", "-i", str(key)]
    if host is not None and host.known_hosts_file:
        words += ["-o", f"UserKnownHostsFile={host.known_hosts_file}"]
    return shlex.join(words)


def _read(host: VcsHost, name: str) -> str:
    try:
        with Path(name).open(encoding="utf-8") as file:
            return file.read(_MOST_FILE)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise UnavailableError(
            f"{name}, which vcs.hosts names for {host.host}, cannot be read: {reason}"
        ) from None
