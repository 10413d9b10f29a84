"""HTTP to one repository of a registry: authentication, retries, time-outs, refusals."""

import io
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, TypeVar
from urllib.parse import urljoin

from gobp.errors import UserError
from gobp.oci.answers import RETRIED, TemporaryFailure, network_trouble, refusal
from gobp.oci.authorization import TIMEOUT, Authorization
from gobp.oci.blobs import BlobSource, VerifiedReader
from gobp.oci.credentials import Credentials
from gobp.oci.image import DOCKER_INDEX, DOCKER_MANIFEST, INDEX, MANIFEST
from gobp.oci.reference import Reference

if TYPE_CHECKING:
    from requests import Response

_ATTEMPTS = 4
_CHUNK = 64 * 1024  # what is lost of a download when its connection breaks
_HEADERS = {
    "User-Agent": "gobp",
    "Accept": f"{INDEX}, {MANIFEST}, {DOCKER_INDEX}, {DOCKER_MANIFEST}, */*",
    "Accept-Encoding": "identity",  # a blob's digest is that of its bytes as they are
}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Call:
    """One request; ``path`` is below the repository, or a URL that the registry gave.

    ``what`` it is about is for the words of a refusal, ``expected`` are the statuses that are
    none.
    """

    method: str
    path: str
    what: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | BlobSource = b""
    expected: tuple[int, ...] = (200,)


class Repository:
    """The repository that a reference names, with what it takes to be let in."""

    def __init__(
        self,
        reference: Reference,
        credentials: Credentials | None,
        *,
        actions: str,
        verify: str | bool,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Open nothing yet.

        ``actions`` is PULL or PUSH, ``verify`` the file of trusted certificates or True for
        requests' own, ``sleep`` waits before another try.
        """
        import requests  # noqa: PLC0415 # slow to import, and most commands need no registry

        origin = f"{'http' if reference.is_local else 'https'}://{reference.registry}"
        self.reference = reference
        self._url = f"{origin}/v2/{reference.repository}/"
        self._authorization = Authorization(reference, credentials, origin=origin, actions=actions)
        self._sleep = sleep
        self._session = requests.Session()
        self._session.verify = verify
        self._session.headers.update(_HEADERS)

    def send(self, call: Call) -> "Response":
        """Send a request until it is answered; the answer's body is not read yet.

        Raises UserError, naming the image, on a status that is not expected.
        """
        return self.retried(lambda: self.send_once(call))

    def retried(self, action: Callable[[], _T]) -> _T:
        """Do something, four times at most, until it does not raise TemporaryFailure."""
        reason = ""
        for attempt in range(_ATTEMPTS):
            try:
                return action()
            except TemporaryFailure as failure:
                reason = str(failure)
            if attempt < _ATTEMPTS - 1:
                self._sleep(2.0**attempt)
        raise UserError(
            f"{self.reference.registry} cannot be reached for {self.reference}",
            detail=reason,
            remedy="check the name of the registry, the network and the proxy; then try again.",
        )

    def send_once(self, call: Call) -> "Response":
        """Send a request, and again if the registry first asks who we are.

        Raises TemporaryFailure on what may pass, else as :meth:`send`.
        """
        response = self._perform(call)
        if response.status_code == 401:
            challenge = response.headers.get("WWW-Authenticate", "")
            response.close()
            self._authorization.answer(challenge, self._session)
            response = self._perform(call)
        if response.status_code in call.expected:
            return response
        with response:
            if response.status_code in RETRIED:
                raise TemporaryFailure(f"it answers {response.status_code} {response.reason}")
            raise refusal(response, self.reference, what=call.what)

    def _perform(self, call: Call) -> "Response":
        if isinstance(call.body, bytes):
            return self._request(call, call.body)
        with VerifiedReader(call.body) as body:
            return self._request(call, body)

    def _request(self, call: Call, body: bytes | VerifiedReader) -> "Response":
        with network_trouble():
            return self._session.request(
                call.method,
                urljoin(self._url, call.path),
                headers=dict(call.headers),
                data=body,
                auth=self._authorization,
                stream=True,
                timeout=TIMEOUT,
            )


@dataclass(frozen=True, slots=True)
class RemoteBlob:
    """A blob in a registry, fetched when it is opened."""

    repository: Repository = field(repr=False, compare=False)
    path: str
    digest: str
    size: int

    def open(self) -> IO[bytes]:
        """Open the download; it goes on where it broke off. Reading may raise UserError."""
        return io.BufferedReader(_Download(self), _CHUNK)


class _Download(io.RawIOBase):
    """The bytes of a blob; after a broken connection the rest is asked for."""

    def __init__(self, blob: RemoteBlob) -> None:
        self._blob = blob
        self._position = 0
        self._pending = b""
        self._response: Response | None = None
        self._chunks: Iterator[bytes] = iter(())

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # what io hands us
        if not self._pending and self._position < self._blob.size:
            self._pending = self._blob.repository.retried(self._next_chunk)
            self._position += len(self._pending)
        data, self._pending = self._pending[: len(buffer)], self._pending[len(buffer) :]
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._hang_up()
        super().close()

    def _next_chunk(self) -> bytes:
        if self._response is None:
            self._response = self._blob.repository.send_once(self._call())
            self._chunks = self._response.iter_content(_CHUNK)
        try:
            with network_trouble():
                return next(self._chunks, b"")
        except TemporaryFailure:
            self._hang_up()
            raise

    def _call(self) -> Call:
        headers = {"Range": f"bytes={self._position}-"} if self._position else {}
        expected = (206,) if self._position else (200,)
        return Call("GET", self._blob.path, f"blob {self._blob.digest}", headers, b"", expected)

    def _hang_up(self) -> None:
        if self._response is not None:
            self._response.close()
        self._response = None
