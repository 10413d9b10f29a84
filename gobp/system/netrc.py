"""netrc files: who a user is at a machine. Read as the go command reads them.

Source: cmd/go/internal/auth, ``parseNetrc`` and ``loadCredential``.
"""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "::1"})
_LIMIT = 1024 * 1024  # bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """A user at a machine (``host``, ``host:port``, or either with a path)."""

    machine: str
    login: str = field(repr=False)
    password: str = field(repr=False)


def parse(text: str) -> tuple[Entry, ...]:
    """Return the entries with a machine, a login and a password; a ``default`` is none."""
    entries: list[Entry] = []
    machine = login = password = ""
    in_macro = False
    for line in text.split("\n"):
        if in_macro:  # up to an empty line
            in_macro = bool(line)
            continue
        words = line.split()
        for key, value in zip(words[::2], words[1::2], strict=False):
            if key == "machine":
                machine, login, password = value, "", ""
            elif key == "login":
                login = value
            elif key == "password":
                password = value
            in_macro = in_macro or key == "macdef"
            if machine and login and password:
                entries.append(Entry(machine, login, password))
                machine = login = password = ""
    return tuple(entries)


def find(entries: Iterable[Entry], location: str) -> Entry | None:
    """Return the entry for a location (``host:port/path``): the longest path wins, then the first.

    A port that is the scheme's own is not written.
    """
    by_machine: dict[str, Entry] = {}
    for entry in entries:
        by_machine.setdefault(entry.machine.rstrip("/"), entry)
    prefix = location.rstrip("/")
    while prefix:
        if prefix in by_machine:
            return by_machine[prefix]
        prefix = prefix.rpartition("/")[0]
    return None


def netrc_file(env: Mapping[str, str]) -> Path | None:
    """Return where the netrc file is: NETRC names it, else it is in the user's home."""
    if env.get("NETRC"):
        return Path(env["NETRC"])
    return Path(env["HOME"], ".netrc") if env.get("HOME") else None


def read_netrc(env: Mapping[str, str]) -> tuple[Entry, ...]:
    """Return the entries of the user's netrc file; none where it cannot be read, as for go."""
    path = netrc_file(env)
    try:
        if path is None or path.stat().st_size > _LIMIT:
            return ()
        return parse(path.read_text(encoding="utf-8", errors="surrogateescape"))
    except OSError:
        return ()


def basic_authorization(url: str, env: Mapping[str, str]) -> str:
    """Return the header ``Authorization`` for a URL, "" for none: by the URL itself, else by netrc.

    As go does, netrc is for https; for this machine plain http will do.
    """
    parts = urlsplit(url)
    if parts.username or parts.password:
        return _basic(unquote(parts.username or ""), unquote(parts.password or ""))
    if parts.scheme != "https" and parts.hostname not in THIS_MACHINE:
        return ""
    own_port = {"https": ":443", "http": ":80"}.get(parts.scheme, ":")
    entry = find(read_netrc(env), f"{parts.netloc.lower().removesuffix(own_port)}{parts.path}")
    return _basic(entry.login, entry.password) if entry is not None else ""


def _basic(user: str, password: str) -> str:
    """Return the credentials of RFC 7617."""
    pair = f"{user}:{password}".encode("utf-8", "surrogateescape")
    return f"Basic {b64encode(pair).decode('ascii')}"
