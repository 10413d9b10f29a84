"""Which repositories a rule is for, whichever way they are spelled."""

from dataclasses import dataclass

from gobp.golang.patterns import ModulePatterns

_DEFAULT_PORT = ":443"
_SUFFIX = ".git"


@dataclass(frozen=True, slots=True)
class Repositories:
    """Patterns of repositories and modules, as in GOPRIVATE, without regard to case.

    Hosts such as GitHub take Owner/Repo, owner/repo and owner/repo.git for the same: a rule that
    did not would be walked round.
    """

    patterns: ModulePatterns

    @classmethod
    def parse(cls, text: str, *, source: str) -> "Repositories":
        """Return the patterns of a list. Raises UserError, which names ``source``."""
        return cls(ModulePatterns.parse(text.lower(), source=source))

    def match(self, repository: str) -> bool:
        """Say whether a pattern is for a repository, such as ``git.example/owner/repo``."""
        return self.patterns.match(plain_name(repository))


def plain_name(repository: str) -> str:
    """Return the one spelling of a repository's name that rules are compared with."""
    host, slash, path = repository.lower().partition("/")
    host = host.removesuffix(_DEFAULT_PORT).rstrip(".")
    parts = [part for part in path.split("/") if part]
    if parts:
        parts[-1] = parts[-1].removesuffix(_SUFFIX) or parts[-1]
    return host + slash + "/".join(parts)
