"""POST /-/published: a git server says that something was pushed.

GitHub signs the body in X-Hub-Signature-256, Gitea (and Forgejo) in X-Gitea-Signature, both with
HMAC-SHA256; GitLab sends the secret itself in X-Gitlab-Token. What the body says is not used: the
repository is looked at, which does no harm when it is done once too often.
"""

import asyncio
import hashlib
import hmac

from gobp.errors import UserError
from gobp.modproxy.protocol.answers import TEXT, Answer, failure
from gobp.modproxy.published.headers import Headers
from gobp.modproxy.published.published_tree import PublishedTree, Refreshed
from gobp.modproxy.settings.schema import Published
from gobp.serving.settings.secret_file import read_secret

PATH = "/-/published"
MOST_BYTES = 4 * 1024 * 1024
_WAIT_SECONDS = 8.0  # git servers give up after 10
_SHORTEST_SECRET = 8
_GITHUB, _GITEA, _GITLAB = "x-hub-signature-256", "x-gitea-signature", "x-gitlab-token"


class Webhook:
    """Answers deliveries, at ``PATH``, of those who know the secret."""

    def __init__(self, settings: Published, tree: PublishedTree) -> None:
        self._secret = _read_secret(settings.webhook_secret_file)
        self._tree = tree

    async def answer(self, headers: Headers, body: bytes) -> Answer:
        """Return the answer to a delivery; ``body`` as it came, at most ``MOST_BYTES``."""
        if not self._secret:
            return failure(404, "this server has no webhook: set published.webhook_secret_file")
        if len(body) > MOST_BYTES:
            return failure(413, f"a delivery has at most {MOST_BYTES} bytes")
        if not self._is_signed(headers, body):
            return failure(403, "the delivery is not signed with this webhook's secret")
        look = asyncio.ensure_future(self._tree.refresh())
        done, _ = await asyncio.wait({look}, timeout=_WAIT_SECONDS)
        return _outcome(look) if done else Answer(202, TEXT, b"it is being fetched\n")

    def _is_signed(self, headers: Headers, body: bytes) -> bool:
        signature = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        expected = {
            _GITHUB: f"sha256={signature}".encode(),
            _GITEA: signature.encode(),
            _GITLAB: self._secret,
        }
        given = {name: headers.get(name) for name in expected}
        return any(
            hmac.compare_digest(given_one.encode(), expected[name])
            for name, given_one in given.items()
            if given_one
        )


def _outcome(look: "asyncio.Task[Refreshed]") -> Answer:
    try:
        refreshed = look.result()
    except UserError as error:
        return failure(502, f"{error.summary}\n{error.detail}")
    text = f"commit {refreshed.commit} is served\n"
    return Answer(200, TEXT, text.encode())


def _read_secret(file: str) -> bytes:
    secret = read_secret("published.webhook_secret_file", file)
    if secret and len(secret) < _SHORTEST_SECRET:
        raise UserError(
            f"published.webhook_secret_file: {file} holds less than {_SHORTEST_SECRET} characters",
            remedy="write a long random text into it, and into the git server's webhook.",
        )
    return secret
