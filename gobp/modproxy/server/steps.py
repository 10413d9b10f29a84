"""The steps that answer what is no file of a module: pages, uploads, the webhook."""

import asyncio

from gobp.modproxy.access.principal import Principal
from gobp.modproxy.pages.site import Site
from gobp.modproxy.protocol.answers import Answer, failure
from gobp.modproxy.published import webhook
from gobp.modproxy.published.upload import Upload
from gobp.modproxy.server.asked import Asked
from gobp.modproxy.server.rsgi import HttpProtocol
from gobp.modproxy.server.small_files import SmallFiles

_SITE = frozenset({"", "index", "catalog"})
_BELOW_SITE = "-/"


class Pages:
    """The web page and the feeds; they read a database, so each in a thread."""

    def __init__(self, site: Site, base_path: str) -> None:
        self._site = site
        self._base_path = base_path

    async def answer(self, asked: Asked, principal: Principal) -> Answer | None:
        """See Step.answer."""
        if not asked.reads or not (asked.path in _SITE or asked.path.startswith(_BELOW_SITE)):
            return None
        asked.kind = "page"
        asked.private = True
        reached = f"{asked.scheme}://{asked.host}{self._base_path}" if asked.host else ""
        return await asyncio.to_thread(
            self._site.answer, asked.path, asked.query, principal, reached=reached
        )


class Uploads:
    """PUT of a version."""

    def __init__(self, upload: Upload, small: SmallFiles) -> None:
        self._upload = upload
        self._small = small

    async def answer(self, asked: Asked, principal: Principal) -> Answer | None:
        """See Step.answer."""
        if asked.method != "PUT":
            return None
        asked.kind = "upload"
        answer = await self._upload.answer(asked.path, asked.headers, asked.body, principal)
        self._small.clear()  # lists of it were kept ready
        return answer


class Deliveries:
    """POST of a git server: something was pushed. It is signed, so nobody has to log in."""

    def __init__(self, hook: webhook.Webhook, small: SmallFiles) -> None:
        self._hook = hook
        self._small = small

    async def answer(self, asked: Asked) -> Answer | None:
        """See Open.answer."""
        if asked.method != "POST" or f"/{asked.path}" != webhook.PATH:
            return None
        asked.kind = "webhook"
        body = await read_body(asked.body, webhook.MOST_BYTES)
        if body is None:
            return failure(413, f"a delivery has at most {webhook.MOST_BYTES} bytes")
        answer = await self._hook.answer(asked.headers, body)
        self._small.clear()
        return answer


async def read_body(body: HttpProtocol, most: int) -> bytes | None:
    """Return a whole body, None for one of more than ``most`` bytes, which is not read further."""
    parts: list[bytes] = []
    size = 0
    async for part in body:
        size += len(part)
        if size > most:
            return None
        parts.append(part)
    return b"".join(parts)
