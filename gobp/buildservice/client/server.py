"""A build service, as its client asks it. requests is loaded when it is."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gobp.buildservice.api.links import Links
from gobp.buildservice.client.events import Event, parse_events
from gobp.buildservice.client.wanted import Wanted
from gobp.errors import UserError
from gobp.system.fetch import ca_bundle
from gobp.system.netrc import THIS_MACHINE

if TYPE_CHECKING:
    from requests import PreparedRequest, Response

_SECONDS_TO_CONNECT = 20
_SECONDS_TO_ANSWER = 60  # a log in which nothing happens has a sign of life more often
_MOST_TEXT = 100_000
_CHUNK = 256 * 1024
_PARTIAL = 206
_GOING_ON = {"queued", "running"}


class GoneError(Exception):
    """The connection failed; asking again may help. The text says how."""


@dataclass(frozen=True, slots=True)
class Offer:
    """What a server says of a program: see gobp.buildservice.pages.installing."""

    state: str
    id: str = ""
    page: str = ""
    again: str = ""
    version: str = ""
    name: str = ""
    size: int = 0
    sha256: str = ""
    url: str = ""
    text: str = ""

    @property
    def going_on(self) -> bool:
        """Whether it waits or runs."""
        return self.state in _GOING_ON

    @classmethod
    def parse(cls, text: str) -> "Offer | None":
        """Return the offer that lines of facts are, None if they are none."""
        facts = dict(line.split(" ", 1) for line in text.splitlines() if " " in line)
        if "state" not in facts:
            return None
        size = facts.pop("size", "0")
        known = {name: value for name, value in facts.items() if name in cls.__slots__}
        return cls(**known, size=int(size) if size.isascii() and size.isdecimal() else 0)


class Server:
    """A build service at ``url``; only it is sent the token. The methods raise GoneError."""

    def __init__(self, url: str, token: str, env: Mapping[str, str]) -> None:
        """Raise UserError for a URL that is none, or by which others could read the token."""
        import requests  # noqa: PLC0415 # slow to import

        self.url = url.rstrip("/")
        self._token = token
        self._env = env
        self._trouble = requests.RequestException
        self._session = requests.Session()
        self._origin = urlsplit(self.url)[:2]
        _check(self.url, token)

    def offer(self, wanted: Wanted) -> Offer:
        """Return what there is of a program; nothing is built for it. Raises UserError."""
        return self._offer("GET", wanted.url(self.url))

    def ask(self, wanted: Wanted) -> Offer:
        """Have a program built. Raises UserError."""
        return self._offer("POST", wanted.url(self.url))

    def again(self, offer: Offer) -> Offer:
        """Return how a build is going by now. Raises UserError."""
        return self._offer("GET", offer.again)

    def events(self, build_id: str, after: int) -> Iterator[Event]:
        """Yield the log of a build from the line after a number on, and how it ends."""
        url = f"{Links(self.url).logs(build_id)}?after={after}"
        with self._send("GET", url, {"accept": "text/event-stream"}) as answer:
            try:
                lines = answer.iter_lines(chunk_size=None, decode_unicode=False)
                yield from parse_events(line.decode(errors="replace") for line in lines)
            except self._trouble as error:
                raise GoneError(str(error)) from None

    def download(self, url: str, file: Path, progress: Callable[[int], None]) -> None:
        """Go on with a file that may be there in part; ``progress`` is told its bytes."""
        start = file.stat().st_size if file.exists() else 0
        headers = {"range": f"bytes={start}-"} if start else {}
        with self._send("GET", url, headers) as answer:
            start = start if answer.status_code == _PARTIAL else 0
            with file.open("r+b" if start else "wb") as into:
                into.seek(start)
                try:
                    for chunk in answer.iter_content(_CHUNK):
                        into.write(chunk)
                        progress(into.tell())
                except self._trouble as error:
                    raise GoneError(str(error)) from None

    def _offer(self, method: str, url: str) -> Offer:
        with self._send(method, url, {}) as answer:
            text = next(answer.iter_content(_MOST_TEXT), b"").decode(errors="replace")
        offer = Offer.parse(text)
        if offer is None:
            raise UserError(
                f"{self.url} does not answer as a build service does",
                remedy="name the service by --server or GOBP_SERVER, with its base path.",
            )
        return offer

    def _send(self, method: str, url: str, headers: Mapping[str, str]) -> "Response":
        """Return an answer whose body is still to come. Raises UserError for one that says no."""
        try:
            answer = self._session.request(
                method,
                url,
                headers={"accept-encoding": "identity", **headers},
                auth=self._signed,
                verify=ca_bundle(self._env),
                timeout=(_SECONDS_TO_CONNECT, _SECONDS_TO_ANSWER),
                stream=True,
            )
        except self._trouble as error:
            raise GoneError(str(error)) from None
        if answer.status_code in {502, 503, 504}:
            raise GoneError(f"{url}: {answer.status_code} {answer.reason}")
        if not answer.ok:
            raise _refused(url, answer)
        return answer

    def _signed(self, request: "PreparedRequest") -> "PreparedRequest":
        """Say who we are, to the service alone, and keep requests from doing it by other means."""
        if self._token and urlsplit(str(request.url))[:2] == self._origin:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request


def sha256_of(file: Path) -> str:
    """Return the sha256 of a file in hex."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _refused(url: str, answer: "Response") -> UserError:
    text = next(answer.iter_content(_MOST_TEXT), b"").decode(errors="replace")
    try:
        detail = str(json.loads(text)["detail"])
    except (ValueError, KeyError, TypeError):
        detail = ""
    return UserError(
        f"{url}: {answer.status_code} {answer.reason}",
        detail=detail,
        remedy="see the server's own words; a token is given in GOBP_TOKEN or by --token-file.",
    )


def _check(url: str, token: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username:
        raise UserError(
            f"{parts.scheme}://{parts.hostname or ''} is no address of a build service",
            remedy="write it as https://builds.example.com; a token is given in GOBP_TOKEN.",
        )
    if token and parts.scheme == "http" and parts.hostname not in THIS_MACHINE:
        raise UserError(
            f"{url} is no https://, so others could read the token",
            remedy="use https://, or leave the token out.",
        )
