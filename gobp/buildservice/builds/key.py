"""What builds are the same by: everything that decides what comes out of them."""

import hashlib
import secrets
import time
from collections.abc import Callable

import msgspec

from gobp.buildservice.builds.order import Order, Pin

_RECIPES = "1"  # raise it when recipes or archives change what comes out of the same source
_RANDOM_DIGITS = 17
_ENCODER = msgspec.json.Encoder(order="sorted")


def key_of(order: Order, pin: Pin, go: str) -> str:
    """Return the key of a build in hex; ``go`` is the Go version that is used by default.

    How a ref was written makes no difference, only what it stands for.
    """
    facts = [
        _RECIPES,
        order.go or go,
        msgspec.structs.replace(order, ref="", go=""),
        pin.version if not pin.moving else pin.commit or pin.version,
        pin.commit,
        pin.h1,
    ]
    return hashlib.sha256(_ENCODER.encode(facts)).hexdigest()


def new_id(clock: Callable[[], float] = time.time) -> str:
    """Return the id of a new build: 32 hex digits, of which later ones are larger.

    Milliseconds, microseconds of them and chance: what is asked for first is built first, also of
    two builds that are asked for within one millisecond.
    """
    milliseconds, microseconds = divmod(int(clock() * 1_000_000), 1000)
    random = secrets.token_hex(_RANDOM_DIGITS)[:_RANDOM_DIGITS]
    return f"{milliseconds:012x}{microseconds:03x}{random}"
