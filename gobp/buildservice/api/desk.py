"""What the handlers of requests share: who asks, and the service asked in threads."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, TypeVar

from anyio import CapacityLimiter
from anyio.to_thread import run_sync
from fastapi import Depends, Request
from fastapi.security import HTTPBasic, HTTPBearer

from gobp.buildservice.access.gate import Gate
from gobp.buildservice.access.principal import Principal
from gobp.buildservice.api.links import Links
from gobp.buildservice.api.problems import Problem, not_found
from gobp.buildservice.builds.build import Build, Reason, State
from gobp.buildservice.builds.key import key_of
from gobp.buildservice.builds.order import Order, Pin
from gobp.buildservice.builds.targets import Targets
from gobp.buildservice.service import BuildService
from gobp.buildservice.settings.schema import Sources
from gobp.buildservice.state import builds as state
from gobp.buildservice.state.builds import Requested
from gobp.serving.draining import Draining

MOST_SECONDS_TO_WAIT = 60
_LOOKS_EVERY = 0.2  # seconds
_RESOLVING = 16  # at the same time: each may take as long as an upstream does
_READING = 32
_RETRY_AFTER = "30"
_FROM_HERE = {"same-origin", "none"}
_SAFE = {"GET", "HEAD"}
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Desk:
    """The service, as handlers of requests ask it. ``waiting`` is how many builds may wait."""

    service: BuildService
    gate: Gate
    links: Links
    targets: Targets
    sources: Sources
    waiting: int
    draining: Draining = field(default_factory=Draining)
    _resolving: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_RESOLVING))
    _reading: CapacityLimiter = field(default_factory=lambda: CapacityLimiter(_READING))

    async def read(self, ask: Callable[[], _T]) -> _T:
        """Do something that waits for the database or the storage."""
        return await run_sync(ask, limiter=self._reading)

    async def ask(self, ask: Callable[[], _T]) -> _T:
        """Do something that may wait for what is elsewhere: it has threads of its own."""
        return await run_sync(ask, limiter=self._resolving)

    async def build(self, who: Principal, build_id: str) -> Build:
        """Return a build. Raises Problem where there is none, or it is not for who asks."""
        self.gate.require(who, "read")
        build = await self.read(lambda: self.service.builds.get(build_id))
        if build is None or not self.gate.may_see(who, build.repository):
            raise not_found()
        return build

    async def order(
        self, who: Principal, orders: Sequence[Order], reason: Reason = Reason.REQUEST
    ) -> list[Requested]:
        """Ask for builds, all or none. Raises RefusedError, NotResolvedError, Problem."""
        for order in orders:
            self.gate.require_build(who, order.source.name)
        return await self.ask(lambda: self._order(who, orders, reason))

    async def again(self, who: Principal, build: Build) -> Build:
        """Have a build built again that has failed, from the same source."""
        self.gate.require_build(who, build.repository)
        request = state.Request(
            key=build.key,
            order=build.order,
            pin=build.pin,
            who=who.name,
            reason=Reason.RETRY,
            priority=who.priority,
        )
        return (await self.read(lambda: self._queue(who, [request])))[0].build

    async def find(self, who: Principal, order: Order) -> tuple[Build | None, Pin]:
        """Return the build of an order, and what it stands for. Raises NotResolvedError."""
        self.gate.require(who, "read")
        if not self.gate.may_see(who, order.source.name):
            raise not_found()
        build, pin = await self.ask(lambda: self.service.find(order))
        if build is not None and not self.gate.may_see(who, build.repository):
            raise not_found()
        return build, pin

    async def when_over(self, build: Build, seconds: float) -> Build:
        """Return a build once it is over, or as it is after so many seconds."""
        end = time.monotonic() + seconds
        while not (build.state.final or self.draining.begun) and time.monotonic() < end:
            await asyncio.sleep(_LOOKS_EVERY)
            build = await self.now(build)
        return build

    async def now(self, build: Build) -> Build:
        """Return a build as it is now."""
        newer = await self.read(lambda: self.service.builds.get(build.id))
        return newer or build

    def _order(self, who: Principal, orders: Sequence[Order], reason: Reason) -> list[Requested]:
        requests = []
        for asked in orders:
            order, pin = self.service.resolver.resolve(asked)
            self.gate.require_build(who, order.source.name)  # resolving may settle another name
            requests.append(
                state.Request(
                    key=key_of(order, pin, self.service.go),
                    order=order,
                    pin=pin,
                    who=who.name,
                    reason=reason,
                    priority=who.priority,
                )
            )
        return self._queue(who, requests)

    def _queue(self, who: Principal, requests: Sequence[state.Request]) -> list[Requested]:
        """Queue what is not there yet: only that is counted."""
        builds = self.service.builds
        new = sum(not _stands(builds.of_key(request.key)) for request in requests)
        if new:
            self.gate.count_builds(who, new, builds)
            if builds.counts().get(State.QUEUED, 0) + new > self.waiting:
                text = "too many builds wait: ask again later"
                raise Problem(503, "queue-full", text, {"retry-after": _RETRY_AFTER})
        return [self.service.engine.request(request) for request in requests]


def _stands(build: Build | None) -> bool:
    """Say whether a build answers a request for the same: it waits, runs or has succeeded."""
    return build is not None and (not build.state.final or build.state is State.SUCCEEDED)


async def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


TheDesk = Annotated[Desk, Depends(_desk)]
_BEARER = HTTPBearer(
    auto_error=False,
    scheme_name="token",
    description="A token that the settings have the hash of. `Authorization: token TOKEN`, and"
    " the token as user or password of Basic, do as well.",
)
_BASIC = HTTPBasic(auto_error=False, scheme_name="basic", description="For browsers and curl -u.")


async def identified(request: Request, desk: TheDesk) -> Principal:
    """Return who asks. Raises RefusedError, Problem.

    Browsers send a login with every request, so that another site could have them ask for things:
    they say where a request comes from (https://www.w3.org/TR/fetch-metadata/).
    """
    headers = request.headers
    changes = request.method not in _SAFE or request.query_params.get("build") == "1"
    if changes and headers.get("sec-fetch-site", "none") not in _FROM_HERE:
        raise Problem(403, "another-site", "this is not asked from another site")
    peer = request.client.host if request.client else ""
    who = desk.gate.identify(
        headers.get("authorization", ""), peer, headers.get("x-forwarded-for", "")
    )
    request.state.user = "" if who.anonymous else who.name
    if who.anonymous:
        request.state.client = who.name  # behind proxies
    return who


Who = Annotated[Principal, Depends(identified)]
SECURED = [Depends(_BEARER), Depends(_BASIC)]  # for the document only: Who does the work
