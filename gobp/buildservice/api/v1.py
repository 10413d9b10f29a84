"""/api/v1: all that can be asked of the service."""

from collections.abc import AsyncIterator, Mapping
from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Body, Query, Request
from fastapi.openapi.models import Example
from pydantic import BaseModel
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from gobp.buildservice.access.principal import Principal
from gobp.buildservice.api.desk import MOST_SECONDS_TO_WAIT, SECURED, Desk, TheDesk, Who
from gobp.buildservice.api.documented import BuildId, file_answers, problems
from gobp.buildservice.api.downloads import Download, send
from gobp.buildservice.api.following import as_events, as_json_lines, as_text, followed, json_of
from gobp.buildservice.api.links import PREFIX
from gobp.buildservice.api.models import (
    BuildList,
    BuildModel,
    Form,
    ListQuery,
    LogQuery,
    NewBuilds,
    TargetModel,
)
from gobp.buildservice.api.problems import Problem, not_found
from gobp.buildservice.builds.build import Build, State
from gobp.buildservice.logs.log import Line

router = APIRouter(prefix=PREFIX, dependencies=SECURED)
_JSON = "application/json"
_AT_ONCE = 100
_MOST_ROUNDS = 20
_LONGEST_NUMBER = 15  # digits
_EXAMPLES: dict[str, Example] = {
    "module": {
        "summary": "Programs of a module, for two platforms",
        "value": {
            "source": {"type": "module", "path": "filippo.io/age"},
            "ref": "v1.2.1",
            "package": "./cmd/age",
            "targets": ["linux/amd64", "darwin/arm64"],
        },
    },
    "repository": {
        "summary": "A repository by its Makefile, at the newest version of a line",
        "value": {
            "source": {"type": "git", "host": "git.example", "path": "group/sub/repo"},
            "ref": "v1.2.x",
            "targets": ["linux/arm/7"],
            "recipe": "make",
        },
    },
    "everything": {
        "summary": "All that can be said",
        "value": {
            "source": {"type": "module", "path": "filippo.io/age"},
            "ref": "latest",
            "package": "./cmd/age",
            "targets": ["linux/amd64/v3"],
            "go": "1.25.4",
            "tags": ["netgo", "osusergo"],
            "ldflags": "-s -w",
            "recipe": "go",
            "verify": True,
        },
    },
}


@router.post(
    "/builds",
    status_code=202,
    summary="Ask for builds",
    tags=["builds"],
    response_model=BuildList,
    responses={
        200: {"description": "All of them are there already.", "model": BuildList},
        **problems(404, 413, 502),
    },
)
async def create_builds(
    asked: Annotated[NewBuilds, Body(openapi_examples=_EXAMPLES)], desk: TheDesk, who: Who
) -> Response:
    """Build a program for one platform or several: all are queued, or none.

    A build that waits, runs or has succeeded already is not done again: it is the answer. So this
    can be asked any number of times. `Location` is that of the build where there is one only.
    """
    requested = await desk.order(who, asked.orders())
    found = [each.build for each in requested]
    over = all(build.state is State.SUCCEEDED for build in found)
    headers = {"location": desk.links.build(found[0].id)} if len(found) == 1 else {}
    return json_answer(_listed(found, "", desk), 200 if over else 202, headers)


@router.get(
    "/builds",
    summary="List builds",
    tags=["builds"],
    response_model=BuildList,
    responses=problems(),
)
async def list_builds(desk: TheDesk, who: Who, query: Annotated[ListQuery, Query()]) -> Response:
    """Return builds, the newest first.

    `next`, and the header `Link` with `rel="next"`, lead to the next page. A page may have fewer
    builds than `limit` before the last one.
    """
    desk.gate.require(who, "read")
    page, following = await desk.read(lambda: _page(desk, who, query))
    headers = {}
    if following:
        given = query.model_dump(mode="json", exclude_defaults=True, exclude={"cursor"})
        next_page = urlencode({**given, "cursor": following})
        headers["link"] = f'<{desk.links.builds(next_page)}>; rel="next"'
    return json_answer(_listed(page, following, desk), 200, headers)


@router.get(
    "/builds/{build_id}",
    summary="See a build",
    tags=["builds"],
    response_model=BuildModel,
    responses=problems(404),
)
async def get_build(
    build_id: BuildId,
    desk: TheDesk,
    who: Who,
    wait: Annotated[int, Query(ge=0, le=MOST_SECONDS_TO_WAIT)] = 0,
) -> Response:
    """Return a build as it is; with `wait`, once it is over, or after so many seconds."""
    build = await desk.when_over(await desk.build(who, build_id), wait)
    return json_answer(BuildModel.of(build, desk.links))


