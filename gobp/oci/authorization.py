"""How a registry lets us in: RFC 7617 (Basic) and distribution's tokens (Bearer).

The token protocol: github.com/distribution/distribution, docs, "Token Authentication".
"""

import base64
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from gobp.errors import UserError
from gobp.oci import json_document
from gobp.oci.answers import RETRIED, TemporaryFailure, network_trouble, not_let_in, read_bounded
from gobp.oci.credentials import Credentials
from gobp.oci.reference import Reference

if TYPE_CHECKING:
    from requests import PreparedRequest, Response, Session

PULL = "pull"
PUSH = "pull,push"
TIMEOUT = (10, 120)  # seconds to connect; seconds of silence: a registry hashes before it answers
_TOKEN_LIMIT = 256 * 1024
_SCHEMES = re.compile(r"(?:^|,)\s*(basic|bearer)\s+", re.IGNORECASE)
_PARAMETER = re.compile(r'([A-Za-z_]+)\s*=\s*(?:"([^"]*)"|([^\s",]+))')


class Authorization:
    """What is sent with each request to one repository; nothing before the registry asks.

    It is the ``auth`` of requests; being one at all keeps requests from sending what a netrc
    file says.
    """

    def __init__(
        self, reference: Reference, credentials: Credentials | None, *, origin: str, actions: str
    ) -> None:
        """Take the ``origin`` (scheme and host) that secrets go to, and PULL or PUSH."""
        self._reference = reference
        self._credentials = credentials
        self._origin = origin
        self._scope = f"repository:{reference.repository}:{actions}"
        self._header = ""

    def __call__(self, request: "PreparedRequest") -> "PreparedRequest":
        """Add the header to a request to the registry itself; an upload's may go elsewhere."""
        url = urlsplit(request.url or "")
        if self._header and f"{url.scheme}://{url.netloc}" == self._origin:
            request.headers["Authorization"] = self._header
        return request

    def answer(self, challenge: str, session: "Session") -> None:
        """Get what a ``WWW-Authenticate`` header asks for.

        Raises UserError if there are no credentials or they do not do, TemporaryFailure if the
        token service cannot be reached.
        """
        challenges = parse_challenges(challenge)
        if "bearer" in challenges:
            self._header = f"Bearer {self._token(challenges['bearer'], session)}"
        elif "basic" in challenges and self._credentials is not None:
            self._header = _basic(self._credentials)
        else:
            raise not_let_in(self._reference, "it asks for a user and a password; none are known")

    def _token(self, challenge: Mapping[str, str], session: "Session") -> str:
        realm = challenge.get("realm", "")
        service = urlsplit(realm)
        if service.scheme != "https" and not (self._reference.is_local and service.scheme):
            raise UserError(
                f"{self._reference.registry} wants credentials sent to {realm[:200]!r}",
                remedy="use a registry whose token service has an https URL.",
            )
        with self._ask(realm, challenge.get("service", ""), session) as response:
            if response.status_code in RETRIED:
                raise TemporaryFailure(f"its token service answers {response.status_code}")
            if response.status_code != 200:
                detail = f"its token service answers {response.status_code} {response.reason}"
                raise not_let_in(self._reference, detail)
            body = read_bounded(response, _TOKEN_LIMIT)
        answer = json_document.load(body, source=f"the token of {service.netloc}")
        token = answer.get("token") or answer.get("access_token")
        if not isinstance(token, str) or not token.isascii() or not token.isprintable():
            raise not_let_in(self._reference, "its token service gives no token")
        return token

    def _ask(self, realm: str, service: str, session: "Session") -> "Response":
        query = {"service": service, "scope": self._scope}
        known = self._credentials
        form, headers = {}, {}
        if known is not None and known.identity_token:
            grant = {"grant_type": "refresh_token", "refresh_token": known.identity_token}
            form = {**query, **grant, "client_id": "gobp"}
        elif known is not None:
            headers = {"Authorization": _basic(known)}
        with network_trouble():
            return session.request(
                "POST" if form else "GET",
                realm,
                params={} if form else query,
                data=form,
                headers=headers,
                auth=_as_it_is,
                timeout=TIMEOUT,
                stream=True,
                allow_redirects=False,  # secrets go where the challenge said, nowhere else
            )


def parse_challenges(header: str) -> dict[str, dict[str, str]]:
    """Return the parameters of each scheme in a ``WWW-Authenticate`` header (RFC 9110, 11.6.1)."""
    pieces = _SCHEMES.split(header)
    return {
        scheme.lower(): {
            name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(parameters)
        }
        for scheme, parameters in zip(pieces[1::2], pieces[2::2], strict=True)
    }


def _basic(credentials: Credentials) -> str:
    pair = f"{credentials.username}:{credentials.password}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _as_it_is(request: "PreparedRequest") -> "PreparedRequest":
    """Leave a request alone, where requests would add what a netrc file says."""
    return request
