"""The flags that make the go command's builds reproducible, and those of orders."""

from gobp.buildservice.builds.order import Order
from gobp.golang.version import GoVersion

_FIRST_WITH_STAMPS = GoVersion.parse("1.18")  # has -buildvcs


def go_flags(go: GoVersion, *more: str) -> str:
    """Return GOFLAGS: no path of this build and no state of a repository gets into programs.

    It holds for a make's own go commands too. Source: go help build, go help environment.
    """
    stamps = ("-buildvcs=false",) if go >= _FIRST_WITH_STAMPS else ()
    return " ".join(("-trimpath", *stamps, "-modcacherw", *more))


def tag_flags(order: Order) -> tuple[str, ...]:
    """Return the flag of an order's build tags, none if it has none."""
    return (f"-tags={','.join(order.tags)}",) if order.tags else ()


def linker_flag(order: Order) -> str:
    """Return the flag for the linker: an empty build id, then what the order says."""
    return f"-ldflags=-buildid= {order.ldflags}".rstrip()
