"""Image references: where an image is and which one of it is meant."""

import re
from dataclasses import dataclass, replace

from gobp.errors import UserError
from gobp.oci.digest import check_digest

DEFAULT_REGISTRY = "index.docker.io"
DEFAULT_TAG = "latest"
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")

_HOST_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_REGISTRY = re.compile(
    rf"(?:{_HOST_LABEL}(?:\.{_HOST_LABEL})*|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{{1,5}}))?"
)
_PATH_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PATH_COMPONENT}(?:/{_PATH_COMPONENT})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_REPOSITORY_LIMIT = 255


@dataclass(frozen=True, slots=True)
class Reference:
    """An image's name. Grammar: github.com/distribution/reference, in its normal form.

    ``tag`` or ``digest`` may be "", not both; where both are given the digest decides which
    image it is and the tag is for people.
    """

    registry: str
    repository: str
    tag: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """Read what users write: ``demo/web``, ``localhost:5000/a/b:tag@sha256:...``.

        A name without a registry belongs to Docker Hub, one without a slash to its ``library``;
        without tag and digest ``latest`` is meant. Raises UserError on anything else.
        """
        rest, at, digest = text.partition("@")
        if at:
            check_digest(digest)
        registry, path = _split_registry(rest)
        repository, colon, tag = path.partition(":")
        if registry == DEFAULT_REGISTRY and "/" not in repository:
            repository = f"library/{repository}"
        if not colon and not at:
            tag, colon = DEFAULT_TAG, ":"
        _check(text, registry=registry, repository=repository, tag=tag if colon else None)
        return cls(registry, repository, tag, digest)

    def __str__(self) -> str:
        """Return the normal form, which :meth:`parse` reads back as this reference."""
        return self.name + (f":{self.tag}" if self.tag else "") + self._at_digest

    @property
    def name(self) -> str:
        """Registry and repository, without tag and digest."""
        return f"{self.registry}/{self.repository}"

    @property
    def identifier(self) -> str:
        """What the distribution API is asked for: the digest if there is one, else the tag."""
        return self.digest or self.tag

    @property
    def is_local(self) -> bool:
        """Whether the registry is on this machine, where plain http is the custom."""
        host = self.registry.rpartition(":")[0] if _has_port(self.registry) else self.registry
        return host in _LOCAL_HOSTS

    def with_digest(self, digest: str) -> "Reference":
        """Return the reference that pins this repository's image by its digest alone."""
        return replace(self, tag="", digest=check_digest(digest))

    @property
    def _at_digest(self) -> str:
        return f"@{self.digest}" if self.digest else ""


def _split_registry(text: str) -> tuple[str, str]:
    first, slash, rest = text.partition("/")
    if not slash or not ("." in first or ":" in first or first == "localhost"):
        return DEFAULT_REGISTRY, text
    return (DEFAULT_REGISTRY if first == "docker.io" else first), rest


def _has_port(registry: str) -> bool:
    return registry.rpartition(":")[2].isdigit() and not registry.endswith("]")


def _check(text: str, *, registry: str, repository: str, tag: str | None) -> None:
    problem = ""
    host = _REGISTRY.fullmatch(registry)
    if "://" in text:
        problem = "it is a URL; leave out everything up to //"
    elif host is None or int(host["port"] or 1) not in range(1, 65536):
        problem = f"{registry[:100]!r} is not a host with an optional port"
    elif len(repository) > _REPOSITORY_LIMIT or _REPOSITORY.fullmatch(repository) is None:
        problem = "the name may have lower case letters, digits and single . _ - between them"
    elif tag is not None and _TAG.fullmatch(tag) is None:
        problem = f"{tag[:130]!r} is not a tag (letters, digits, . _ -, at most 128)"
    if problem:
        raise UserError(
            f"{text[:300]!r} is not the name of an image: {problem}",
            remedy="write it as [HOST[:PORT]/]NAME[:TAG][@sha256:DIGEST].",
        )
