"""The addresses of the service: what is where, and the programs that addresses name."""

import re
from dataclasses import dataclass
from urllib.parse import quote, urlencode

from gobp.buildservice.api import links as api
from gobp.buildservice.builds.build import Artifact, Build

_LONGEST = 300
_REPOSITORY = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._:-]*(?:/[A-Za-z0-9_~-][A-Za-z0-9._~+-]*)*", re.ASCII
)
_REF = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]*(?:/[A-Za-z0-9][A-Za-z0-9._+~-]*)*", re.ASCII)
_PACKAGE = re.compile(r"\.(?:/[A-Za-z0-9_~-][A-Za-z0-9._~+-]*)*", re.ASCII)


class BadNameError(ValueError):
    """No name of a program; the text says why, for who wrote it."""


@dataclass(frozen=True, slots=True)
class Program:
    """A program as addresses have it: ``github.com/owner/repo@v1.2.3``, perhaps a package of it."""

    repository: str
    ref: str
    package: str = ""

    def __str__(self) -> str:
        return f"{self.repository}@{self.ref}"


def parse_program(text: str, package: str = "") -> Program:
    """Return the program that ``repository@ref`` names, at latest without a ref. BadNameError."""
    repository, _, ref = text.partition("@")
    program = Program(repository, ref or "latest", package)
    for what, name, rule in (
        ("repository or module", repository, _REPOSITORY),
        ("version", program.ref, _REF),
        ("package", package or ".", _PACKAGE),
    ):
        if len(name) > _LONGEST or not rule.fullmatch(name):
            raise BadNameError(f"{name[:60]!r} is no name of a {what}")
    return program


@dataclass(frozen=True, slots=True)
class Links:
    """Addresses below ``base``: the base path, or the public URL where they are for elsewhere."""

    base: str

    def home(self, **parameters: str) -> str:
        """Return the address of the list of builds; parameters that are "" are left out."""
        kept = {name: value for name, value in parameters.items() if value}
        return f"{self.base}/" + (f"?{urlencode(kept)}" if kept else "")

    def new(self, **parameters: str) -> str:
        """Return the address of the form for a new build."""
        kept = {name: value for name, value in parameters.items() if value}
        return f"{self.base}/new" + (f"?{urlencode(kept)}" if kept else "")

    def build(self, build_id: str) -> str:
        """Return the address of the page of a build."""
        return f"{self.base}/b/{build_id}"

    def told(self, build_id: str) -> str:
        """Return the address at which a script hears how a build is going."""
        return f"{self.base}/b/{build_id}/state.txt"

    def log(self, build: Build) -> str:
        """Return the address of the log: text, or events for who asks for these."""
        return api.Links(self.base).logs(build.id)

    def artifact(self, build: Build, artifact: Artifact) -> str:
        """Return the address of a file that a build gave."""
        return api.Links(self.base).artifact(build.id, artifact.name)

    def repository(self, repository: str) -> str:
        """Return the address of the page of a repository or module."""
        return f"{self.base}/r/{quote(repository, safe='/~:')}"

    def badge(self, repository: str) -> str:
        """Return the address of the badge of a repository or module."""
        return f"{self.base}/badge/{quote(repository, safe='/~:')}.svg"

    def program(self, program: Program) -> str:
        """Return the address below which a program is given to scripts."""
        return f"{self.base}/get/{quote(str(program), safe='/~:@+')}"

    def install(self, program: Program) -> str:
        """Return the address of the script that installs a program."""
        query = f"?package={quote(program.package, safe='./~+')}" if program.package else ""
        return f"{self.program(program)}/install.sh{query}"
