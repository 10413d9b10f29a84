"""What somebody wants: a program, at a version, for a platform."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode

from gobp.buildservice.pages.links import BadNameError, Links, Program, parse_program
from gobp.errors import UserError
from gobp.system.machine import machine_architecture

_OF_MACHINES = {
    "i386": "386",
    "i686": "386",
    "armv6l": "arm",
    "armv7l": "arm",
    "loongarch64": "loong64",
}
_OF_SYSTEMS = {"win32": "windows", "cygwin": "windows", "sunos5": "solaris"}
_HOST = "github.com"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A program for a platform by Go's names; ``goarch`` may have a variant, as ``arm/7``."""

    program: Program
    goos: str
    goarch: str

    def __str__(self) -> str:
        package = f" {self.program.package}" if self.program.package else ""
        return f"{self.program}{package} for {self.goos}/{self.goarch}"

    def url(self, server: str) -> str:
        """Return where a server offers it."""
        goarch, _, variant = self.goarch.partition("/")
        query = {"package": self.program.package, "variant": variant}
        kept = {name: value for name, value in query.items() if value}
        platform = f"{quote(self.goos, safe='')}/{quote(goarch, safe='')}"
        url = f"{Links(server).program(self.program)}/{platform}"
        return f"{url}?{urlencode(kept)}" if kept else url


def parse_wanted(text: str, package: str, goos: str, goarch: str) -> Wanted:
    """Return what ``owner/repo@ref`` (of github.com) or ``host/path@ref`` stands for. UserError."""
    first = text.partition("/")[0]
    full = text if "." in first or ":" in first else f"{_HOST}/{text}"
    try:
        return Wanted(parse_program(full, package), goos, goarch)
    except BadNameError as error:
        raise UserError(
            str(error), remedy="write it as owner/repo@v1.2.3, or filippo.io/age@latest."
        ) from None


def this_system(platform: str) -> str:
    """Return Go's name of a system, as Python's ``sys.platform`` has it."""
    return _OF_SYSTEMS.get(platform, platform.rstrip("0123456789"))


def this_processor() -> str:
    """Return Go's name of this machine's processor."""
    machine = machine_architecture()
    return _OF_MACHINES.get(machine, machine)
