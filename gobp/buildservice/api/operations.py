"""What operators and other machines ask: health, figures, keys; and webhooks."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Protocol

from fastapi import APIRouter, Depends, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import PlainTextResponse, Response

from gobp.buildservice.api.desk import SECURED, TheDesk, identified
from gobp.buildservice.api.documented import problems
from gobp.buildservice.api.figures import Figures
from gobp.buildservice.api.links import PREFIX
from gobp.buildservice.api.problems import Problem
from gobp.buildservice.state.database import DatabaseError
from gobp.buildservice.storage.store import StorageError
from gobp.serving.draining import Draining

HOOKS = "/hooks/"
router = APIRouter(tags=["operation"])
_NO_BUILD = "0" * 32
_PEM = "application/x-pem-file"
_REPLIES = (202, 400, 401, 403, 404, 413, 422, 429, 502, 503)


class Reply(Protocol):
    """What the sender of a webhook is told."""

    @property
    def status(self) -> int:
        """The status of HTTP."""
        ...

    @property
    def text(self) -> str:
        """One line."""
        ...


class Receiver(Protocol):
    """Takes webhooks."""

    def receive(self, name: str, headers: Mapping[str, str], body: bytes, /) -> Reply:
        """Do what a delivery to /hooks/``name`` asks for; call it in a thread."""
        ...


@dataclass(frozen=True, slots=True)
class Operation:
    """What operators ask about.

    ``key`` is the public one in PEM; ``open`` says whether everybody may read the figures;
    ``document`` is that of the API.
    """

    draining: Draining
    figures: Figures
    receiver: Receiver
    key: str
    open: bool
    document: bytes


async def _operation(request: Request) -> Operation:
    operation: Operation = request.app.state.operation
    return operation


TheOperation = Annotated[Operation, Depends(_operation)]


@router.get("/healthz", summary="Is it alive?", response_class=PlainTextResponse)
async def get_health() -> Response:
    """Answer as long as the process does."""
    return PlainTextResponse("ok\n")


@router.get(
    "/readyz",
    summary="Can it work?",
    response_class=PlainTextResponse,
    responses={503: {"description": "Not now: the text says why."}},
)
async def get_readiness(desk: TheDesk, operation: TheOperation) -> Response:
    """Ask the database and the storage; say no while the server stops."""
    if operation.draining.begun:
        return PlainTextResponse("draining: this server stops soon\n", 503)
    service = desk.service
    for what, ask in (
        ("database", service.builds.counts),
        ("storage", lambda: service.store.published(_NO_BUILD)),
    ):
        try:
            await desk.read(ask)
        except (DatabaseError, StorageError):
            return PlainTextResponse(f"the {what} cannot be reached\n", 503)
    return PlainTextResponse("ready\n")


@router.get(
    "/metrics",
    summary="Read the figures",
    response_class=PlainTextResponse,
    responses=problems(),
    dependencies=SECURED,
)
async def get_metrics(request: Request, desk: TheDesk, operation: TheOperation) -> Response:
    """Return what was counted, for Prometheus; with a token where the settings say so."""
    if not operation.open:
        who = await identified(request, desk)
        if who.anonymous:
            raise Problem(401, "login", "the figures need a token")
    service = desk.service
    counts = await desk.read(service.builds.counts)
    text = await desk.read(lambda: operation.figures.text(counts, service.engine.running))
    return Response(text, media_type=CONTENT_TYPE_LATEST)


@router.get(
    f"{PREFIX}/keys",
    summary="Get the public key",
    response_class=Response,
    responses={200: {"content": {_PEM: {"schema": {"type": "string"}}}}},
)
@router.get("/keys", include_in_schema=False)
async def get_key(operation: TheOperation) -> Response:
    """Return what provenance is verified with: `gobp verify FILE --key URL`."""
    return Response(operation.key, media_type=_PEM)


@router.get("/openapi.json", include_in_schema=False)
async def get_document(operation: TheOperation) -> Response:
    """Return the document of the API."""
    return Response(operation.document, media_type="application/json")


@router.post(
    HOOKS + "{name}",
    summary="Take a webhook",
    response_class=PlainTextResponse,
    responses={status: {"description": "The text says more."} for status in _REPLIES},
)
async def receive_hook(
    name: str, request: Request, desk: TheDesk, operation: TheOperation
) -> Response:
    """Build what a push of a tag names; the settings say which hooks there are."""
    body = await request.body()
    reply = await desk.ask(lambda: operation.receiver.receive(name, request.headers, body))
    return PlainTextResponse(f"{reply.text}\n", reply.status)
