"""Downloads from memory."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

from gobp.errors import UserError
from gobp.system.fetch import NotAvailableError, redacted


class MemoryFetcher:
    """Serves bytes by URL, and keeps which were asked for."""

    def __init__(self, content: Mapping[str, bytes]) -> None:
        self._content = content
        self.asked: list[str] = []

    def read(self, url: str) -> bytes:
        self.asked.append(url)
        if url not in self._content:
            raise NotAvailableError(
                f"cannot get {redacted(url)}: not there", remedy="look elsewhere."
            )
        return self._content[url]

    def download(self, url: str, path: Path, *, sha256: str = "") -> None:
        content = self.read(url)
        if sha256 and hashlib.sha256(content).hexdigest() != sha256:
            raise UserError(f"the download from {url} is corrupted", remedy="try again.")
        path.write_bytes(content)
