"""Downloads: retried, resumed, timed out, checked, and never half-written."""

import hashlib
import os
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar
from urllib.parse import unquote, urljoin, urlsplit

from gobp.errors import UserError
from gobp.system.netrc import THIS_MACHINE, basic_authorization

if TYPE_CHECKING:
    import requests

ATTEMPTS = 3
_MOST_REDIRECTS = 10  # as go follows them
CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0
SMALL_LIMIT = 8 * 1024 * 1024  # bytes of an answer that is read into memory
_T = TypeVar("_T")
_CHUNK = 1024 * 1024
_RANGE_NOT_THERE = 416
_WORTH_A_RETRY = frozenset({408, _RANGE_NOT_THERE, 425, 429, 500, 502, 503, 504})
_ABSENT = (FileNotFoundError, IsADirectoryError, NotADirectoryError)
_CREDENTIALS = re.compile(r"(?<=:)//[^/?#\s]+@")
_REASONS = {
    "NameResolutionError": "its name cannot be resolved",
    "Connection refused": "the connection was refused",
    "timed out": "it did not answer in time",
    "CERTIFICATE_VERIFY_FAILED": "its certificate is not trusted (see SSL_CERT_FILE)",
    "Network is unreachable": "the network cannot be reached",
    "ProxyError": "the proxy in HTTPS_PROXY or HTTP_PROXY does not answer",
}
_NOT_WORTH_A_RETRY = frozenset({"NameResolutionError", "CERTIFICATE_VERIFY_FAILED"})
_CA_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)


class NotAvailableError(UserError):
    """The place answers that it does not have it, or cannot be reached: try the next place."""


class Fetcher(Protocol):
    """Gets bytes by URL (``https``, ``http`` or ``file``)."""

    def read(self, url: str) -> bytes:
        """Return a small answer. Raises NotAvailableError."""
        ...

    def download(self, url: str, path: Path, *, sha256: str = "") -> None:
        """Write what the URL names to ``path``, whole and checked, or not at all.

        ``sha256`` is the expected digest in hex, empty where the caller checks another way.
        Raises NotAvailableError where it cannot be had, UserError where the digest is wrong.
        """
        ...


class HttpFetcher:
    """Fetches with requests; proxies are those of the process environment."""

    def __init__(
        self,
        env: Mapping[str, str],
        *,
        on_retry: Callable[[str], None] = lambda _: None,
        pause_seconds: float = 0.5,
    ) -> None:
        self._env = env
        self._on_retry = on_retry
        self._pause_seconds = pause_seconds
        self._opened: requests.Session | None = None

    def read(self, url: str) -> bytes:
        """See Fetcher.read."""
        return self._retried(url, lambda: self._read_once(url))

    def download(self, url: str, path: Path, *, sha256: str = "") -> None:
        """See Fetcher.download."""
        part = path.with_name(f"{path.name}.part")
        part.unlink(missing_ok=True)
        try:
            if url.startswith("file://"):
                _copy_file(url, part)
            else:
                self._retried(url, lambda: self._download_once(url, part))
            _check_digest(part, sha256, url)
            part.replace(path)
        finally:
            part.unlink(missing_ok=True)

    def _read_once(self, url: str) -> bytes:
        if url.startswith("file://"):
            return _file_of(url).read_bytes()
        with self._get(url, {}) as response:
            answer = bytes(response.raw.read(SMALL_LIMIT + 1, decode_content=True))
        if len(answer) > SMALL_LIMIT:
            raise _unavailable(url, f"its answer is larger than {SMALL_LIMIT // 1024**2} MiB")
        return answer

    def _download_once(self, url: str, part: Path) -> None:
        have = part.stat().st_size if part.exists() else 0
        headers = {"Accept-Encoding": "identity"}
        if have:
            headers["Range"] = f"bytes={have}-"
        try:
            response = self._get(url, headers)
        except _Refused as refused:
            if refused.status == _RANGE_NOT_THERE:
                part.unlink(missing_ok=True)  # what is there is not a part of it: begin anew
            raise
        with response:
            resumed = response.status_code == 206
            with part.open("ab" if resumed else "wb") as file:
                for chunk in response.iter_content(_CHUNK):
                    file.write(chunk)

    def _get(self, url: str, headers: Mapping[str, str]) -> "requests.Response":
        _keep_credentials_off_plain_http(url)
        authorization, asked = basic_authorization(url, self._env), url
        response = self._ask(url, headers, authorization)
        for _ in range(_MOST_REDIRECTS):
            if not response.is_redirect:
                break
            url = _redirected(url, response)
            known = _origin(url) == _origin(asked)  # nobody else learns who the user is
            response = self._ask(url, headers, authorization if known else "")
        if response.status_code >= 300:
            response.close()
            raise _Refused(response.status_code)
        return response

    def _ask(self, url: str, headers: Mapping[str, str], authorization: str) -> "requests.Response":
        """Ask for a URL. Left to itself, requests would add a password by rules of its own."""

        def authorize(request: "requests.PreparedRequest") -> "requests.PreparedRequest":
            if authorization:
                request.headers["Authorization"] = authorization
            return request

        return self._session().get(
            url,
            headers=dict(headers),
            auth=authorize,
            allow_redirects=False,
            stream=True,
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            verify=ca_bundle(self._env),
        )

    def _session(self) -> "requests.Session":
        import requests  # noqa: PLC0415 # slow to import, and most builds download nothing

        if self._opened is None:
            self._opened = requests.Session()
            self._opened.headers["User-Agent"] = "gobp"
        return self._opened

    def _retried(self, url: str, attempt: Callable[[], _T]) -> _T:
        import requests  # noqa: PLC0415 # as above
        import urllib3  # noqa: PLC0415 # as above; some of its errors pass through requests

        reason = ""
        for number in range(1, ATTEMPTS + 1):
            try:
                return attempt()
            except _ABSENT as error:
                raise _unavailable(url, "there is no such file") from error
            except _Refused as refused:
                reason = f"it answered {refused.status}"
                if refused.status not in _WORTH_A_RETRY:
                    break
            except (
                requests.exceptions.RequestException,
                urllib3.exceptions.HTTPError,
                ValueError,
            ) as error:
                reason = _plain(error)
                if isinstance(error, ValueError) or _is_final(error):  # ValueError: a bad URL
                    break
            if number < ATTEMPTS:
                again = f"trying again ({number + 1} of {ATTEMPTS})"
                self._on_retry(f"{redacted(url)}: {reason}; {again}")
                time.sleep(self._pause_seconds * 2 ** (number - 1))
        raise _unavailable(url, reason)


