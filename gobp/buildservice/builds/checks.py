"""Whether an order makes sense, before anybody is asked about it.

Hosts and paths of repositories are checked by sources.guard, which knows what is allowed.
"""

import re

from gobp.buildservice.builds.ldflags import ALLOWED, wrong_ldflag
from gobp.buildservice.builds.order import ModuleSource, Order, Recipe
from gobp.buildservice.builds.targets import Targets
from gobp.buildservice.resolving.resolver import NotResolvedError
from gobp.errors import UserError
from gobp.golang import module
from gobp.golang.version import GoVersion

OLDEST_GO = GoVersion.parse("1.16")  # the first for darwin/arm64, and whose modules are on
_LONGEST = 255
_LONGEST_LDFLAGS = 4096
_MOST_TAGS = 32
_REF = re.compile(r"(?!.*(?:\.\.|//|@\{|/\.|\.lock(?:/|\Z)))[A-Za-z0-9][A-Za-z0-9._/+@=,#-]*")
_PACKAGE = re.compile(r"\.(?:/(?!\.+(?:/|\Z))[A-Za-z0-9._~+-]+)*(?:/\.\.\.)?", re.ASCII)
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.]*", re.ASCII)


def check_order(order: Order, targets: Targets) -> None:
    """Raise NotResolvedError (400), which says what is allowed, for an order without sense."""
    targets.check(order.target)
    _check_source(order)
    if len(order.ref) > _LONGEST or not _REF.fullmatch(order.ref):
        raise _bad(
            f"{order.ref!r} is no version: name one such as v1.2.3, a tag, branch or commit,"
            " latest, or a prefix such as v1 or v1.2.x"
        )
    package = order.package
    if package and (len(package) > _LONGEST or not _PACKAGE.fullmatch(package)):
        raise _bad(f"{package!r} is no package of the source: write its folder, as ./cmd/app")
    _check_go(order.go)
    _check_flags(order)


def _check_source(order: Order) -> None:
    if isinstance(order.source, ModuleSource):
        if len(order.source.path) > _LONGEST:
            raise _bad(f"a module's path has at most {_LONGEST} characters")
        try:
            module.check_path(order.source.path)
        except UserError as error:
            raise _bad(error.summary) from None
    if order.recipe is Recipe.BUILDPACK and order.target.goos != "linux":
        raise _bad(f"an image is built for linux, not for {order.target.goos}")


def _check_go(go: str) -> None:
    if not go:
        return
    try:
        version = GoVersion.parse(go)
    except UserError as error:
        raise _bad(f"{error.summary}: name one such as 1.25.4") from None
    if version < OLDEST_GO:
        raise _bad(f"Go {go} is too old: {OLDEST_GO} and newer can build here")


def _check_flags(order: Order) -> None:
    if len(order.tags) > _MOST_TAGS or not all(
        len(tag) <= _LONGEST and _TAG.fullmatch(tag) for tag in order.tags
    ):
        raise _bad(
            f"the build tags are not at most {_MOST_TAGS} words of letters, digits, _ and dots"
        )
    if len(order.ldflags) > _LONGEST_LDFLAGS:
        raise _bad(f"ldflags are longer than {_LONGEST_LDFLAGS} characters")
    if wrong := wrong_ldflag(order.ldflags):
        raise _bad(f"ldflags: {wrong}; these are: {ALLOWED}")


def _bad(text: str) -> NotResolvedError:
    return NotResolvedError(400, text)
