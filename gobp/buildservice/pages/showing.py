"""The pages that show: the list of builds, a build with its log, a repository and its badge."""

from starlette.responses import Response

from gobp.buildservice.access.gate import shown_name
from gobp.buildservice.builds.build import State
from gobp.buildservice.pages.badge import badge
from gobp.buildservice.pages.links import BadNameError, Program, parse_program
from gobp.buildservice.pages.listing import Listed, newest, versions, visible
from gobp.buildservice.pages.look import Look
from gobp.buildservice.service import BuildService
from gobp.buildservice.state.builds import Filter

BUILDS_ON_A_PAGE = 50
LINES_ON_A_PAGE = 2000
_BUILDS_OF_A_REPOSITORY = 300
_FILTERS = ("q", "state", "version", "goos", "goarch")
_MOST_LINE = 12  # digits


class Showing:
    """Reads what pages show. The methods may wait, and raise DatabaseError."""

    def __init__(self, service: BuildService) -> None:
        self._service = service

    def builds(self, look: Look) -> Response:
        """Show builds, the newest first, of which a reader may ask for some."""
        asked = {name: look.text(name) for name in _FILTERS}
        which = Filter(
            text=asked["q"],
            state=_state(asked["state"]),
            version=asked["version"],
            goos=asked["goos"],
            goarch=asked["goarch"],
        )
        listed = self._visible(look, which, look.text("before"), BUILDS_ON_A_PAGE)
        return look.page(
            "builds.html",
            asked=asked,
            filtered=any(asked.values()),
            listed=listed,
            older=look.links.home(**asked, before=listed.before) if listed.before else "",
            first=not look.text("before"),
            counts=self._service.builds.counts(),
            states=list(State),
        )

    def build(self, look: Look) -> Response:
        """Show a build, and its log from the line after ``after`` on."""
        build = self._service.builds.get(look.part("id"))
        if build is None or not look.reader.may_see(build.repository):
            return look.missing()
        after = _number(look.text("after"))
        lines = self._service.logs.lines(build.id, after=after, limit=LINES_ON_A_PAGE + 1)
        return look.page(
            "build.html",
            build=build,
            who=shown_name(build.who),
            may_cancel=not build.state.final and look.reader.may_cancel(build),
            may_retry=build.state.final and build.state is not State.SUCCEEDED and look.may_build,
            after=after,
            lines=lines[:LINES_ON_A_PAGE],
            more=len(lines) > LINES_ON_A_PAGE,
        )

    def repository(self, look: Look) -> Response:
        """Show the versions of a repository, and how to install the newest."""
        name = look.part("repository")
        listed = self._of(look, name)
        if not listed.builds:
            return look.missing()
        best = newest(listed.builds)
        program = best and Program(name, best.pin.version, best.order.package)
        return look.page(
            "repository.html",
            name=name,
            versions=versions(listed.builds),
            program=program,
            more=bool(listed.before),
        )

    def badge(self, look: Look) -> Response:
        """Give the badge of a repository: of its last build, at ``version`` where that is asked."""
        name, version = look.part("repository"), look.text("version")
        listed = self._of(look, name, version, limit=1)
        return badge(listed.builds[0] if listed.builds else None)

    def _of(
        self, look: Look, name: str, version: str = "", limit: int = _BUILDS_OF_A_REPOSITORY
    ) -> Listed:
        try:
            parse_program(name)
        except BadNameError:
            return Listed((), "")
        return self._visible(look, Filter(repository=name, version=version), "", limit)

    def _visible(self, look: Look, which: Filter, before: str, limit: int) -> Listed:
        may_see = look.reader.may_see
        return visible(self._service.builds, which, may_see, before=before, limit=limit)


def _state(text: str) -> State | None:
    return State(text) if text in set(State) else None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _MOST_LINE else 0
