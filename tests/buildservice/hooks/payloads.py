"""Deliveries as git servers send them, as far as they are read."""

import hashlib
import hmac
import json
from collections.abc import Mapping

GITHUB: Mapping[str, str] = {"x-github-event": "push", "x-github-delivery": "guid-1"}
GITLAB: Mapping[str, str] = {"x-gitlab-event": "Tag Push Hook", "x-gitlab-event-uuid": "uuid-1"}
GITEA: Mapping[str, str] = {"x-gitea-event": "push", "x-gitea-delivery": "guid-1"}
COMMIT = "0123456789abcdef0123456789abcdef01234567"
URL = "https://git.example/team/app.git"


def payload(
    kind: str, ref: str, *, after: str = COMMIT, deleted: bool = False, url: str = URL
) -> bytes:
    """Return the body of a push."""
    document: dict[str, object] = {"ref": ref, "before": "0" * 40, "after": after}
    if kind == "gitlab":
        document |= {"object_kind": "tag_push", "project": {"id": 1, "git_http_url": url}}
    else:
        document |= {
            "deleted": deleted,
            "commits": [],
            "repository": {"full_name": "team/app", "clone_url": url},
        }
    return json.dumps(document).encode()


def signed(body: bytes, secret: str, delivery: str = "guid-1") -> dict[str, str]:
    """Return the headers that GitHub sends."""
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "X-GitHub-Event": "push",
        "X-GitHub-Delivery": delivery,
        "X-Hub-Signature-256": f"sha256={signature}",
    }
