"""The branches and tags of a repository, as git ls-remote tells them."""

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from gobp.golang import semver
from gobp.golang.pseudo import is_pseudo_version

HEAD = "HEAD"
TAGS, HEADS = "refs/tags/", "refs/heads/"
_HASH_PREFIX = re.compile(r"[0-9a-f]{7,64}", re.ASCII)  # as short as git itself prints them


class AmbiguousError(ValueError):
    """A prefix is that of several commits; the text says so."""


@dataclass(frozen=True, slots=True)
class Refs:
    """The commits (hashes in hex) of HEAD, ``refs/heads/...`` and ``refs/tags/...``, by name.

    The commit of an annotated tag is the one that it is for.
    """

    commits: Mapping[str, str]

    @classmethod
    def parse(cls, text: str) -> "Refs":
        """Return what lines of a hash and a name say; other refs are passed over."""
        lines = (line.split() for line in text.splitlines())
        named = {words[1]: words[0] for words in lines if len(words) == 2}
        kept = {n: h for n, h in named.items() if n == HEAD or n.startswith((HEADS, TAGS))}
        peeled = {name[:-3]: commit for name, commit in kept.items() if name.endswith("^{}")}
        return cls({n: h for n, h in (kept | peeled).items() if not n.endswith("^{}")})

    @property
    def tags(self) -> dict[str, str]:
        """The commits by tag, without ``refs/tags/``."""
        return {n.removeprefix(TAGS): h for n, h in self.commits.items() if n.startswith(TAGS)}

    @property
    def object_format(self) -> str:
        """How the repository hashes: sha1 or sha256."""
        return "sha256" if any(len(commit) == 64 for commit in self.commits.values()) else "sha1"

    def tags_of(self, commit: str) -> tuple[str, ...]:
        """Return the tags of a commit, sorted."""
        return tuple(sorted(tag for tag, tagged in self.tags.items() if tagged == commit))

    def find(self, revision: str) -> tuple[str, str]:
        """Return the ref and commit that a tag, a branch, HEAD or the prefix of a hash means.

        Both are "" where it is none of them, and it may still be the hash of an older commit.
        Raises AmbiguousError.
        """
        for name in (TAGS + revision, HEADS + revision, HEAD if revision == HEAD else ""):
            if name in self.commits:
                return name, self.commits[name]
        if not is_hash_prefix(revision):
            return "", ""
        names = sorted(name for name, found in self.commits.items() if found.startswith(revision))
        if len({self.commits[name] for name in names}) > 1:
            raise AmbiguousError(f"{revision} is the beginning of several commits")
        return (names[0], self.commits[names[0]]) if names else ("", "")

    def tag_sum(self, prefix: str) -> str:
        """Return a checksum of the tags with a prefix that may be versions.

        By it the go command sees that none were added; its form is of cmd/go, Origin.TagSum.
        """
        folder = prefix[: prefix.rfind("/") + 1]
        lines = (
            f"{_quoted(tag)} {commit}\n"
            for tag, commit in sorted(self.tags.items())
            if tag.startswith(prefix) and _may_be_version(tag.removeprefix(folder))
        )
        digest = hashlib.sha256("".join(lines).encode()).digest()
        return "t1:" + b64encode(digest).decode()


def is_hash_prefix(revision: str) -> bool:
    """Say whether a revision may be a commit's hash, or the beginning of one."""
    return _HASH_PREFIX.fullmatch(revision) is not None


def version_of_tag(tag: str, prefix: str) -> tuple[str, bool]:
    """Return the version that a tag names, "" if none, and whether it is written in full.

    v1.2.3+meta names v1.2.3, but is not it; v1 and v1.2 name none.
    """
    written = tag.removeprefix(prefix)
    if not tag.startswith(prefix) or is_pseudo_version(tag):
        return "", False
    version = semver.canonical(written).removesuffix(semver.INCOMPATIBLE)
    if not version or not written.startswith(version):
        return "", False
    return version, version == written


def versions_of_tags(tags: Iterable[str], prefix: str) -> dict[str, str]:
    """Return the tags that are versions in full, by version."""
    found = {}
    for tag in tags:
        version, in_full = version_of_tag(tag, prefix)
        if in_full and not is_pseudo_version(version):
            found[version] = tag
    return found


def _may_be_version(tag: str) -> bool:
    return bool(version_of_tag(tag, "")[0])


def _quoted(text: str) -> str:
    """Return the text in Go's quotes; tags have neither quotes nor control characters."""
    return f'"{text}"'
