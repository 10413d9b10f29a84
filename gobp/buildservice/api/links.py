"""Where what is in the API: paths, with the base path before them."""

from dataclasses import dataclass
from urllib.parse import quote

PREFIX = "/api/v1"


@dataclass(frozen=True, slots=True)
class Links:
    """Paths below ``base``: the base path of the settings, or the public URL."""

    base: str

    def build(self, build_id: str) -> str:
        """Return where a build is told of."""
        return f"{self.base}{PREFIX}/builds/{build_id}"

    def logs(self, build_id: str) -> str:
        """Return where the log of a build is."""
        return f"{self.build(build_id)}/logs"

    def artifact(self, build_id: str, name: str) -> str:
        """Return where a file of a build is."""
        return f"{self.build(build_id)}/artifacts/{quote(name, safe='')}"

    def builds(self, query: str) -> str:
        """Return where builds are listed."""
        return f"{self.base}{PREFIX}/builds?{query}"

    def cargo_status(self, build_id: str) -> str:
        """Return where cargo's clients are told of a build."""
        return f"{self.base}/builds/{build_id}"

    def cargo_logs(self, build_id: str) -> str:
        """Return where cargo's clients get a log."""
        return f"{self.cargo_status(build_id)}/logs"

    def below(self, path: str) -> str:
        """Return a path (with a slash before it) below the base."""
        return self.base + path
