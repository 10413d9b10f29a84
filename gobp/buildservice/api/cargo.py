"""The URLs of cargo: a POST builds, a GET of the same URL downloads.

https://github.com/monochromegane/cargo. What it said stays as it is for its clients: 202 with
``build_id``, 409 where there is a build, 303 to the archive, 404, the keys of the log's lines.
"""

import dataclasses
from typing import Annotated

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import PlainTextResponse, Response

from gobp.buildservice.access.principal import Principal
from gobp.buildservice.api.desk import MOST_SECONDS_TO_WAIT, SECURED, Desk, TheDesk, Who
from gobp.buildservice.api.documented import BuildId, problems
from gobp.buildservice.api.downloads import Download, send
from gobp.buildservice.api.following import as_json_lines, cargo_json_of, followed
from gobp.buildservice.api.models import BuildModel, CargoBuild
from gobp.buildservice.api.problems import Problem, not_found
from gobp.buildservice.api.v1 import file_answer, json_answer, streamed, sums_of
from gobp.buildservice.builds.build import Artifact, Build, State
from gobp.buildservice.builds.cargo import CargoPath, format_cargo_path, parse_cargo_path
from gobp.buildservice.builds.order import Order, Pin
from gobp.buildservice.resolving.chosen import chosen_source
from gobp.buildservice.state.builds import Filter

_EXAMPLES = {
    "remote": "github.com",
    "owner": "rakyll",
    "repo": "hey",
    "goos": "linux",
    "goarch": "amd64",
    "version": "v0.1.4",
}
_DOCUMENTED = {
    "parameters": [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", "minLength": 1},
            "example": example,
            "description": "Slashes are written `%2F`." if name == "version" else "",
        }
        for name, example in _EXAMPLES.items()
    ]
}
router = APIRouter(dependencies=SECURED, tags=["cargo"])
_PATH = "/{remote}/{owner}/{repo}/{goos}/{goarch}/{version:path}"
_SUMS = "SHA256SUMS"
_ARCHIVE = ".tar.gz"
_A_MOMENT = "2"  # seconds, after which a build may be there
_NOT_KEPT = "no-store"
_MOST_LOOKED_AT = 100
Wait = Annotated[
    int,
    Query(ge=0, le=MOST_SECONDS_TO_WAIT, description="Seconds to wait for the build's end."),
]


async def _path(request: Request) -> CargoPath:
    """Return what the path names: as it was sent, since a version may have slashes."""
    raw = request.scope.get("raw_path", b"").decode("ascii", "replace")
    path = parse_cargo_path(raw.removeprefix(request.scope.get("root_path", "")))
    if path is None:
        raise not_found("nothing is at this path")
    return path


ThePath = Annotated[CargoPath, Depends(_path)]


@router.post(
    _PATH,
    openapi_extra=_DOCUMENTED,
    status_code=202,
    summary="Build a program",
    response_model=CargoBuild,
    responses={
        201: {"description": "With `wait`: it is built.", "model": CargoBuild},
        **problems(404, 409, 502),
    },
)
async def cargo_build(path: ThePath, desk: TheDesk, who: Who, wait: Wait = 0) -> Response:
    """Start a build, or join the one that is under way: then the id is the same.

    409, with the URL, where the archive is there already.
    """
    if path.filename:
        raise not_found("nothing is at this path")
    requested = (await desk.order(who, [_order(desk, path)]))[0]
    build = requested.build
    url = _file_url(desk, path, build)
    if build.state is State.SUCCEEDED and not requested.new:
        more = {"build_id": build.id, "url": url}
        raise Problem(409, "already-exists", "already exists", {"location": url}, more)
    build = await desk.when_over(build, wait)
    return _told(desk, build, url)


@router.get(
    _PATH,
    openapi_extra=_DOCUMENTED,
    status_code=303,
    summary="Download a program",
    response_class=Response,
    responses={
        303: {"description": "The archive is at `Location`: curl -OJL saves it."},
        302: {"description": "The version is a branch, `latest` or the like: see `Location`."},
        202: {"description": "With `build=1`: it is being built.", "model": CargoBuild},
        **problems(404, 502),
    },
)
async def cargo_download(
    request: Request,
    path: ThePath,
    desk: TheDesk,
    who: Who,
    wait: Wait = 0,
    build: Annotated[int, Query(ge=0, le=1, description="1: build what is not there.")] = 0,
) -> Response:
    """Lead to the archive of a build. 404 until it is there; `Link` leads to its status."""
    if path.filename:
        return await _file(request, path, desk, who)
    if build:
        requested = (await desk.order(who, [_order(desk, path)]))[0].build
        if requested.state is not State.SUCCEEDED:
            requested = await desk.when_over(requested, wait)
            if not requested.state.final:
                return _told(desk, requested, _file_url(desk, path, requested))
    there = await _find(request, path, desk, who)
    if isinstance(there, Response):
        return there
    there = _succeeded(desk, await desk.when_over(there, wait))
    private = desk.gate.is_private(there.repository)
    kept = "private" if private else "public"
    headers = {"location": _file_url(desk, path, there), "cache-control": f"{kept}, max-age=60"}
    return Response(status_code=303, headers=headers)


@router.get(
    "/builds/{build_id}", summary="See a build", response_model=BuildModel, responses=problems(404)
)
async def cargo_status(build_id: BuildId, desk: TheDesk, who: Who, wait: Wait = 0) -> Response:
    """Return a build, as /api/v1 does."""
    build = await desk.when_over(await desk.build(who, build_id), wait)
    return json_answer(BuildModel.of(build, desk.links))


