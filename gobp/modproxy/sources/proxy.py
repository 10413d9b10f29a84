"""What all module proxies have in common, whether they are servers or folders of files."""

from abc import ABC, abstractmethod

from gobp.golang import semver
from gobp.golang.module import escape_path, escape_version
from gobp.golang.pseudo import is_pseudo_version
from gobp.modproxy.protocol.requests import Kind, ModuleFile, version_folder
from gobp.modproxy.protocol.version_info import BadVersionInfoError, VersionInfo
from gobp.modproxy.protocol.version_list import latest_of, parse_version_list
from gobp.modproxy.sources.source import NotFoundError, Sink, UnavailableError


class ProxySource(ABC):
    """A tree of module files at a base URL (see Source)."""

    name: str

    @abstractmethod
    async def read(self, path: str) -> bytes:
        """Return a small file by its path below the base. Raises SourceError."""

    @abstractmethod
    async def fetch(self, file: ModuleFile, sink: Sink) -> None:
        """See Source.fetch."""

    async def versions(self, module: str) -> tuple[str, ...]:
        """See Source.versions."""
        return parse_version_list(module, await self.read(f"{version_folder(module)}/list"))

    async def latest(self, module: str) -> VersionInfo:
        """See Source.latest. Without a file @latest it is found by the list, as go does."""
        try:
            return self._info(await self.read(f"{escape_path(module)}/@latest"))
        except NotFoundError as error:
            version = await self._latest_listed(module)
            if not version:
                raise error from None
        return await self.info(module, version)

    async def info(self, module: str, query: str) -> VersionInfo:
        """See Source.info."""
        path = f"{version_folder(module)}/{escape_version(query)}.{Kind.INFO}"
        return self._info(await self.read(path))

    async def close(self) -> None:  # noqa: B027 # most have nothing of their own to close
        """See Source.close. Connections are those of the Web, which closes them."""

    async def _latest_listed(self, module: str) -> str:
        content = await self.read(f"{version_folder(module)}/list")
        return latest_of(parse_version_list(module, content)) or _latest_pseudo_version(content)

    def _info(self, content: bytes) -> VersionInfo:
        try:
            return VersionInfo.parse(content)
        except BadVersionInfoError as error:
            raise UnavailableError(f"{self.name} answered no .info file: {error}") from None


def _latest_pseudo_version(content: bytes) -> str:
    """Return the pseudo-version of a list file that has the latest time, "" if there is none."""
    lines = content.decode("utf-8", "replace").splitlines()
    words = (line.split()[0] for line in lines if line.strip())
    found = [word for word in words if semver.is_valid(word) and is_pseudo_version(word)]
    return max(found, key=_time_of, default="")


def _time_of(pseudo_version: str) -> str:
    """Return the digits of the time in a pseudo-version; they stand before the revision."""
    return pseudo_version.rpartition("-")[0][-14:]
