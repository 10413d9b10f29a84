"""Bindings of type ``git-credentials``: what git is told when a server asks who it is.

Paketo's keys: ``credentials``, what a credential helper prints, and ``context``, the address it is
for. ``username`` and ``password`` (a Kubernetes secret for basic authentication) serve as well.
Source: gitcredentials(7), "CONFIGURATION OPTIONS"; git-credential(1), "INPUT/OUTPUT FORMAT".
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from gobp.buildpack.credentials.keys import (
    first_of,
    lacking,
    names_in,
    split_address,
    unusable,
)
from gobp.buildpack.credentials.logins import Login, git_answer
from gobp.buildpack.credentials.types import GIT
from gobp.cnb.bindings import Binding, of_type
from gobp.errors import UserError

_SHAPE = "write a line username=... and a line password=..., as credential helpers of git print."


@dataclass(frozen=True, slots=True)
class GitCredentials:
    """What one binding says; ``context`` is an address, "" for every address.

    ``machine`` is the context without its scheme, ``private`` what of it is private by name.
    ``folder`` is where the binding lies, "" for one that has no files.
    """

    binding: str
    context: str
    machine: str
    answer: str = field(repr=False)
    login: Login | None = field(default=None, repr=False)
    private: tuple[str, ...] = ()
    folder: str = ""

    @property
    def helper(self) -> str:
        """The name of git's setting for who answers for this address."""
        return f"credential.{self.context}.helper" if self.context else "credential.helper"


def read(bindings: Iterable[Binding]) -> tuple[GitCredentials, ...]:
    """Read every binding of the type. Raises UserError where two have the same context."""
    by_context: dict[str, GitCredentials] = {}
    for binding in of_type(bindings, GIT):
        found = _read(binding)
        known = by_context.setdefault(found.context, found)
        if known is not found:
            place = found.context or "every address (they have no key context)"
            raise UserError(
                f"the {GIT} bindings {known.binding} and {found.binding} are both for {place}",
                remedy="keep one of them, or give each a key context with another address.",
            )
    return tuple(by_context.values())


def _read(binding: Binding) -> GitCredentials:
    answer = _answer(binding)
    context = _context(binding)
    parts = urlsplit(context)
    machine = f"{parts.netloc.rpartition('@')[2]}{parts.path}"
    values = dict(line.split("=", 1) for line in answer.splitlines())
    login = None
    if parts.scheme == "https" and values.get("username") and values.get("password"):
        named_by = f"the binding {binding.name}"
        login = Login(machine, values["username"], values["password"], named_by)
    private = names_in(binding, "private")
    return GitCredentials(
        binding.name, context, machine, answer, login, private, folder=binding.path
    )


def _answer(binding: Binding) -> str:
    text = first_of(binding, "credentials")
    if not text:
        username, password = first_of(binding, "username"), first_of(binding, "password")
        if not (username and password):
            raise lacking(binding, "credentials (nor both username and password)")
        return git_answer(Login("", username, password))
    lines = [line for line in text.splitlines() if line.strip()]
    if not all("=" in line and not line.startswith("=") for line in lines):
        raise unusable(binding, "credentials", "has a line that is not name=value", _SHAPE)
    if not any(line.startswith("password=") for line in lines):
        raise unusable(binding, "credentials", "names no password", _SHAPE)
    return "".join(f"{line}\n" for line in lines)


def _context(binding: Binding) -> str:
    """Return the address, with https:// where it has no scheme. Raises UserError."""
    text = first_of(binding, "context")
    if not text:
        return ""
    context = text if "://" in text else f"https://{text}"
    parts = split_address(context)
    if parts is None or not parts.hostname or parts.password or len(context.split()) != 1:
        raise unusable(
            binding,
            "context",
            "is not an address without a password",
            "name what the credentials are for, such as https://git.example.com/team.",
        )
    return f"{parts.scheme}://{parts.netloc.lower()}{parts.path.rstrip('/')}"
