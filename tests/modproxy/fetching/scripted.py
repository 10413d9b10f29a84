"""Sources, routes and trees that tests make up."""

import asyncio
import io
import zipfile
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from gobp.modproxy.protocol.requests import Kind, ModuleFile
from gobp.modproxy.protocol.version_info import VersionInfo
from gobp.modproxy.routing import Route
from gobp.modproxy.settings.schema import Mode
from gobp.modproxy.sources.source import NotFoundError, Sink
from gobp.modproxy.tree.module_tree import ModuleTree

MODULE = "example.com/Team/m"


class ScriptedSource:
    """Gives what a test puts into it; an exception in place of an answer is raised.

    ``asked`` counts what was asked; ``before`` is awaited before each answer.
    """

    name = "scripted"

    def __init__(self) -> None:
        self.lists: dict[str, Any] = {}
        self.latests: dict[str, Any] = {}
        self.infos: dict[tuple[str, str], Any] = {}
        self.files: dict[str, Any] = {}
        self.announced: int | None = None
        self.asked: Counter[str] = Counter()
        self.before: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(0)

    async def versions(self, module: str) -> tuple[str, ...]:
        answer: tuple[str, ...] = await self._answer("list", self.lists, module)
        return answer

    async def latest(self, module: str) -> VersionInfo:
        answer: VersionInfo = await self._answer("latest", self.latests, module)
        return answer

    async def info(self, module: str, query: str) -> VersionInfo:
        answer: VersionInfo = await self._answer("info", self.infos, (module, query))
        return answer

    async def fetch(self, file: ModuleFile, sink: Sink) -> None:
        content: bytes = await self._answer("file", self.files, file.path)
        sink.expect(len(content) if self.announced is None else self.announced)
        for start in range(0, len(content), 100_000):
            await asyncio.sleep(0)
            await sink.write(content[start : start + 100_000])

    async def close(self) -> None:
        pass

    async def _answer(self, kind: str, answers: dict[Any, Any], key: Any) -> Any:
        self.asked[kind] += 1
        await self.before()
        answer = answers.get(key, NotFoundError(f"no {kind} of {key}"))
        if isinstance(answer, Exception):
            raise answer
        return answer


def tree_in(folder: Path) -> ModuleTree:
    tree = ModuleTree(folder, durable=False)
    tree.prepare()
    return tree


def route_of(
    source: ScriptedSource,
    *trees: ModuleTree,
    mode: Mode = Mode.SYNC,
    notarised: bool = True,
) -> Route:
    return Route(source, trees, mode=mode, notarised=notarised, upstream="https://up.example")


def info_of(version: str) -> VersionInfo:
    return VersionInfo.make(version, "2024-01-02T03:04:05Z")


def file_of(kind: Kind, version: str = "v1.0.0") -> ModuleFile:
    return ModuleFile(MODULE, version, kind)


def zip_of(version: str = "v1.0.0", data: bytes = b"") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in (("go.mod", f"module {MODULE}\n".encode()), ("data", data)):
            archive.writestr(zipfile.ZipInfo(f"{MODULE}@{version}/{name}"), content)
    return buffer.getvalue()
