"""Requests for builds that differ in what a test is about."""

from gobp.buildservice.builds.build import Ending, State
from gobp.buildservice.builds.order import ModuleSource, Order, Pin, Target
from gobp.buildservice.state.builds import Request

LINUX = Target("linux", "amd64")
SUCCESS = Ending(state=State.SUCCEEDED, message="built")
FAILURE = Ending(state=State.FAILED, message="make: *** [build] Error 1")


def request(
    key: str = "k",
    *,
    who: str = "ann",
    priority: int = 0,
    module: str = "example.com/hello",
    version: str = "v1.0.0",
    target: Target = LINUX,
) -> Request:
    """Return a request for a build of a module."""
    order = Order(source=ModuleSource(module), ref=version, target=target)
    pin = Pin(version=version)
    return Request(key=key, order=order, pin=pin, who=who, priority=priority)
