"""What readers ask for in pages: a new build, the end of one, another try."""

import re

from anyio import from_thread
from starlette.responses import RedirectResponse, Response

from gobp.buildservice.api.problems import Problem, not_found
from gobp.buildservice.builds.build import Build
from gobp.buildservice.builds.order import Order, Target
from gobp.buildservice.pages.links import BadNameError, Program, parse_program
from gobp.buildservice.pages.look import Look
from gobp.buildservice.resolving.chosen import chosen_source
from gobp.buildservice.resolving.resolver import NotResolvedError
from gobp.buildservice.service import BuildService
from gobp.buildservice.settings.schema import Sources

USUAL = (
    "linux/amd64",
    "linux/arm64",
    "darwin/arm64",
    "darwin/amd64",
    "windows/amd64",
    "freebsd/amd64",
)
_FIELDS = ("repository", "ref", "package", "go")
_MOST_TARGETS = 60
_TARGET = re.compile(r"[a-z0-9]{1,20}/[a-z0-9]{1,20}(?:/[A-Za-z0-9._]{1,40})?", re.ASCII)


class Ordering:
    """Asks for builds, for readers of pages and for scripts that install.

    The methods are called in threads of an event loop, where the API's desk is.
    """

    def __init__(self, sources: Sources, service: BuildService) -> None:
        self._sources = sources
        self._service = service

    def form(self, look: Look) -> Response:
        """Show the form for a new build, filled in by parameters."""
        filled = {name: [look.text(name)] for name in _FIELDS}
        return _form(look, filled | {"target": look.request.query_params.getlist("target")})

    def ordered(self, look: Look) -> Response:
        """Take the form: ask for its builds, and go to where they are."""
        fields = look.fields()
        try:
            program, go = _program(fields), _first(fields, "go")
            builds = self.builds(look, [self.order(program, each, go) for each in _targets(fields)])
        except BadNameError as error:
            return _form(look, fields, str(error), 400)
        except NotResolvedError as error:
            return _form(look, fields, error.text, error.status)
        if len(builds) == 1:
            return RedirectResponse(look.links.build(builds[0].id), 303)
        return RedirectResponse(look.links.repository(builds[0].repository), 303)

    def cancel(self, look: Look) -> Response:
        """Cancel a build."""
        build = self._seen(look)
        if not look.reader.may_cancel(build):
            raise Problem(403, "not-yours", "only who asked for the build first may cancel it")
        self._service.builds.cancel(build.id)
        return RedirectResponse(look.links.build(build.id), 303)

    def retry(self, look: Look) -> Response:
        """Build the same source again."""
        build = from_thread.run(look.desk.again, look.reader.who, self._seen(look))
        return RedirectResponse(look.links.build(build.id), 303)

    def order(self, program: Program, target: Target, go: str = "") -> Order:
        """Return the order of a program, by git where the settings have its host."""
        host, _, path = program.repository.partition("/")
        return Order(
            source=chosen_source(self._sources, host, path),
            ref=program.ref,
            target=target,
            package=program.package,
            go=go,
        )

    def builds(self, look: Look, orders: list[Order]) -> list[Build]:
        """Ask for builds. Raises RefusedError, NotResolvedError, Problem, DatabaseError."""
        requested = from_thread.run(look.desk.order, look.reader.who, orders)
        return [each.build for each in requested]

    def found(self, look: Look, order: Order) -> Build | None:
        """Return the build of an order, if there is one. Raises what builds raises."""
        return from_thread.run(look.desk.find, look.reader.who, order)[0]

    def _seen(self, look: Look) -> Build:
        build = self._service.builds.get(look.part("id"))
        if build is None or not look.reader.may_see(build.repository):
            raise not_found()
        return build


def parse_target(text: str) -> Target:
    """Return the target that ``goos/goarch`` or ``goos/goarch/variant`` names. BadNameError."""
    if not _TARGET.fullmatch(text):
        raise BadNameError(f"{text[:60]!r} is no platform: write it as linux/amd64")
    return Target(*text.split("/"))


def _form(
    look: Look, fields: dict[str, list[str]], trouble: str = "", status: int = 200
) -> Response:
    chosen = _split(fields)
    return look.page(
        "new.html",
        status,
        filled={name: _first(fields, name) for name in _FIELDS},
        usual=USUAL,
        chosen=chosen or [USUAL[0]],
        others=" ".join(target for target in chosen if target not in USUAL),
        trouble=trouble,
    )


def _first(fields: dict[str, list[str]], name: str) -> str:
    return fields.get(name, [""])[0].strip()


def _split(fields: dict[str, list[str]]) -> list[str]:
    return " ".join(fields.get("target", [])).replace(",", " ").split()


def _program(fields: dict[str, list[str]]) -> Program:
    """Return the program of a form, whose repository may be pasted from a browser."""
    name = _first(fields, "repository").removeprefix("https://").rstrip("/")
    repository, _, ref = name.partition("@")
    ref = _first(fields, "ref") or ref
    return parse_program(f"{repository}@{ref}", _first(fields, "package"))


def _targets(fields: dict[str, list[str]]) -> list[Target]:
    texts = list(dict.fromkeys(_split(fields)))
    if not texts:
        raise BadNameError("choose a platform to build for")
    if len(texts) > _MOST_TARGETS:
        raise BadNameError(f"{len(texts)} platforms are more than {_MOST_TARGETS}")
    return [parse_target(text) for text in texts]
