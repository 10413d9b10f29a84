"""The steps of an explanation: what was looked at, what was found, what to do about it."""

from dataclasses import dataclass

from gobp.modproxy.sources.source import NotFoundError, RefusedError, SourceError


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was looked at; ``remedy`` is "" where nothing is wrong with it."""

    about: str
    found: str
    remedy: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.remedy


def failed_step(about: str, error: SourceError, *, direct: bool = False) -> Step:
    """Return the step in which a source said no, with what usually helps.

    ``direct``: the source is version control, else it is another proxy.
    """
    return Step(about, words_of(error), _remedy(error, direct=direct))


def words_of(error: SourceError) -> str:
    """Return the kind of an error and its text."""
    for kind, words in ((NotFoundError, "not found"), (RefusedError, "refused")):
        if isinstance(error, kind):
            return f"{words}: {error.text.strip()}"
    return f"trouble: {error.text.strip()}"


def _remedy(error: SourceError, *, direct: bool) -> str:
    said_no = isinstance(error, NotFoundError | RefusedError)
    if not said_no:
        return _NETWORK
    return _LET_IN if direct else _PUBLIC_ONLY


_NETWORK = (
    "see whether the host can be reached from here (HTTPS_PROXY, NO_PROXY, certificates in "
    "SSL_CERT_FILE), then ask again."
)
_LET_IN = (
    "check path and version, and give the host working credentials, in vcs.hosts of the settings "
    "or in netrc: to whom they do not know, hosts say that a private repository does not exist."
)
_PUBLIC_ONLY = (
    "check path and version; for a private module, which that proxy cannot know, write a rule "
    "with private: true and upstream: direct."
)
