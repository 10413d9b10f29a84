"""Trouble with the disk, told to clients: the server lives on, and serves what it has."""

import errno
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from gobp.modproxy.sources.source import UnavailableError

_FULL = {errno.ENOSPC, errno.EDQUOT}
_INSUFFICIENT_STORAGE = 507
_RETRY_AFTER = 60  # seconds
_log = logging.getLogger(__name__)


@contextmanager
def disk_trouble_told(doing: str) -> Iterator[None]:
    """Turn OSError into UnavailableError, and log it; ``doing`` says at what it happened."""
    try:
        yield
    except (TimeoutError, ConnectionError):  # OSErrors too, but of the network
        raise
    except OSError as error:
        _log.error("%s: %s", doing, error)  # a matter of its operator, no bug
        full = error.errno in _FULL
        raise UnavailableError(
            f"{doing}: {'its disk is full' if full else 'its disk gives trouble'}",
            status=_INSUFFICIENT_STORAGE if full else 503,
            retry_after=_RETRY_AFTER,
        ) from error
