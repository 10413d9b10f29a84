"""What the tests of sources share: sinks, sources on servers of a test, a forward proxy."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import TypeVar

from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.settings.schema import Upstream
from gobp.modproxy.sources.chain import OffSource
from gobp.modproxy.sources.goproxy import Sources
from gobp.modproxy.sources.source import RefusedError
from gobp.serving.settings.values import Duration

_T = TypeVar("_T")
MODULE = "example.com/Big"
ZIP = ModuleFile(MODULE, "v1.0.0", Kind.ZIP)
MOD = ModuleFile(MODULE, "v1.0.0", Kind.MOD)
QUICK = Upstream(connect_timeout=Duration(1), read_timeout=Duration(1))


class KeptSink:
    """Keeps what is written, up to ``most`` bytes."""

    def __init__(self, most: int = 1 << 30) -> None:
        self.content = b""
        self.length: int | None = None
        self._most = most

    def expect(self, length: int) -> None:
        self.length = length

    async def write(self, chunk: bytes) -> None:
        if len(self.content) + len(chunk) > self._most:
            raise RefusedError("the file is too large")
        self.content += chunk


def with_sources(
    use: Callable[[Sources], Awaitable[_T]],
    *,
    settings: Upstream = QUICK,
    env: Mapping[str, str] | None = None,
) -> _T:
    """Return what ``use`` makes of sources, which are closed after it."""

    async def run() -> _T:
        sources = Sources(settings, direct=OffSource(), env=env or {})
        await sources.open()
        try:
            return await use(sources)
        finally:
            await sources.close()

    return asyncio.run(run())


def read(url: str, path: str, *, env: Mapping[str, str] | None = None) -> bytes:
    """Return a small file of the proxy at a URL."""
    return with_sources(lambda sources: sources.proxy(url).read(path), env=env)


def fetched(url: str, file: ModuleFile = ZIP, *, settings: Upstream = QUICK) -> KeptSink:
    """Return the sink that a file was fetched to."""
    sink = KeptSink()
    with_sources(lambda sources: sources.proxy(url).fetch(file, sink), settings=settings)
    return sink


class ForwardProxy:
    """A real proxy for HTTP: tunnels by CONNECT, and requests with a whole URL.

    ``hosts`` says where those are that no name server knows; ``login`` is user:password.
    """

    def __init__(self, *, login: str = "", hosts: Mapping[str, str] | None = None) -> None:
        self.asked: list[str] = []
        self.url = ""
        self._hosts = hosts or {}
        self._login = base64.b64encode(login.encode()).decode() if login else ""

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator["ForwardProxy"]:
        """Serve on a free port of the loopback interface for as long as the block runs."""
        async with await asyncio.start_server(self._serve, "127.0.0.1", 0) as server:
            self.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            yield self

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError), contextlib.closing(writer):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, target, _ = head.split("\r\n")[0].split(" ")
            self.asked.append(f"{method} {target}")
            if self._login and f"Basic {self._login}" not in head:
                writer.write(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
            elif method == "CONNECT":
                await self._tunnel(target, reader, writer)
            else:
                await self._pass_on(target, head, writer)

    async def _tunnel(
        self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        far_reader, far_writer = await self._open(target)
        with contextlib.closing(far_writer):
            writer.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            await asyncio.gather(_copy(reader, far_writer), _copy(far_reader, writer))

    async def _pass_on(self, target: str, head: str, writer: asyncio.StreamWriter) -> None:
        host, _, path = target.removeprefix("http://").partition("/")
        far_reader, far_writer = await self._open(host)
        with contextlib.closing(far_writer):
            far_writer.write(f"GET /{path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            await _copy(far_reader, writer)

    async def _open(self, host: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        name, port = self._hosts.get(host, host).rsplit(":", 1)
        return await asyncio.open_connection(name, int(port))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
        writer.write_eof()
