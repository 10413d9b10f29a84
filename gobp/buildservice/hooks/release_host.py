"""Releases on GitHub, Gitea and Forgejo, through their API.

https://docs.github.com/rest/releases; https://docs.gitea.com/api (repository, releases).
"""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeVar
from urllib.parse import quote, urlsplit

import msgspec
from msgspec import Struct

from gobp.buildservice.hooks.sending import Incoming, Outgoing, SendingError, send

GITHUB = "https://api.github.com"
_GITHUB_UPLOADS = "uploads.github.com"
_SECONDS, _UPLOAD_SECONDS = 20.0, 600.0
_NOT_FOUND = 404
_T = TypeVar("_T")


class ReleaseError(Exception):
    """A release that takes no files; the text says why, without secrets.

    ``passing``: another attempt may help.
    """

    def __init__(self, text: str, *, passing: bool) -> None:
        super().__init__(text)
        self.text = text
        self.passing = passing


class Asset(Struct, frozen=True):
    """A file of a release; ``state`` is only GitHub's: ``starter`` was never uploaded whole."""

    id: int
    name: str
    size: int = 0
    state: str = "uploaded"


class Release(Struct, frozen=True):
    """A release; ``upload_url`` is only GitHub's."""

    id: int
    assets: list[Asset] = []
    upload_url: str = ""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that is to be there: ``parts`` are its bytes, ``size`` of them in all."""

    name: str
    media_type: str
    size: int
    parts: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class ReleaseHost:
    """The releases of all repositories at an API, whose URL has no slash behind it."""

    kind: Literal["github", "gitea"]
    api: str
    token: str = field(repr=False)

    def release(self, path: str, tag: str) -> Release:
        """Return the release of a tag; it is made where there is none. Raises ReleaseError."""
        releases = f"{self.api}/repos/{quote(path)}/releases"
        answer = self._call("GET", f"{releases}/tags/{quote(tag, safe='')}")
        if answer.status == _NOT_FOUND:
            answer = self._call("POST", releases, {"tag_name": tag, "name": tag})
        return _decoded(_successful(answer, "the release"), Release)

    def upload(self, path: str, release: Release, file: Upload) -> bool:
        """Add a file to a release; False where it has one of the name. Raises ReleaseError."""
        for asset in release.assets:
            if asset.name == file.name:
                if asset.state == "uploaded":
                    return False
                self._remove(path, asset)
        request = (
            self._plain(release, file)
            if self.kind == "github"
            else self._form(f"{self.api}/repos/{quote(path)}/releases/{release.id}/assets", file)
        )
        _successful(self._sent(request, _UPLOAD_SECONDS), file.name)
        return True

    def _remove(self, path: str, asset: Asset) -> None:
        url = f"{self.api}/repos/{quote(path)}/releases/assets/{asset.id}"
        _successful(self._call("DELETE", url), asset.name)

    def _plain(self, release: Release, file: Upload) -> Outgoing:
        """Return the upload as GitHub wants it: at the URL that the release names."""
        url = f"{release.upload_url.partition('{')[0]}?name={quote(file.name, safe='')}"
        mine, theirs = urlsplit(self.api), urlsplit(url)
        hosts = {mine.netloc} | ({_GITHUB_UPLOADS} if self.api == GITHUB else set())
        if theirs.scheme != mine.scheme or theirs.netloc not in hosts:
            raise ReleaseError("the release names a place of another host", passing=False)
        return self._request("POST", url, file.media_type, file.parts, file.size)

    def _form(self, url: str, file: Upload) -> Outgoing:
        """Return the upload as Gitea wants it: a form with one file."""
        boundary = secrets.token_hex(16)
        name = quote(file.name, safe="")
        head = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="attachment";'
            f' filename="{name}"\r\nContent-Type: {file.media_type}\r\n\r\n'
        ).encode()
        tail = f"\r\n--{boundary}--\r\n".encode()

        def parts() -> Iterator[bytes]:
            yield head
            yield from file.parts
            yield tail

        length = len(head) + file.size + len(tail)
        media_type = f"multipart/form-data; boundary={boundary}"
        return self._request("POST", f"{url}?name={name}", media_type, parts(), length)

    def _call(self, method: str, url: str, body: object = None) -> Incoming:
        encoded = b"" if body is None else msgspec.json.encode(body)
        return self._sent(
            self._request(method, url, "application/json", [encoded], len(encoded)), _SECONDS
        )

    def _request(
        self, method: str, url: str, media_type: str, parts: Iterable[bytes], length: int
    ) -> Outgoing:
        headers = {
            "Authorization": f"token {self.token}",
            "Accept": "application/json",
            "Content-Type": media_type,
            "User-Agent": "gobp",
        }
        # The settings name the API, so that it may be in a private network.
        return Outgoing(method, url, headers, parts, length, private=True)

    def _sent(self, request: Outgoing, seconds: float) -> Incoming:
        try:
            return send(request, seconds)
        except SendingError as error:
            raise ReleaseError(str(error), passing=True) from None


def _successful(answer: Incoming, what: str) -> Incoming:
    if answer.ok:
        return answer
    passing = answer.status >= 500 or answer.status in {403, 404, 409, 422, 429}
    raise ReleaseError(f"{what}: the API answered {answer.status}", passing=passing)


def _decoded(answer: Incoming, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(answer.body, type=kind)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        raise ReleaseError("the API answered with something else", passing=True) from None
