"""Send an answer: whole, a part of it, as it comes, or only that nothing has changed."""

import asyncio
import hashlib
import logging
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import cast

from gobp.modproxy.protocol.answers import Answer, Keep, Streamed, failure
from gobp.modproxy.server.asked import Asked
from gobp.modproxy.server.conditional import (
    Part,
    Unsatisfiable,
    Validators,
    not_modified,
    part_wanted,
)
from gobp.modproxy.server.piped import Pipe
from gobp.modproxy.server.rsgi import Headers, HttpProtocol
from gobp.modproxy.sources.source import SourceError

CLIENT_LEFT = 499  # in the log only, as nginx has it
_MOST_ZIPHASH = 200
_LOG = logging.getLogger(__name__)


async def send(answer: Answer, asked: Asked, protocol: HttpProtocol) -> tuple[int, int]:
    """Send an answer; return its status and the bytes of its body, for the log.

    The status of a body that broke off is that of the reason, or CLIENT_LEFT.
    """
    headers = headers_of(answer, private=asked.private)
    headers.append(("x-request-id", asked.request_id))
    body = answer.body
    if isinstance(body, Path):
        return await _send_file(answer, headers, body, asked, protocol)
    if isinstance(body, Streamed):
        return await _send_stream(answer.status, headers, body, asked, protocol)
    return _send_bytes(answer, headers, body, asked, protocol)


def headers_of(answer: Answer, *, private: bool) -> Headers:
    """Return the headers of an answer; shared caches must not keep what is private."""
    keep = answer.keep.value
    if private:
        keep = keep.replace("public", "private")
    return [("content-type", answer.content_type), ("cache-control", keep), *answer.headers]


def etag_of(content: bytes) -> str:
    """Return the strong validator of a small file."""
    return f'"{hashlib.blake2b(content, digest_size=12).hexdigest()}"'


def _send_bytes(
    answer: Answer, headers: Headers, body: bytes, asked: Asked, protocol: HttpProtocol
) -> tuple[int, int]:
    if answer.status == 200 and answer.keep is not Keep.NOT:
        validators = Validators(etag_of(body), 0)
        headers.append(("etag", validators.etag))
        if not_modified(asked.headers.get("if-none-match"), None, validators):
            protocol.response_empty(304, headers)
            return 304, 0
    if asked.method == "HEAD":
        protocol.response_empty(answer.status, [*headers, ("content-length", str(len(body)))])
        return answer.status, 0
    protocol.response_bytes(answer.status, headers, body)
    return answer.status, len(body)


async def _send_file(
    answer: Answer, headers: Headers, path: Path, asked: Asked, protocol: HttpProtocol
) -> tuple[int, int]:
    try:
        size, validators = _state_of(path)
    except FileNotFoundError:  # collected just now; the next request fetches it again
        gone = failure(503, "it was removed just now; ask again", retry_after=1)
        return await send(gone, asked, protocol)
    headers += [
        ("etag", validators.etag),
        ("last-modified", validators.last_modified),
        ("accept-ranges", "bytes"),
    ]
    get = asked.headers.get
    if not_modified(get("if-none-match"), get("if-modified-since"), validators):
        protocol.response_empty(304, headers)
        return 304, 0
    if asked.method == "HEAD":
        protocol.response_empty(answer.status, [*headers, ("content-length", str(size))])
        return answer.status, 0
    try:
        part = part_wanted(get("range"), get("if-range"), validators, size)
    except Unsatisfiable:
        protocol.response_empty(416, [*headers, ("content-range", f"bytes */{size}")])
        return 416, 0
    if part is not None:
        return _send_part(headers, path, part, protocol)
    headers.append(("content-length", str(size)))
    protocol.response_file(answer.status, headers, str(path))
    return answer.status, size


def _send_part(headers: Headers, path: Path, part: Part, protocol: HttpProtocol) -> tuple[int, int]:
    length = part.end - part.start
    headers += [("content-range", part.content_range), ("content-length", str(length))]
    protocol.response_file_range(206, headers, str(path), part.start, part.end)
    return 206, length


async def _send_stream(
    status: int, headers: Headers, body: Streamed, asked: Asked, protocol: HttpProtocol
) -> tuple[int, int]:
    """Send a file as it comes. Where it does not come whole, the connection is broken off."""
    if body.length is None:
        raise ValueError("a body of unknown length cannot be seen to break off")
    headers.append(("content-length", str(body.length)))
    chunks = cast("AsyncGenerator[bytes, None]", body.chunks)
    if asked.method == "HEAD":
        await chunks.aclose()
        protocol.response_empty(status, headers)
        return status, 0
    try:
        first = await anext(chunks)
    except SourceError as error:  # nothing was sent: it can still be told
        told = failure(error.status, error.text, retry_after=error.retry_after)
        return await send(told, asked, protocol)
    sent = 0
    left = asyncio.ensure_future(protocol.client_disconnect())
    pipe = Pipe(left)
    try:
        protocol.response_file(status, headers, str(pipe.path))
        await pipe.write(first)
        sent = len(first)
        async for following in chunks:
            await pipe.write(following)
            sent += len(following)
    except SourceError as error:
        _LOG.warning("request %s: broken off: %s", asked.request_id, error.text)
        status = error.status
    except BrokenPipeError:
        status = CLIENT_LEFT
    finally:
        left.cancel()
        pipe.close()  # with less than was promised, granian breaks the connection off
        await chunks.aclose()
    return status, sent


def _state_of(path: Path) -> tuple[int, Validators]:
    """Return the size of a file and what tells its states apart.

    The hash of a module zip is the same on every node, its time is not.
    """
    stat = path.stat()
    try:
        with path.with_suffix(".ziphash").open("rb") as file:
            h1 = file.read(_MOST_ZIPHASH).decode("ascii").strip().removeprefix("h1:")
    except (OSError, UnicodeDecodeError):
        h1 = f"{stat.st_mtime_ns:x}"
    return stat.st_size, Validators(f'"{h1}-{stat.st_size:x}"', int(stat.st_mtime))
