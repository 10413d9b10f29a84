"""The web page of the build service: which address shows what, and what is said when it cannot."""

from collections.abc import Callable

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from gobp.buildservice.access.gate import Gate, RefusedError
from gobp.buildservice.api.problems import CHALLENGE, Problem, problem_of
from gobp.buildservice.pages.installing import Installing, script_of_failure, told
from gobp.buildservice.pages.links import BadNameError
from gobp.buildservice.pages.look import Look
from gobp.buildservice.pages.ordering import Ordering
from gobp.buildservice.pages.rendering import static_file
from gobp.buildservice.pages.showing import Showing
from gobp.buildservice.resolving.resolver import NotResolvedError
from gobp.buildservice.service import BuildService
from gobp.buildservice.settings.schema import Settings
from gobp.buildservice.state.database import DatabaseError

_MOST_BODY = 64 * 1024
_TITLES = {
    400: "That cannot be built",
    401: "Not logged in",
    403: "Not allowed",
    404: "Not found",
    429: "Too much at once",
}
_Handler = Callable[[Look], Response]
_Failure = Callable[[Look, Problem], Response]


class Site:
    """Shows builds, their logs and repositories, and gives badges and scripts that install.

    What it shows of a repository is what the gate has its reader see.
    """

    def __init__(self, settings: Settings, service: BuildService, gate: Gate) -> None:
        self._settings = settings
        self._gate = gate
        self._showing = Showing(service)
        self._ordering = Ordering(settings.sources, service)
        self._installing = Installing(self._ordering, service)

    def routes(self) -> list[Route]:
        """Return the routes, without the base path; they go before those of cargo's URLs."""
        show, order, install = self._showing, self._ordering, self._installing
        offer = "/get/{program:path}/{goos}/{goarch}"
        return [
            self._route("/", show.builds),
            self._route("/login", _login),
            self._route("/new", order.form),
            self._route("/new", order.ordered, post=True),
            self._route("/b/{id}", show.build),
            self._route("/b/{id}/cancel", order.cancel, post=True),
            self._route("/b/{id}/retry", order.retry, post=True),
            self._route("/r/{repository:path}", show.repository),
            self._route("/badge/{repository:path}.svg", show.badge),
            self._route("/b/{id}/state.txt", install.state, failure=_as_text),
            self._route("/get/{program:path}/install.sh", install.script, failure=_as_script),
            self._route(offer, install.offer, failure=_as_text),
            self._route(offer, install.asked, failure=_as_text, post=True),
            Route("/-/{name}", _static),
        ]

    def _route(
        self, path: str, handler: _Handler, *, failure: _Failure | None = None, post: bool = False
    ) -> Route:
        async def answer(request: Request) -> Response:
            return await self._answer(request, handler, failure or _as_page)

        return Route(path, answer, methods=["POST" if post else "GET"])

    async def _answer(self, request: Request, handler: _Handler, failure: _Failure) -> Response:
        try:
            body = await _body(request)
            look = Look.of(request, self._settings, self._gate, body)
            return await run_in_threadpool(handler, look)
        except BadNameError as error:
            problem = Problem(400, "not-valid", str(error))
        except (Problem, RefusedError, NotResolvedError, DatabaseError) as error:
            problem = problem_of(error)
        return failure(Look.of_nobody(request, self._settings), problem)


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _MOST_BODY:
            raise Problem(413, "too-long", "what was sent is too long")
    return body


def _as_page(look: Look, problem: Problem) -> Response:
    title = _TITLES.get(problem.status, "Not now")
    response = look.message(problem.status, title, problem.detail)
    response.headers.update(problem.headers)
    return response


def _as_text(_look: Look, problem: Problem) -> Response:
    return told({"state": "refused", "text": problem.detail})


def _as_script(_look: Look, problem: Problem) -> Response:
    return script_of_failure(problem.detail)


def _login(look: Look) -> Response:
    """Have the browser ask for a token, where pages are given to anybody too.

    It sends it with all requests below the folder of this URL, which is the base path
    (https://www.rfc-editor.org/rfc/rfc7617#section-2.2).
    """
    if look.name:
        return RedirectResponse(look.links.home(), 303)
    text = "Log in with the token as the password; the user's name does not matter."
    response = look.message(401, "Not logged in", text)
    response.headers["www-authenticate"] = CHALLENGE
    return response


def _static(request: Request) -> Response:
    return static_file(request.path_params["name"]) or Response("not found\n", 404)
