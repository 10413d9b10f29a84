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


def failed_step(about: str, error: SourceError) -> Step:
    """Return the step in which a source said no, with what usually helps."""
    return Step(about, f"{_KINDS[_kind(error)]}: {error.text.strip()}", _REMEDIES[_kind(error)])


def _kind(error: SourceError) -> type[SourceError]:
    return next(
        (kind for kind in (NotFoundError, RefusedError) if isinstance(error, kind)), SourceError
    )


_KINDS: dict[type[SourceError], str] = {
    NotFoundError: "not found",
    RefusedError: "refused",
    SourceError: "trouble",
}
_REMEDIES: dict[type[SourceError], str] = {
    NotFoundError: "check the spelling of path and version; for a private module write a rule with "
    "private: true and upstream: direct, and give its host credentials in vcs.hosts, for "
    "hosts answer 'not found' to whom they do not know.",
    RefusedError: "give the host working credentials: in vcs.hosts of the settings, or in netrc.",
    SourceError: "see whether the host can be reached from here (HTTPS_PROXY, NO_PROXY, "
    "certificates in SSL_CERT_FILE), then ask again.",
}
