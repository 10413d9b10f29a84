"""The application: routes, what is round them, and the document of the API."""

import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Protocol

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from gobp.buildservice.access.gate import Gate
from gobp.buildservice.api import cargo, operations, v1
from gobp.buildservice.api.bodies import BoundedBodies
from gobp.buildservice.api.desk import Desk
from gobp.buildservice.api.documented import document, operation_id
from gobp.buildservice.api.figures import Figures
from gobp.buildservice.api.links import Links
from gobp.buildservice.api.operations import HOOKS, Operation, Receiver
from gobp.buildservice.api.problems import handle_problems
from gobp.buildservice.api.recording import Recorded
from gobp.buildservice.builds.targets import Targets
from gobp.buildservice.proof.keys import SigningKey
from gobp.buildservice.service import BuildService
from gobp.buildservice.settings.schema import Settings
from gobp.serving.draining import Draining
from gobp.serving.writer import LineWriter
from gobp.system.process import SystemCommands

_MOST_BODY = 64 * 1024
_MOST_HOOK = 5 * 1024 * 1024
_NO_LOG = "off"


class Site(Protocol):
    """Pages for people."""

    def routes(self) -> Sequence[BaseRoute]:
        """Return where they are."""
        ...


def make_app(
    settings: Settings,
    service: BuildService,
    gate: Gate,
    receiver: Receiver,
    site: Site,
    draining: Draining,
) -> ASGIApp:
    """Return what answers requests, as an ASGI application. Raises UserError for wrong settings."""
    figures = Figures(Path(settings.root) / "figures")
    app = FastAPI(
        title="gobp builds",
        version=version("gobp"),
        openapi_url=None,  # it is ours, and its usual pages load scripts from elsewhere
        generate_unique_id_function=operation_id,
        redirect_slashes=False,
    )
    app.state.desk = Desk(
        service=service,
        gate=gate,
        links=Links(settings.base_path),
        targets=Targets.of_go(SystemCommands(), os.environ),
        sources=settings.sources,
        waiting=settings.queue.waiting,
        draining=draining,
    )
    handle_problems(app)
    app.include_router(operations.router)
    app.include_router(v1.router)
    app.router.routes.extend(site.routes())
    app.include_router(cargo.router)
    for router in (operations.router, v1.router, cargo.router):
        app.include_router(_heads_of(router))
    app.state.operation = Operation(
        draining=draining,
        figures=figures,
        receiver=receiver,
        key=SigningKey.open(settings.proof, Path(settings.root)).public_pem,
        open=settings.access.metrics,
        document=document(app, settings.base_path),
    )
    bounded = BoundedBodies(
        app, usual=_MOST_BODY, hooks=settings.base_path + HOOKS, most=_MOST_HOOK
    )
    log = settings.log
    writer = None if log.requests == _NO_LOG else LineWriter(log.requests)
    return Recorded(bounded, settings.base_path, figures, writer, log.format)


def _heads_of(router: APIRouter) -> APIRouter:
    """Return what answers HEAD where a router answers GET; the document tells of these once."""
    heads = APIRouter()
    for route in router.routes:
        if isinstance(route, APIRoute) and "GET" in (route.methods or ()):
            heads.add_api_route(
                route.path, route.endpoint, methods=["HEAD"], include_in_schema=False
            )
    return heads
