"""What goes wrong with requests, told plainly and without secrets."""

from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import SplitResult, urlsplit

import aiohttp

from gobp.modproxy.sources.source import UnavailableError
from gobp.system.fetch import redacted


class PassingError(UnavailableError):
    """Trouble that another attempt may not meet.

    ``unreached`` is the host that could not be reached, "" if it was an answer that is no good.
    """

    def __init__(
        self, text: str, *, status: int = 502, retry_after: int = 0, unreached: str = ""
    ) -> None:
        super().__init__(text, status=status, retry_after=retry_after)
        self.unreached = unreached


@contextmanager
def told(url: str) -> Iterator[None]:
    """Turn what goes wrong with a request into trouble of a source."""
    place, host = shown(url), host_of(urlsplit(url))
    try:
        yield
    except aiohttp.ClientConnectorCertificateError:
        raise UnavailableError(
            f"{place}: its certificate is not trusted (see SSL_CERT_FILE)"
        ) from None
    except (aiohttp.ClientProxyConnectionError, aiohttp.ClientHttpProxyError) as error:
        status = f": {error.status}" if isinstance(error, aiohttp.ClientHttpProxyError) else ""
        raise PassingError(
            f"{place}: the proxy in HTTPS_PROXY or HTTP_PROXY does not let it through{status}",
            unreached=host,
        ) from None
    except TimeoutError as error:
        connecting = isinstance(error, aiohttp.ConnectionTimeoutError)
        raise PassingError(
            f"{place}: it did not answer in time", status=504, unreached=host if connecting else ""
        ) from None
    except aiohttp.InvalidURL:
        raise UnavailableError(f"{place}: it is no address") from None
    except aiohttp.ClientConnectorError as error:
        raise PassingError(f"{place}: {_plain(error)}", unreached=host) from None
    except aiohttp.ClientError as error:
        raise PassingError(f"{place}: {_plain(error)}") from None


def shown(url: str) -> str:
    """Return a URL without what may be secret: user and password, and a query (signed URLs)."""
    return redacted(url).partition("?")[0]


def host_of(parts: SplitResult) -> str:
    """Return host and port of a URL, without user and password."""
    return parts.netloc.rpartition("@")[2]


def _plain(error: aiohttp.ClientError) -> str:
    """Say in a few words why a request failed; the library's own texts are long."""
    match error:
        case aiohttp.ClientConnectorDNSError():
            return "its name cannot be resolved"
        case aiohttp.ClientConnectorError():
            return f"no connection: {error.os_error.strerror or error.os_error}"
        case aiohttp.ServerDisconnectedError():
            return "it closed the connection without an answer"
        case aiohttp.ClientPayloadError():
            return "its answer was cut short or garbled"
        case aiohttp.ClientResponseError():
            return "its answer is not HTTP"
        case _:
            return redacted(str(error))[:300] or type(error).__name__
