"""What a client asks for, and what it was found to stand for."""

from enum import StrEnum

from msgspec import Struct


class Recipe(StrEnum):
    """How source becomes a program."""

    AUTO = "auto"  # make where a repository has a Makefile, else go
    GO = "go"
    MAKE = "make"
    BUILDPACK = "buildpack"  # gobp's own; gives an OCI image


class ModuleSource(Struct, frozen=True, tag="module", tag_field="type"):
    """A module, which the module proxy has: ``path`` such as ``filippo.io/age``."""

    path: str

    @property
    def name(self) -> str:
        """What people call it."""
        return self.path


class GitSource(Struct, frozen=True, tag="git", tag_field="type"):
    """A repository: ``host`` may have a port, ``path`` is such as ``owner/repo`` or longer.

    ``submodules`` says whether they are fetched too.
    """

    host: str
    path: str
    submodules: bool = False

    @property
    def name(self) -> str:
        """What people call it, as ``git.example/owner/repo``."""
        return f"{self.host}/{self.path}"


Source = ModuleSource | GitSource


class Target(Struct, frozen=True, order=True):
    """A platform by Go's names: ``goos``, ``goarch``; ``variant`` is GOARM, GOAMD64... or ""."""

    goos: str
    goarch: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(part for part in (self.goos, self.goarch, self.variant) if part)


class Order(Struct, frozen=True, kw_only=True):
    """One program for one target, as it was asked for.

    ``ref`` is a version, tag, branch, commit, ``latest``, or a prefix such as ``v1`` or ``v1.2.x``.
    ``package`` is ``./cmd/x``, or "" for all programs of the module's root (see recipes). ``go`` is
    a Go version such as ``1.25.4``, "" for the service's. ``verify`` builds twice and compares.
    """

    source: Source
    ref: str
    target: Target
    package: str = ""
    go: str = ""
    tags: tuple[str, ...] = ()
    ldflags: str = ""
    recipe: Recipe = Recipe.AUTO
    verify: bool = False


class Pin(Struct, frozen=True, kw_only=True):
    """What an order's ref stood for when it was asked.

    ``version`` is a module's version, or the tag or branch of a repository as it was found (else
    the commit); ``commit`` is a repository's commit in hex; ``h1`` is the hash of a module's zip.
    ``moving`` says that the ref can stand for something else tomorrow. ``time`` is the commit's,
    in seconds of the epoch: files in archives have it.
    """

    version: str
    commit: str = ""
    h1: str = ""
    moving: bool = False
    time: int = 0