@router.delete(
    "/builds/{build_id}",
    status_code=202,
    summary="Cancel a build",
    tags=["builds"],
    response_model=BuildModel,
    responses={
        200: {"description": "It has been cancelled.", "model": BuildModel},
        **problems(404, 409),
    },
)
async def cancel_build(build_id: BuildId, desk: TheDesk, who: Who) -> Response:
    """Cancel what waits, or have what runs end soon (202). For who asked first, and admins."""
    build = await _to_change(desk, who, build_id)
    if build.state.final:
        raise Problem(409, "over", f"the build is over: {build.state}")
    after = await desk.read(lambda: desk.service.builds.cancel(build_id))
    if after is None:
        raise not_found()
    return json_answer(BuildModel.of(after, desk.links), 200 if after.state.final else 202)


@router.post(
    "/builds/{build_id}/retry",
    status_code=202,
    summary="Build again what has failed",
    tags=["builds"],
    response_model=BuildModel,
    responses=problems(404, 409),
)
async def retry_build(build_id: BuildId, desk: TheDesk, who: Who) -> Response:
    """Queue a new build of the same source, whatever its ref stands for by now."""
    build = await desk.build(who, build_id)
    if not build.state.final or build.state is State.SUCCEEDED:
        raise Problem(409, "not-failed", f"the build is {build.state}: it has not failed")
    again = await desk.again(who, build)
    where = {"location": desk.links.build(again.id)}
    return json_answer(BuildModel.of(again, desk.links), 202, where)


@router.put(
    "/builds/{build_id}/pin",
    summary="Keep a build",
    tags=["operation"],
    response_model=BuildModel,
    responses=problems(404),
)
async def pin_build(build_id: BuildId, desk: TheDesk, who: Who) -> Response:
    """Keep a build and its files, however old they get. For admins."""
    return await _pin(desk, who, build_id, pinned=True)


@router.delete(
    "/builds/{build_id}/pin",
    summary="Keep a build no more than others",
    tags=["operation"],
    response_model=BuildModel,
    responses=problems(404),
)
async def unpin_build(build_id: BuildId, desk: TheDesk, who: Who) -> Response:
    """Let a build go in its time. For admins."""
    return await _pin(desk, who, build_id, pinned=False)


@router.get(
    "/builds/{build_id}/logs",
    summary="Read or follow the log",
    tags=["logs"],
    response_class=PlainTextResponse,
    responses={
        200: {
            "description": "Text, a JSON object a line, or events: as `Accept` or `form` says.",
            "content": {
                "text/plain": {"example": "fetching filippo.io/age v1.2.1\n"},
                "application/x-ndjson": {
                    "example": '{"number":1,"time":"2026-11-21T18:00:00.000Z",'
                    '"level":"info","text":"fetching filippo.io/age v1.2.1"}\n'
                },
                "text/event-stream": {
                    "example": 'id: 1\nevent: line\ndata: {"number":1,...}\n\n'
                    'event: status\ndata: {"state":"succeeded","message":""}\n\n'
                },
            },
        },
        **problems(404),
    },
)
async def get_log(
    request: Request,
    build_id: BuildId,
    desk: TheDesk,
    who: Who,
    query: Annotated[LogQuery, Query()],
) -> Response:
    """Return the log. Events always follow it; `event: status` is the last one.

    An `EventSource` goes on where it was when the connection breaks (`Last-Event-ID`). In a
    terminal: `curl -N URL?follow=1`.
    """
    build = await desk.build(who, build_id)
    form = query.form or _accepted(request.headers.get("accept", ""))
    follow, after = query.follow, query.after
    if form is Form.EVENTS:
        follow = True
        after = _number(request.headers.get("last-event-id", "")) or after
    return log_answer(request, form, followed(desk, build, after=after, follow=follow))


@router.get(
    "/builds/{build_id}/artifacts/{name}",
    summary="Download a file",
    tags=["artifacts"],
    response_class=Response,
    responses=file_answers(),
)
async def get_artifact(
    request: Request, build_id: BuildId, name: str, desk: TheDesk, who: Who
) -> Response:
    """Return a file that a build gave. It never changes: caches may keep it.

    Ranges and conditional requests work; `NAME.sha256` is its sum, as `sha256sum -c` takes it.
    """
    build = await desk.build(who, build_id)
    return await file_answer(request, desk, build, name)


