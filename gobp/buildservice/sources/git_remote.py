"""Speaking with the repositories of others: where they are, who to be, and what their no means.

git follows no redirect by itself. One that a host answers with is looked at here, and followed
where it leads to a repository of the same host that is allowed, as after a repository got a new
name. Another host would get what was meant for this one, or give out under a name that everybody
may see what only the service may.
"""

import http.client
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from typing import TypeVar
from urllib.parse import urljoin, urlsplit

from msgspec import structs

from gobp.buildservice.builds.order import GitSource
from gobp.buildservice.settings.schema import Sources
from gobp.buildservice.sources.credentials import Login, helper_config, read_login
from gobp.buildservice.sources.git import Deadline, Git, GitFailedError, OutOfTimeError, check_git
from gobp.buildservice.sources.guard import Guard, Lookup, Place, RefusedError
from gobp.errors import UserError
from gobp.system.fetch import ca_bundle, redacted

_T = TypeVar("_T")
_PASSED_ON = ("PATH", "TMPDIR")
_REFS = "/info/refs"
_SERVICE = f"{_REFS}?service=git-upload-pack"
_ENDINGS = (".git", "")  # most hosts know a repository by both
_MOST_REDIRECTS = 3
_REDIRECTED = re.compile(r"returned error: 30[12378]")
_MISSING = re.compile(r"[Rr]epository .*not found|not found|returned error: (?:404|410)")
_NOT_LET_IN = re.compile(
    r"could not read (?:Username|Password)|terminal prompts disabled|Authentication failed"
    r"|returned error: 40[13]|Access denied"
)
_NOT_THERE = re.compile(r"not our ref|unadvertised object|[Cc]ouldn't find remote ref")
_FOR_GOOD = re.compile(  # but for 408, 425 and 429: ask later
    r"certificate|fsck error|returned error: 4(?!08|25|29)\d\d|not valid|unsupported"
)
_NOISE = re.compile(r"hint: |warning: |remote: (?:Counting|Compressing|Enumerating|Total)")
_SHOWN_LINES, _SHOWN_CHARACTERS = 3, 400


class Trouble(Enum):
    """What is wrong with a repository."""

    MISSING = "missing"  # it, or it is for others only
    NOT_LET_IN = "not let in"  # with the credentials of the settings
    NOT_THERE = "not there"  # the commit or ref that was asked for
    TOO_LARGE = "too large"
    OUT_OF_TIME = "out of time"
    FOR_GOOD = "for good"  # asking again does not help
    PASSING = "passing"


class RemoteError(Exception):
    """A repository that did not give what it was asked for; the text is for people."""

    def __init__(self, trouble: Trouble, text: str) -> None:
        super().__init__(text)
        self.trouble = trouble
        self.text = text


@dataclass(frozen=True, slots=True)
class Remote:
    """A repository that was checked: ``url`` is for ``git``, which connects to nowhere else."""

    url: str
    git: Git


class Remotes:
    """Leads to repositories. ``lookup`` finds the addresses of names, None: as this machine.

    Raises UserError where there are hosts in the settings, and no git that can be used.
    """

    def __init__(
        self, settings: Sources, env: Mapping[str, str], lookup: Lookup | None = None
    ) -> None:
        self._guard = Guard(settings.git, lookup)
        self._most = settings.most
        self._authority = ca_bundle(env)
        self._env = {name: env[name] for name in _PASSED_ON if name in env}
        if settings.git:
            check_git(self._env)

    def settle(self, source: GitSource) -> GitSource:
        """Return a source as it is written here. Raises RefusedError."""
        return self._guard.settle(source)

    def local(self, deadline: Deadline) -> Git:
        """Return a git that speaks with nobody."""
        return Git({**self._env, "GIT_ALLOW_PROTOCOL": ""}, deadline, self._most)

    def reach(
        self,
        source: GitSource,
        deadline: Deadline,
        ask: Callable[[Remote], _T],
        *,
        anonymous: bool = False,
    ) -> tuple[GitSource, _T]:
        """Return what a settled source answers, and what source that is after redirects.

        ``anonymous``: to use no credentials, whatever the settings say.
        Raises RefusedError, RemoteError.
        """
        endings: tuple[str, ...] = _ENDINGS
        for _ in range(_MOST_REDIRECTS + 1):
            place = self._guard.check(source)
            if anonymous:
                place = replace(place, settings=structs.replace(place.settings, password_file=""))
            login = _login(place)
            try:
                git = Git(self._variables(place), deadline, self._most, tuple(_config(place)))
                return source, _first(_urls(source, place, endings), git, ask)
            except OutOfTimeError:
                text = f"{source.name} took longer than {deadline.seconds:.0f} seconds"
                raise RemoteError(Trouble.OUT_OF_TIME, text) from None
            except GitFailedError as error:
                if not _REDIRECTED.search(error.text):
                    raise _remote_error(source, error, login) from None
                url = _urls(source, place, endings)[0]
                target = self._redirected(source, place, url, login, deadline)
                endings = endings[1:] if target == source else _ENDINGS
                source = target
            if not endings:
                break
        raise RemoteError(Trouble.FOR_GOOD, f"{source.name} redirects too often")

    def _variables(self, place: Place) -> dict[str, str]:
        return {**self._env, "GIT_ALLOW_PROTOCOL": place.scheme, "GIT_SSL_CAINFO": self._authority}

    def _redirected(
        self, source: GitSource, place: Place, url: str, login: Login, deadline: Deadline
    ) -> GitSource:
        """Return the source that a host redirects to. Raises RefusedError, RemoteError."""
        url = f"{url}{_SERVICE}"
        context = ssl.create_default_context(cafile=self._authority)
        try:
            location = _location(place, url, login, context, deadline.left)
        except (OSError, http.client.HTTPException, OutOfTimeError) as error:
            text = f"{source.name} redirects to where nobody knows: {type(error).__name__}"
            raise RemoteError(Trouble.PASSING, text) from None
        refused = RefusedError(403, f"{source.name} redirects to {redacted(location)!a}")
        try:
            target = urlsplit(urljoin(url, location))
        except ValueError:
            raise refused from None
        same = f"{target.scheme}://{target.netloc}".lower() == place.origin
        if not same or not target.path.endswith(_REFS):
            raise refused
        path = target.path.removesuffix(_REFS)
        return self._guard.settle(GitSource(place.host, path, source.submodules))