class _Refused(Exception):  # noqa: N818 # an answer, translated before it leaves this module
    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


def _keep_credentials_off_plain_http(url: str) -> None:
    """Refuse, as go does, to send a password where anybody on the way can read it."""
    parts = urlsplit(url)
    if parts.scheme == "http" and "@" in parts.netloc and parts.hostname not in THIS_MACHINE:
        raise UserError(
            f"{redacted(url)} would get a password over plain http",
            remedy="use https:// for an address with a user and password.",
        )


def _origin(url: str) -> tuple[str, str]:
    """Return scheme and host, which together know a user."""
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.rpartition("@")[2].lower()


def _redirected(url: str, response: "requests.Response") -> str:
    """Return where an answer sends to; from https only to https, as go follows."""
    response.close()
    target = urljoin(url, response.headers["Location"])
    if urlsplit(url).scheme == "https" and urlsplit(target).scheme != "https":
        raise _unavailable(url, f"it redirects to plain http, {redacted(target)}")
    return target


def redacted(url: str) -> str:
    """Return a URL, or a text with URLs, without users and passwords, as it may be shown."""
    return _CREDENTIALS.sub("//", url)


def ca_bundle(env: Mapping[str, str]) -> str:
    """Return the file of trusted certificates: named by ``env``, the system's, or requests' own."""
    for path in (env.get("SSL_CERT_FILE"), env.get("REQUESTS_CA_BUNDLE"), *_CA_BUNDLES):
        if path and os.path.isfile(path):  # noqa: PTH113 # as fast as can be
            return path
    import certifi  # noqa: PLC0415 # as requests, whose certificates these are

    return certifi.where()


def sha256_of(path: Path) -> str:
    """Return the sha256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_digest(path: Path, sha256: str, url: str) -> None:
    found = sha256_of(path) if sha256 else ""
    if found != sha256:
        raise UserError(
            f"the download from {redacted(url)} is corrupted: its checksum is wrong",
            detail=f"expected sha256 {sha256}\nfound    sha256 {found}",
            remedy="try again; if it stays so, the mirror or proxy in between holds a wrong copy.",
        )


def _copy_file(url: str, part: Path) -> None:
    import shutil  # noqa: PLC0415 # brings every codec along, and files are seldom copied

    try:
        shutil.copyfile(_file_of(url), part)
    except _ABSENT as error:
        raise _unavailable(url, "there is no such file") from error


def _file_of(url: str) -> Path:
    return Path(unquote(urlsplit(url).path))


def _plain(error: Exception) -> str:
    """Say in a few words why a connection failed; the libraries' own texts nest three deep."""
    text = redacted(str(error))
    for sign, words in _REASONS.items():
        if sign in text:
            return words
    return text if len(text) <= 300 else text[:297] + "..."


def _is_final(error: Exception) -> bool:
    return any(sign in str(error) for sign in _NOT_WORTH_A_RETRY)


def _unavailable(url: str, reason: str) -> NotAvailableError:
    return NotAvailableError(
        f"cannot get {redacted(url)}: {reason}",
        remedy="check the address and the network (HTTPS_PROXY, NO_PROXY, SSL_CERT_FILE).",
    )
