"""Fetch files into the trees as a server does for its clients: the same rules and checks."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from gobp.modproxy.commands.outcome import Problem, Progress
from gobp.modproxy.fetching.service import ModuleService
from gobp.modproxy.protocol.answers import Answer, Origin, Streamed
from gobp.modproxy.protocol.requests import ModuleFile, Request
from gobp.modproxy.sources.source import SourceError

_AT_ONCE = 24
_OK = 200
_ASK_AGAIN = "run the command again; `gobp modules check` explains why a module does not come."
_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


class UnfetchedError(Exception):
    """What was asked for does not come; the text is that which a go command would be shown."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file in a tree: ``new`` where it was fetched now."""

    file: ModuleFile
    path: Path
    new: bool


class Fetching:
    """Asks the module service, a few requests at once."""

    def __init__(self, service: ModuleService) -> None:
        self._service = service
        self._turns = asyncio.Semaphore(_AT_ONCE)

    async def file(self, file: ModuleFile) -> Fetched:
        """Return a file once it is in its tree. Raises UnfetchedError."""
        answer = await self._answer(file)
        new = answer.origin is not Origin.TREE
        if isinstance(answer.body, Streamed):
            try:
                async for _ in answer.body.chunks:
                    pass
            except SourceError as error:
                raise UnfetchedError(error.text) from None
            answer = await self._answer(file)
        if not isinstance(answer.body, Path):
            raise UnfetchedError(f"{file} was given, but is not in the tree")
        return Fetched(file, answer.body, new)

    async def small(self, request: Request) -> bytes:
        """Return a list, an answer to a query or a file of a database. Raises UnfetchedError."""
        body = (await self._answer(request)).body
        if isinstance(body, Path):
            return await asyncio.to_thread(body.read_bytes)
        if isinstance(body, bytes):
            return body
        return b"".join([chunk async for chunk in body.chunks])

    async def _answer(self, request: Request) -> Answer:
        async with self._turns:
            answer = await self._service.answer(request)
        if answer.status == _OK:
            return answer
        reason = answer.body.decode().strip() if isinstance(answer.body, bytes) else ""
        raise UnfetchedError(reason or f"the answer was {answer.status}")


async def each_at_once(
    work: Callable[[_Item], Awaitable[_Result]],
    items: Iterable[_Item],
    progress: Progress,
) -> tuple[list[_Result], list[Problem]]:
    """Return what came of the items, in their order, and a problem for each that did not come."""

    async def one(item: _Item) -> _Result | Problem:
        try:
            return await work(item)
        except UnfetchedError as error:
            return Problem(str(item), str(error), _ASK_AGAIN)
        finally:
            progress.step()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one(item)) for item in items]
    outcomes = [task.result() for task in tasks]
    problems = [outcome for outcome in outcomes if isinstance(outcome, Problem)]
    return [outcome for outcome in outcomes if not isinstance(outcome, Problem)], problems