class _Connection(http.client.HTTPConnection):
    """A connection to an address that was checked, whatever its name means by now."""

    def __init__(self, place: Place, context: ssl.SSLContext, seconds: float) -> None:
        super().__init__(place.name, place.port, timeout=seconds)
        self._place = place
        self._context = context

    def connect(self) -> None:
        """Connect to the first of the addresses."""
        address = (self._place.addresses[0], self._place.port)
        self.sock = socket.create_connection(address, self.timeout)
        if self._place.scheme == "https":
            name = self._place.name.strip("[]")
            self.sock = self._context.wrap_socket(self.sock, server_hostname=name)

    def abort(self) -> None:
        """End the connection under whoever reads from it."""
        if self.sock is not None:
            with suppress(OSError):
                self.sock.shutdown(socket.SHUT_RDWR)


def _location(place: Place, url: str, login: Login, context: ssl.SSLContext, seconds: float) -> str:
    """Return where a URL redirects to, "" where it does not."""
    headers = {"User-Agent": "git/gobp", "Host": place.host}
    if login.authorization:
        headers["Authorization"] = login.authorization
    connection = _Connection(place, context, seconds)
    watch = threading.Timer(seconds, connection.abort)  # a timeout is for one read, not for all
    watch.start()
    try:
        connection.request("GET", url.removeprefix(place.origin), headers=headers)
        return connection.getresponse().headers.get("Location", "")
    finally:
        watch.cancel()
        connection.close()


def _urls(source: GitSource, place: Place, endings: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{place.origin}/{source.path}{ending}" for ending in endings)


def _first(urls: Sequence[str], git: Git, ask: Callable[[Remote], _T]) -> _T:
    """Return what the first URL answers at which there is a repository."""
    for url in urls[:-1]:
        try:
            return ask(Remote(url, git))
        except GitFailedError as error:
            if not _MISSING.search(error.text):
                raise
    return ask(Remote(urls[-1], git))


def _config(place: Place) -> Iterator[tuple[str, str]]:
    addresses = ",".join(f"[{each}]" if ":" in each else each for each in place.addresses)
    yield "http.curloptResolve", f"{place.name}:{place.port}:{addresses}"
    yield from helper_config(place.settings, place.origin)


def _login(place: Place) -> Login:
    try:
        return read_login(place.settings)
    except UserError:  # its words are for who runs the service: see open_fetcher
        text = f"the service's credentials for {place.host} cannot be read"
        raise RemoteError(Trouble.NOT_LET_IN, text) from None


def _remote_error(source: GitSource, failure: GitFailedError, login: Login) -> RemoteError:
    """Return what a failure means for who asked."""
    if failure.too_large:
        return RemoteError(Trouble.TOO_LARGE, f"{source.name} is larger than sources.most allows")
    if _NOT_THERE.search(failure.text):
        trouble = Trouble.NOT_THERE
    elif _MISSING.search(failure.text) or (_NOT_LET_IN.search(failure.text) and not login.password):
        return RemoteError(
            Trouble.MISSING, f"{source.name}: no such repository, or the service may not read it"
        )
    elif _NOT_LET_IN.search(failure.text):
        trouble = Trouble.NOT_LET_IN
    else:
        trouble = Trouble.FOR_GOOD if _FOR_GOOD.search(failure.text) else Trouble.PASSING
    return RemoteError(trouble, f"{source.name}: {_words(failure, login)}")


def _words(failure: GitFailedError, login: Login) -> str:
    """Return what git said, on one line, with no secret in it."""
    lines = [redacted(login.hidden(line)).strip() for line in failure.text.splitlines()]
    told = [line for line in lines if line and not _NOISE.match(line)]
    text = "; ".join(told[-_SHOWN_LINES:])[:_SHOWN_CHARACTERS]
    return "".join(c if c.isprintable() else "?" for c in text) or f"git {failure.command} failed"
