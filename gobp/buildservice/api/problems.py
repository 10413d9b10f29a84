"""What is answered when a request cannot be done: problem details (RFC 9457)."""

import logging
from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from gobp.buildservice.access.gate import RefusedError
from gobp.buildservice.resolving.resolver import NotResolvedError
from gobp.buildservice.state.database import DatabaseError
from gobp.buildservice.storage.store import StorageError

PROBLEM_TYPE = "application/problem+json"
CHALLENGE = 'Basic realm="gobp builds", charset="UTF-8"'
_KINDS = "urn:gobp:problem:"
_AGAIN = "5"  # seconds
_LOG = logging.getLogger(__name__)
_ENCODER = msgspec.json.Encoder()


class Problem(Exception):  # noqa: N818 # the name of the standard
    """A request that is not done. ``kind`` names the problem for programs, ``detail`` for people.

    ``more`` are members that the kind has besides.
    """

    def __init__(
        self,
        status: int,
        kind: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        more: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = headers or {}
        self.more = more or {}

    def response(self) -> Response:
        """Return what is sent."""
        body = {
            "type": f"{_KINDS}{self.kind}",
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": self.detail,
            **self.more,
        }
        headers = {"cache-control": "no-store", **self.headers}
        return Response(_ENCODER.encode(body), self.status, headers, PROBLEM_TYPE)


def not_found(what: str = "there is no such build, or it is not for you") -> Problem:
    """Return the problem of what is not there, or is not for who asks: nobody can tell which."""
    return Problem(404, "not-found", what)


def problem_of(error: Exception) -> Problem:  # noqa: PLR0911 # one for each kind
    """Return the problem that an exception of the parts is for a client."""
    match error:
        case Problem():
            return error
        case RefusedError():
            return _refused(error)
        case NotResolvedError():
            again = {"retry-after": _AGAIN} if error.status >= 500 else {}  # HTTP
            return Problem(error.status, "not-resolved", error.text, again)
        case DatabaseError() | StorageError():
            _LOG.error("%s: %s", type(error).__name__, error)
            text = "what the service keeps cannot be reached now: ask again"
            return Problem(503, "not-available", text, {"retry-after": _AGAIN})
        case RequestValidationError():
            return _not_valid(error)
        case HTTPException():
            return Problem(error.status_code, "http", str(error.detail), error.headers or {})
        case _:
            return Problem(500, "internal", "this is a bug in gobp; the service's log has more")


def handle_problems(app: FastAPI) -> None:
    """Have an application answer with problems."""
    for kind in (
        Problem,
        RefusedError,
        NotResolvedError,
        DatabaseError,
        StorageError,
        RequestValidationError,
        HTTPException,
        Exception,
    ):
        app.add_exception_handler(kind, _answer)


async def _answer(_request: Request, error: Exception) -> Response:
    return problem_of(error).response()


def _refused(error: RefusedError) -> Problem:
    match error.status:
        case 401:
            return Problem(401, "login", error.text, {"www-authenticate": CHALLENGE})
        case 429:
            return Problem(429, "quota", error.text, {"retry-after": str(error.retry_after)})
        case status:
            return Problem(status, "refused", error.text)


def _not_valid(error: RequestValidationError) -> Problem:
    """Say what is wrong where, without the values: they may be secrets at the wrong place."""
    wrong = [
        {"where": ".".join(str(part) for part in each["loc"]), "what": each["msg"]}
        for each in error.errors()
    ]
    detail = "; ".join(f"{each['where']}: {each['what']}" for each in wrong)
    return Problem(400, "not-valid", detail, more={"errors": wrong})
