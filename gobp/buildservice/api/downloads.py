"""Send what builds gave: from the disk, from the storage, or by telling where it is."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from email.utils import formatdate
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, Response, StreamingResponse

from gobp.buildservice.api.desk import Desk
from gobp.buildservice.api.problems import Problem, not_found
from gobp.buildservice.builds.build import Artifact, Build
from gobp.modproxy.server.conditional import (
    Part,
    Unsatisfiable,
    Validators,
    not_modified,
    part_wanted,
)

_FOR_EVER = "max-age=31536000, immutable"  # a year, the most that caches take


@dataclass(frozen=True, slots=True)
class Download:
    """A file of a build, to be saved as ``name``; ``private`` keeps it out of shared caches."""

    build: Build
    artifact: Artifact
    name: str
    private: bool

    @property
    def at(self) -> Validators:
        """What tells its state from another, though it has only one."""
        return Validators(f'"{self.artifact.sha256}"', int(self.build.ended))

    @property
    def headers(self) -> dict[str, str]:
        """What is sent with it, however it is sent."""
        return {
            "etag": self.at.etag,
            "last-modified": formatdate(self.at.modified, usegmt=True),
            "cache-control": f"{'private' if self.private else 'public'}, {_FOR_EVER}",
            "content-disposition": _attachment(self.name),
            "accept-ranges": "bytes",
            "x-checksum-sha256": self.artifact.sha256,
            "content-type": self.artifact.media_type,
        }


async def send(request: Request, desk: Desk, download: Download) -> Response:
    """Answer a GET or HEAD for a file (RFC 9110, sections 13 and 14).

    Files on this machine go by the fastest way that the server has. Raises Problem, StorageError.
    """
    headers, at = request.headers, download.at
    if not_modified(headers.get("if-none-match"), headers.get("if-modified-since"), at):
        kept = ("etag", "last-modified", "cache-control")
        return Response(status_code=304, headers={name: download.headers[name] for name in kept})
    artifact, store = download.artifact, desk.service.store
    try:
        path = await desk.read(lambda: store.path(artifact.sha256))
    except KeyError:
        raise not_found("the file is no longer kept") from None
    if path is not None:
        return FileResponse(path, headers=download.headers, media_type=artifact.media_type)
    if request.method != "HEAD":  # what is signed for GET is for nothing else
        url = await desk.read(
            lambda: store.url(artifact.sha256, download.name, artifact.media_type)
        )
        if url:
            return Response(status_code=307, headers={"location": url, "cache-control": "no-store"})
    return await _through(request, desk, download)


async def _through(request: Request, desk: Desk, download: Download) -> Response:
    """Send a blob that is elsewhere, or the part of it that is asked for."""
    artifact = download.artifact
    headers = request.headers
    try:
        part = part_wanted(
            headers.get("range"), headers.get("if-range"), download.at, artifact.size
        )
    except Unsatisfiable:
        unsatisfiable = {"content-range": f"bytes */{artifact.size}"}
        raise Problem(416, "range", "no byte of the file is in the range", unsatisfiable) from None
    sent = {**download.headers, **_lengths(part, artifact.size)}
    status = 206 if part else 200
    if request.method == "HEAD":
        return Response(status_code=status, headers=sent)
    start, end = (part.start, part.end) if part else (0, artifact.size)
    chunks = desk.service.store.stream(artifact.sha256, start=start, end=end)
    try:
        first = await anext(chunks, b"")
    except KeyError:
        raise not_found("the file is no longer kept") from None
    return StreamingResponse(_after(first, chunks), status, sent)


def _lengths(part: Part | None, size: int) -> dict[str, str]:
    if part is None:
        return {"content-length": str(size)}
    return {
        "content-length": str(part.end - part.start),
        "content-range": part.content_range,
    }


async def _after(first: bytes, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for chunk in chunks:
        yield chunk


def _attachment(name: str) -> str:
    """Return the header by which a file is saved under a name (RFC 6266)."""
    plain = name.isascii() and name.isprintable() and not set('"\\') & set(name)
    if plain:
        return f'attachment; filename="{name}"'
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"
