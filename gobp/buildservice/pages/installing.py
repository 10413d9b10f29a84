"""Programs for scripts: the one that installs, and what it asks the service.

Answers to it are lines of a name, a space and a value, which sh can read: ``state`` always; ``id``,
``page``, ``version`` and ``again`` (where to ask again) of a build; ``name``, ``size``, ``sha256``
and ``url`` of the archive of one that succeeded; ``text`` says why not. They are 200 whatever they
say: with another status curl and wget would keep the text from the script.
"""

import re

from starlette.responses import PlainTextResponse, Response

from gobp.buildservice.builds.build import Build, State
from gobp.buildservice.builds.order import Target
from gobp.buildservice.pages.links import Links, Program, parse_program
from gobp.buildservice.pages.listing import plain
from gobp.buildservice.pages.look import Look
from gobp.buildservice.pages.ordering import Ordering, parse_target
from gobp.buildservice.pages.rendering import NOT_KEPT, render
from gobp.buildservice.service import BuildService
from gobp.buildservice.state.builds import Filter

_BUILDS_OF_A_VERSION = 200
_UNSAFE = re.compile(r"[^A-Za-z0-9@%_+=:,./-]", re.ASCII)
_SCRIPT = "text/x-shellscript; charset=utf-8"


class Installing:
    """Answers scripts. The methods may wait, and raise what services raise."""

    def __init__(self, ordering: Ordering, service: BuildService) -> None:
        self._ordering = ordering
        self._service = service

    def script(self, look: Look) -> Response:
        """Give the script that installs a program; it is the same for whoever asks."""
        program = parse_program(look.part("program"), look.text("package"))
        return _script("install.sh", program=program, url=look.public.program(program))

    def offer(self, look: Look) -> Response:
        """Say what there is of a program for a platform. Nothing is built for it."""
        program, target = _asked(look)
        if not look.reader.may_see(program.repository):
            return told({"state": "missing"})
        build = self._built(program, target)
        build = build or self._ordering.found(look, self._ordering.order(program, target))
        return self._told(look, build)

    def asked(self, look: Look) -> Response:
        """Have a program built for a platform."""
        program, target = _asked(look)
        build = self._built(program, target)
        if build is not None:
            return self._told(look, build)
        builds = self._ordering.builds(look, [self._ordering.order(program, target)])
        return self._told(look, builds[0])

    def state(self, look: Look) -> Response:
        """Say how a build is going."""
        return self._told(look, self._service.builds.get(look.part("id")))

    def _built(self, program: Program, target: Target) -> Build | None:
        """Return a build of just this version, so that what is built does not need its source."""
        which = Filter(
            repository=self._ordering.order(program, target).source.name,
            version=program.ref,
            goos=target.goos,
            goarch=target.goarch,
            state=State.SUCCEEDED,
        )
        builds = self._service.builds.listed(which, limit=_BUILDS_OF_A_VERSION)
        same = (build for build in builds if build.order.target == target)
        return next((build for build in same if plain(build, program.package)), None)

    def _told(self, look: Look, build: Build | None) -> Response:
        if build is None or not look.reader.may_see(build.repository):
            return told({"state": "missing"})
        return told(_facts(build, look.public))


def told(facts: dict[str, str]) -> Response:
    """Return lines of facts for a script."""
    lines = (f"{name} {' '.join(value.split())}\n" for name, value in facts.items())
    return PlainTextResponse("".join(lines), headers=NOT_KEPT)


def script_of_failure(text: str) -> Response:
    """Return a script that says why there is none, and fails."""
    return _script("failure.sh", text=text)


def _asked(look: Look) -> tuple[Program, Target]:
    program = parse_program(look.part("program"), look.text("package"))
    variant = look.text("variant")
    platform = f"{look.part('goos')}/{look.part('goarch')}" + (f"/{variant}" if variant else "")
    return program, parse_target(platform)


def _facts(build: Build, links: Links) -> dict[str, str]:
    facts = {
        "id": build.id,
        "state": build.state.value,
        "page": links.build(build.id),
        "again": links.told(build.id),
        "version": build.pin.version,
        "text": build.message,
    }
    archives = [each for each in build.artifacts if each.kind == "archive"]
    if build.state is State.SUCCEEDED and archives:
        facts |= {
            "name": archives[0].name,
            "size": str(archives[0].size),
            "sha256": archives[0].sha256,
            "url": links.artifact(build, archives[0]),
        }
    return facts


def _script(template: str, **values: object) -> Response:
    content = render(template, quoted=_quoted, **values)
    headers = NOT_KEPT | {"x-content-type-options": "nosniff"}
    return Response(content, 200, headers, media_type=_SCRIPT)


def _quoted(value: object) -> str:
    """Return a value as one word of sh, with nothing in it that ends a line."""
    text = " ".join(str(value).split())
    return text if text and not _UNSAFE.search(text) else "'" + text.replace("'", "'\\''") + "'"
