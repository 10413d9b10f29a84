"""Logs of builds: what is there, and what comes, as text, as JSON lines and as events."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import msgspec

from gobp.buildservice.api.desk import Desk
from gobp.buildservice.builds.build import Build
from gobp.buildservice.logs.log import Line

_LOOKS_EVERY = 0.2  # seconds
_PORTION = 1000  # lines
_SILENCE = 15.0  # seconds, after which proxies are shown that the connection lives
_ENCODER = msgspec.json.Encoder()
_LEVELS = {"output": "info"}  # cargo knows the levels of its own log only


async def followed(
    desk: Desk, build: Build, *, after: int, follow: bool
) -> AsyncIterator[list[Line] | Build]:
    """Yield the lines of a log after a number, in portions; at last the build.

    With ``follow`` until the build is over, with an empty portion now and then in silence. A
    server that stops leaves off without the build, so that clients come back to another one.
    """
    heard = time.monotonic()
    logs = desk.service.logs
    while True:
        over = build.state.final  # asked before the lines: its last ones are there then
        lines = await desk.read(lambda: logs.lines(build.id, after=after, limit=_PORTION))  # noqa: B023 # run at once
        if lines or time.monotonic() - heard > _SILENCE:
            heard = time.monotonic()
            yield lines
        if lines:
            after = lines[-1].number
        elif over or not follow:
            yield build
            return
        elif desk.draining.begun:
            return
        else:
            await asyncio.sleep(_LOOKS_EVERY)
            build = await desk.now(build)


async def as_text(portions: AsyncIterator[list[Line] | Build]) -> AsyncIterator[bytes]:
    """Yield the lines as they are."""
    async for portion in portions:
        if isinstance(portion, list) and portion:
            yield "".join(f"{line.text}\n" for line in portion).encode()


async def as_json_lines(
    portions: AsyncIterator[list[Line] | Build], write: Callable[[Line], bytes]
) -> AsyncIterator[bytes]:
    """Yield a JSON object a line."""
    async for portion in portions:
        if isinstance(portion, list) and portion:
            yield b"".join(write(line) + b"\n" for line in portion)


async def as_events(portions: AsyncIterator[list[Line] | Build]) -> AsyncIterator[bytes]:
    """Yield server-sent events (https://html.spec.whatwg.org/#server-sent-events).

    The id of a line is its number, so that a client goes on where it was; the last event is
    ``status``, after which it has nothing to come back for.
    """
    yield b"retry: 300\n\n"
    async for portion in portions:
        if isinstance(portion, Build):
            status = {"state": portion.state, "message": portion.message}
            yield b"event: status\ndata: " + _ENCODER.encode(status) + b"\n\n"
        elif portion:
            yield b"".join(
                b"id: %d\nevent: line\ndata: %s\n\n" % (line.number, json_of(line))
                for line in portion
            )
        else:
            yield b": still there\n\n"


def json_of(line: Line) -> bytes:
    """Return a line as the API writes it."""
    return _ENCODER.encode(
        {
            "number": line.number,
            "time": _moment(line.time),
            "level": line.level,
            "text": line.text,
        }
    )


def cargo_json_of(build_id: str) -> Callable[[Line], bytes]:
    """Return how cargo writes the lines of a build."""

    def write(line: Line) -> bytes:
        return _ENCODER.encode(
            {
                "build_id": build_id,
                "level": _LEVELS.get(line.level, line.level),
                "msg": line.text,
                "time": _moment(line.time),
            }
        )

    return write


def _moment(seconds: float) -> str:
    return (
        datetime.fromtimestamp(seconds, UTC)
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z")
    )
