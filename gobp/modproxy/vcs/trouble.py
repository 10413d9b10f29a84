"""What a failure of git means for who asked for a module."""

import re

from gobp.modproxy.sources.source import (
    NotFoundError,
    RefusedError,
    SourceError,
    UnavailableError,
)
from gobp.modproxy.vcs.git import GitFailedError
from gobp.system.fetch import redacted

_MISSING = re.compile(
    r"[Rr]epository .*not found|[Rr]epository not found|does not appear to be a git repository"
    r"|returned error: (?:404|410)|could not be found|does not exist",
)
_NOT_LET_IN = re.compile(
    r"could not read (?:Username|Password)|terminal prompts disabled|Authentication failed"
    r"|returned error: 40[13]|Access denied|Permission denied|Host key verification failed"
    r"|no .*host key is known",
)
_NOISE = re.compile(
    r"(?:hint|warning): |remote: (?:Counting|Compressing|Total)|Please make sure you have the"
    r"|and the repository exists|fatal: Could not read from remote repository"
)
_SHOWN_LINES, _SHOWN_CHARACTERS = 3, 400


def is_refusal(failure: GitFailedError) -> bool:
    """Say whether the host wants to know who asks, or does not let them in."""
    return not _MISSING.search(failure.text) and bool(_NOT_LET_IN.search(failure.text))


def source_error(failure: GitFailedError, url: str, setting: str) -> SourceError:
    """Return the error for a failure with a repository.

    ``setting`` says which part of the settings to look at where the host does not let us in.
    """
    text = f"{redacted(url)}: {_words(failure)}"
    if _MISSING.search(failure.text):
        return NotFoundError(text)
    if _NOT_LET_IN.search(failure.text):
        return RefusedError(f"{text}; see {setting}")
    return UnavailableError(f"{text} ({failure.command})")


def _words(failure: GitFailedError) -> str:
    """Return what git said, on one line."""
    lines = [redacted(line).strip() for line in failure.text.splitlines()]
    told = [line for line in lines if line and not _NOISE.match(line)]
    text = "; ".join(told[-_SHOWN_LINES:])[:_SHOWN_CHARACTERS]
    return "".join(c if c.isprintable() else "?" for c in text) or f"{failure.command} failed"