@router.get(
    "/builds/{build_id}/SHA256SUMS",
    summary="Get the sums of all files",
    tags=["artifacts"],
    response_class=PlainTextResponse,
    responses=problems(404),
)
async def get_sums(build_id: BuildId, desk: TheDesk, who: Who) -> Response:
    """Return a line for each file, as `sha256sum -c` takes it."""
    return PlainTextResponse(sums_of(await desk.build(who, build_id)))


@router.get(
    "/targets",
    summary="List the platforms",
    tags=["builds"],
    responses=problems(),
)
async def list_targets(desk: TheDesk, who: Who) -> list[TargetModel]:
    """Return what Go can build for, the first-class platforms first."""
    desk.gate.require(who, "read")
    return [
        TargetModel(
            target=str(each),
            goos=each.goos,
            goarch=each.goarch,
            first_class=each.first_class,
            variants=list(each.variants),
        )
        for each in desk.targets.platforms
    ]


def log_answer(
    request: Request, form: Form, portions: AsyncIterator[list[Line] | Build]
) -> Response:
    """Return the answer that a log is sent with."""
    match form:
        case Form.TEXT:
            return streamed(request, "text/plain", as_text(portions))
        case Form.JSON:
            return streamed(request, "application/x-ndjson", as_json_lines(portions, json_of))
        case Form.EVENTS:
            return streamed(request, "text/event-stream", as_events(portions))


def streamed(request: Request, media_type: str, chunks: AsyncIterator[bytes]) -> Response:
    """Return an answer that comes bit by bit; proxies are asked not to hold it back."""
    headers = {"cache-control": "no-store", "x-accel-buffering": "no"}
    if request.method == "HEAD":
        return Response(headers=headers, media_type=media_type)
    return StreamingResponse(chunks, headers=headers, media_type=media_type)


async def file_answer(request: Request, desk: Desk, build: Build, name: str) -> Response:
    """Return a file of a build, or its sum. Raises Problem."""
    private = desk.gate.is_private(build.repository)
    for each in build.artifacts:
        if each.name == name:
            return await send(request, desk, Download(build, each, name, private))
        if f"{each.name}.sha256" == name:
            return PlainTextResponse(f"{each.sha256}  {each.name}\n")
    raise not_found("the build has no such file")


def sums_of(build: Build) -> str:
    """Return the sums of a build's files, as ``sha256sum -c`` takes them."""
    return "".join(
        f"{each.sha256}  {each.name}\n" for each in build.artifacts if each.kind != "sums"
    )


def _accepted(accept: str) -> Form:
    if "text/event-stream" in accept:
        return Form.EVENTS
    return Form.JSON if "application/x-ndjson" in accept or _JSON in accept else Form.TEXT


def _number(event_id: str) -> int:
    """Return the number of the line that a client had last, 0 for what is no number."""
    plain = event_id.isascii() and event_id.isdecimal() and len(event_id) <= _LONGEST_NUMBER
    return int(event_id) if plain else 0


def _page(desk: Desk, who: Principal, query: ListQuery) -> tuple[list[Build], str]:
    """Return builds that may be seen, and from which on to ask for more ("" at the end).

    Who may see little of much is given shorter pages rather than made to wait.
    """
    which, before, limit = query.filter(who.name), query.cursor, query.limit
    builds = desk.service.builds
    found: list[Build] = []
    for _ in range(_MOST_ROUNDS):
        batch = builds.listed(which, before=before, limit=_AT_ONCE)
        found += [build for build in batch if desk.gate.may_see(who, build.repository)]
        if len(found) > limit:
            return found[:limit], found[limit - 1].id
        if len(batch) < _AT_ONCE:
            return found, ""
        before = batch[-1].id
    return found, before


async def _to_change(desk: Desk, who: Principal, build_id: str) -> Build:
    build = await desk.build(who, build_id)
    if not desk.gate.may_change(who, build.who, build.repository):
        raise Problem(403, "not-yours", "only who asked for the build first may do this")
    return build


async def _pin(desk: Desk, who: Principal, build_id: str, *, pinned: bool) -> Response:
    desk.gate.require(who, "admin")
    build = await desk.read(lambda: desk.service.builds.pin(build_id, pinned=pinned))
    if build is None:
        raise not_found()
    return json_answer(BuildModel.of(build, desk.links))


def _listed(builds: list[Build], following: str, desk: Desk) -> BuildList:
    shown = [BuildModel.of(build, desk.links) for build in builds]
    return BuildList.model_construct(builds=shown, next=following)


def json_answer(
    model: BaseModel, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Return an answer that is right for this moment."""
    sent = {"cache-control": "no-store", **(headers or {})}
    return Response(model.model_dump_json(), status, sent, _JSON)
