"""What somebody has to set so that the go command uses this proxy.

See https://go.dev/ref/mod#environment-variables and, for passwords, ``go help goauth``.
"""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from gobp.modproxy.pages.reader import Reader
from gobp.modproxy.settings.schema import Settings

_NOWHERE = {"", "0.0.0.0", "[::]"}  # noqa: S104 # addresses that no client can ask
_URL = re.compile(r"https?://[A-Za-z0-9.-]+(?::[0-9]{1,5})?(?:/[A-Za-z0-9._~/-]*)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Snippet:
    """Lines to copy: what they are for, the lines, and what to know about them."""

    title: str
    lines: str
    note: str = ""


def client_settings(settings: Settings, reader: Reader, reached: str) -> tuple[Snippet, ...]:
    """Return what to copy, for this reader; ``reached`` is the URL by which the proxy was asked.

    Private patterns are shown to who has a name or may read such modules.
    """
    url = public_url(settings, reached)
    variables = _variables(settings, reader, url)
    snippets = [
        Snippet(
            "For your machine",
            "\n".join(f"go env -w {name}={value}" for name, value in variables.items()),
            "The go command remembers it. Undo it with go env -u " + " ".join(variables) + ".",
        ),
        Snippet(
            "For CI, or a Dockerfile with ENV",
            "\n".join(f"{name}={value}" for name, value in (variables | _CI).items()),
            "-modcacherw lets a CI job remove its module cache.",
        ),
    ]
    if settings.access.users or settings.access.tokens:
        snippets.append(_login(url))
    if url.startswith("https:"):
        snippets.append(_certificate())
    return tuple(snippets)


_CI = {"GOFLAGS": "-modcacherw"}


def public_url(settings: Settings, reached: str) -> str:
    """Return the URL that clients should use, without a slash at its end."""
    if settings.public_url:
        return settings.public_url.rstrip("/")
    if _URL.fullmatch(reached):
        return reached.rstrip("/")
    scheme = "https" if settings.tls else "http"
    host, _, port = settings.listen.rpartition(":")
    address = "proxy.example.com" if host in _NOWHERE | {"unix"} else f"{host}:{port}"
    return f"{scheme}://{address}{settings.base_path}".rstrip("/")


def _variables(settings: Settings, reader: Reader, url: str) -> dict[str, str]:
    variables = {"GOPROXY": f"{url},direct"}
    private = ",".join(_private_patterns(settings, reader))
    unlisted = settings.sums.unlisted
    if private:
        # GOPRIVATE alone would go around the proxy.
        variables |= {"GOPRIVATE": private, "GONOPROXY": "none"}
    if unlisted:
        variables["GONOSUMDB"] = ",".join(filter(None, (private, unlisted)))
    return variables


def _private_patterns(settings: Settings, reader: Reader) -> list[str]:
    patterns = (rule.modules.split(",") for rule in settings.rules if rule.private)
    return [pattern for group in patterns for pattern in group if _is_shown(pattern, reader)]


def _is_shown(pattern: str, reader: Reader) -> bool:
    return bool(reader.name) or reader.may_read(re.sub(r"[*?]", "x", pattern))


def _login(url: str) -> Snippet:
    parts = urlsplit(url)
    note = (
        "The go command reads it by itself (GOAUTH=netrc). For a token, its name is the login "
        "and the token the password."
    )
    if parts.scheme != "https":
        note += " It sends passwords by https only, so this proxy needs a certificate first."
    machine = parts.netloc
    return Snippet(
        "In ~/.netrc, to log in", f"machine {machine} login USER password PASSWORD", note
    )


def _certificate() -> Snippet:
    return Snippet(
        "Where the certificate is your company's own",
        "export SSL_CERT_FILE=/etc/ssl/certs/company-ca.pem",
        "With the certificate of the company's authority: better than GOINSECURE.",
    )
