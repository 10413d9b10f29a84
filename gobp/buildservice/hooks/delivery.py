"""What git servers send when a tag is pushed, and how it is signed.

GitHub: https://docs.github.com/webhooks/webhook-events-and-payloads#push. GitLab:
https://docs.gitlab.com/user/project/integrations/webhook_events/#tag-events. Gitea and Forgejo:
https://docs.gitea.com/usage/webhooks.
"""

import hashlib
import hmac
from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

Kind = Literal["github", "gitlab", "gitea"]
_TAGS = "refs/tags/"
_NOTHING = frozenset("0")  # the commit of what was removed has no other digit
_EVENTS = {"github": "x-github-event", "gitlab": "x-gitlab-event", "gitea": "x-gitea-event"}
_PUSHES = {"github": "push", "gitlab": "tag push hook", "gitea": "push"}
# The first that is there; GitLab's own UUID is shared by deliveries that cause each other.
_IDS = {
    "github": ("x-github-delivery",),
    "gitlab": ("idempotency-key", "x-gitlab-event-uuid"),
    "gitea": ("x-gitea-delivery",),
}
_LONGEST_ID = 128


class Tagged(Struct, frozen=True):
    """A tag that was pushed to a repository: ``host`` may have a port, ``path`` is without .git."""

    host: str
    path: str
    tag: str


class MalformedError(ValueError):
    """A delivery that is not what its kind of server sends; the text says why."""


class _Repository(Struct, frozen=True):
    clone_url: str = ""
    git_http_url: str = ""


class _Push(Struct, frozen=True):
    ref: str = ""
    after: str = ""
    deleted: bool = False
    repository: _Repository = _Repository()
    project: _Repository = _Repository()


def is_signed(kind: Kind, secret: bytes, headers: Mapping[str, str], body: bytes) -> bool:
    """Say whether a delivery comes from who knows the secret; headers have lower-case names.

    GitLab sends the secret itself, the others the HMAC-SHA256 of the body.
    """
    signature = hmac.new(secret, body, hashlib.sha256).hexdigest().encode()
    header, expected = {
        "github": ("x-hub-signature-256", b"sha256=" + signature),
        "gitea": ("x-gitea-signature", signature),
        "gitlab": ("x-gitlab-token", secret),
    }[kind]
    given = headers.get(header, "").encode("utf-8", "replace")
    return hmac.compare_digest(given, expected)


def delivery_id(kind: Kind, headers: Mapping[str, str], body: bytes) -> str:
    """Return what a delivery is one of a kind by: also when it is sent again."""
    for name in _IDS[kind]:
        if given := headers.get(name, ""):
            return given[:_LONGEST_ID]
    return hashlib.sha256(body).hexdigest()


def parse_delivery(kind: Kind, headers: Mapping[str, str], body: bytes) -> Tagged | None:
    """Return the tag that was pushed, None where a delivery says anything else.

    Raises MalformedError.
    """
    if headers.get(_EVENTS[kind], "").lower() != _PUSHES[kind]:
        return None
    try:
        push = msgspec.json.decode(body, type=_Push)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise MalformedError(
            f"the delivery is not the JSON of a push (content type application/json): {error}"
        ) from None
    gone = push.deleted or (push.after and set(push.after) <= _NOTHING)
    if gone or not push.ref.startswith(_TAGS):
        return None
    url = push.project.git_http_url if kind == "gitlab" else push.repository.clone_url
    host, path = _place(url)
    if not host or not path:
        raise MalformedError("the delivery does not say where its repository is")
    return Tagged(host, path, push.ref.removeprefix(_TAGS))


def _place(url: str) -> tuple[str, str]:
    """Return host and path of a URL that is cloned from, "" where it has none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "", ""
    if parts.scheme not in {"https", "http"}:
        return "", ""
    host = parts.netloc.rpartition("@")[2].lower()
    return host, parts.path.strip("/").removesuffix(".git")