@router.get(
    "/builds/{build_id}/logs",
    summary="Follow the log",
    response_class=Response,
    responses={
        200: {
            "description": "A JSON object a line, until the build is over.",
            "content": {
                "application/x-ndjson": {
                    "example": '{"build_id":"0194...","level":"info","msg":"building for'
                    ' linux/amd64","time":"2026-11-21T18:00:00.000Z"}\n'
                }
            },
        },
        **problems(404),
    },
)
async def cargo_log(
    request: Request,
    build_id: BuildId,
    desk: TheDesk,
    who: Who,
    follow: Annotated[bool, Query(description="0: only what is there.")] = True,  # noqa: FBT002 # of the query
) -> Response:
    """Return the log with cargo's keys, line by line as it comes."""
    build = await desk.build(who, build_id)
    lines = as_json_lines(followed(desk, build, after=0, follow=follow), cargo_json_of(build.id))
    return streamed(request, "application/x-ndjson", lines)


async def _file(request: Request, path: CargoPath, desk: Desk, who: Principal) -> Response:
    """Return a file of a build; any name of an archive stands for the archive, as with cargo."""
    there = await _find(request, path, desk, who)
    if isinstance(there, Response):
        return there
    build = _succeeded(desk, there)
    name = path.filename
    if name == _SUMS and not any(each.name == _SUMS for each in build.artifacts):
        return PlainTextResponse(sums_of(build))
    archive = _archive(build)
    known = any(each.name == name for each in build.artifacts)
    if archive is not None and name.endswith(_ARCHIVE) and not known:
        private = desk.gate.is_private(build.repository)
        return await send(request, desk, Download(build, archive, name, private))
    return await file_answer(request, desk, build, name)


async def _find(request: Request, path: CargoPath, desk: Desk, who: Principal) -> Build | Response:
    """Return the build of a path, or the way to the URL of what a moving version stands for now.

    What is there already is found without asking where it came from, which may be gone.
    Raises Problem where there is no build.
    """
    order = _order(desk, path)
    kept = await _kept(desk, who, order)
    if kept is not None:
        return kept
    build, pin = await desk.find(who, order)
    if pin.moving:
        pinned = desk.links.below(format_cargo_path(_pinned(path, pin)))
        query = f"?{request.url.query}" if request.url.query else ""
        headers = {"location": pinned + query, "cache-control": _NOT_KEPT}
        return Response(status_code=302, headers=headers)
    if build is None:
        raise Problem(404, "not-built", "it is not built: POST to this URL builds it")
    return build


async def _kept(desk: Desk, who: Principal, order: Order) -> Build | None:
    """Return the last build of exactly this version that has succeeded."""
    desk.gate.require(who, "read")
    if not desk.gate.may_see(who, order.source.name):
        raise not_found()
    which = Filter(
        repository=order.source.name,
        state=State.SUCCEEDED,
        version=order.ref,
        goos=order.target.goos,
        goarch=order.target.goarch,
    )
    builds = await desk.read(lambda: desk.service.builds.listed(which, limit=_MOST_LOOKED_AT))
    return next((build for build in builds if _is_plain(build, order)), None)


def _is_plain(build: Build, order: Order) -> bool:
    """Say whether a build is what cargo's URL asks for, which cannot say more."""
    plain = msgspec.structs.replace(
        build.order, source=order.source, ref=order.ref, go="", verify=False
    )
    return plain == order and not build.pin.moving


def _succeeded(desk: Desk, build: Build) -> Build:
    """Return a build that gave an archive. Raises Problem, which leads to the build."""
    if build.state is State.SUCCEEDED:
        return build
    headers = {"link": f'<{desk.links.cargo_status(build.id)}>; rel="status"'}
    more = {"build_id": build.id, "state": build.state}
    if build.state.final:
        detail = f"the build {build.state}: {build.message}"
        raise Problem(404, "build-failed", detail, headers, more)
    headers["retry-after"] = _A_MOMENT
    raise Problem(404, "building", f"the build is {build.state}", headers, more)


def _told(desk: Desk, build: Build, url: str) -> Response:
    """Return the answer to who asked for a build."""
    done = build.state is State.SUCCEEDED
    headers = {"location": url if done else desk.links.cargo_status(build.id)}
    if not build.state.final:
        headers["retry-after"] = _A_MOMENT
    body = CargoBuild(build_id=build.id, state=build.state, message=build.message, url=url)
    return json_answer(body, 201 if done else 202, headers)


def _order(desk: Desk, path: CargoPath) -> Order:
    source = chosen_source(desk.sources, path.remote, f"{path.owner}/{path.repo}")
    return Order(source=source, ref=path.version, target=path.target)


def _pinned(path: CargoPath, pin: Pin) -> CargoPath:
    """Return the path that means the same tomorrow."""
    if not pin.moving:
        return path
    return dataclasses.replace(path, version=pin.commit or pin.version)


def _file_url(desk: Desk, path: CargoPath, build: Build) -> str:
    """Return where the archive of a build is, or will be."""
    archive = _archive(build)
    name = archive.name if archive else path.archive
    file = dataclasses.replace(_pinned(path, build.pin), filename=name)
    return desk.links.below(format_cargo_path(file))


def _archive(build: Build) -> Artifact | None:
    return next((each for each in build.artifacts if each.kind in {"archive", "image"}), None)
