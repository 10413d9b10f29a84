"""Who looks at pages, and what this one may see and do."""

from dataclasses import dataclass

from starlette.requests import Request

from gobp.buildservice.access.gate import Gate, RefusedError
from gobp.buildservice.access.principal import Principal
from gobp.buildservice.builds.build import Build

_SAFE = {"GET", "HEAD"}
_FROM_HERE = {"same-origin", "none"}


@dataclass(frozen=True, slots=True)
class Reader:
    """Somebody who looks at pages."""

    gate: Gate
    who: Principal

    @classmethod
    def of(cls, request: Request, gate: Gate) -> "Reader":
        """Return who sends a request. Raises RefusedError.

        Browsers send a login with every request, so another site could have them ask for builds:
        they say where a request comes from (https://www.w3.org/TR/fetch-metadata/), and what is
        not from a page of ours changes nothing.
        """
        origin = request.headers.get("sec-fetch-site", "none")
        if request.method not in _SAFE and origin not in _FROM_HERE:
            raise RefusedError(403, "this is not asked from another site")
        peer = request.client.host if request.client else ""
        headers = request.headers
        who = gate.identify(
            headers.get("authorization", ""), peer, headers.get("x-forwarded-for", "")
        )
        gate.require(who, "read")
        return cls(gate, who)

    @property
    def name(self) -> str:
        """The name of the token, "" for whoever has none."""
        return "" if self.who.anonymous else self.who.name

    @property
    def may_build(self) -> bool:
        """Whether builds may be asked for at all."""
        return self.who.admin or "build" in self.who.scopes

    def may_see(self, repository: str) -> bool:
        """Say whether there is this repository for this one."""
        return self.gate.may_see(self.who, repository)

    def may_cancel(self, build: Build) -> bool:
        """Say whether this one may cancel a build."""
        return self.gate.may_change(self.who, build.who, build.repository)
