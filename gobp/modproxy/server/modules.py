"""The step that answers for modules: whose they are, then what the module service says."""

from gobp.modproxy.access.access import Access
from gobp.modproxy.access.principal import Principal
from gobp.modproxy.fetching.service import ModuleService
from gobp.modproxy.protocol.answers import Answer, failure
from gobp.modproxy.protocol.requests import (
    CACHED_ONLY,
    Latest,
    ModuleFile,
    NotOfTheProtocolError,
    Query,
    Request,
    SumdbFile,
    VersionList,
    parse_request,
)
from gobp.modproxy.routing import Router
from gobp.modproxy.server.asked import Asked

_ALLOWED = (("allow", "GET, HEAD"),)


class Modules:
    """Answers every path that no other step has: as files of the protocol, or 404."""

    def __init__(self, service: ModuleService, router: Router, access: Access) -> None:
        self._service = service
        self._router = router
        self._access = access

    async def answer(self, asked: Asked, principal: Principal) -> Answer:
        """See Step.answer."""
        try:
            request = parse_request(asked.path.removeprefix(CACHED_ONLY))
        except NotOfTheProtocolError as error:
            return failure(404, f"not found: {error}")
        asked.request, asked.kind = request, kind_of(request)
        if not asked.reads:
            return failure(405, "modules are read with GET and HEAD", headers=_ALLOWED)
        refusal = self._refusal(request, principal)
        if refusal is not None:
            return refusal
        asked.private = not self._is_for_all(module_of(request))
        cached_only = asked.path.startswith(CACHED_ONLY) or _says_cached_only(asked)
        return await self._service.answer(request, cached_only=cached_only)

    def _refusal(self, request: Request, principal: Principal) -> Answer | None:
        module = module_of(request)
        if not module or principal.may_read(module):
            return None
        return self._access.refusal(principal, module, private=self._router.is_private(module))

    def _is_for_all(self, module: str) -> bool:
        anybody = self._access.recall(None)
        return anybody is not None and (not module or anybody.may_read(module))


def module_of(request: Request | None) -> str:
    """Return the module that a request is about, "" for a checksum database."""
    return "" if request is None or isinstance(request, SumdbFile) else request.module


def kind_of(request: Request) -> str:
    """Return what the log and the figures call a request."""
    match request:
        case ModuleFile():
            return request.kind.value
        case VersionList():
            return "list"
        case Latest():
            return "latest"
        case Query():
            return "query"
        case _:
            return "sumdb"


def _says_cached_only(asked: Asked) -> bool:
    return (asked.headers.get("disable-module-fetch") or "").lower() == "true"
