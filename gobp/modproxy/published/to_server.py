"""Publish a version to a running server, by HTTP."""

from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

from gobp.errors import UserError
from gobp.modproxy.protocol.requests import Kind
from gobp.modproxy.published.git import without_user
from gobp.modproxy.published.release import INFO_HEADER, Release
from gobp.system.fetch import ca_bundle
from gobp.system.netrc import THIS_MACHINE, basic_authorization

if TYPE_CHECKING:
    from requests import PreparedRequest

_SECONDS_TO_CONNECT, _SECONDS_TO_ANSWER = 20, 600
_PUBLISHED, _THERE_ALREADY = 201, 200
_MOST_SHOWN = 1000


def publish_to_server(release: Release, url: str, token: str, env: Mapping[str, str]) -> bool:
    """Upload a version; return False if the server has it already, the same.

    Without a token the user's netrc file says who publishes. Raises UserError.
    """
    import requests  # noqa: PLC0415 # only who publishes to a server needs it

    _check(url)
    target = f"{url.rstrip('/')}/{quote(release.file(Kind.ZIP).path, safe='/!+@')}"
    authorization = f"Bearer {token}" if token else basic_authorization(target, env)
    try:
        with release.zip.open("rb") as body:
            answer = requests.put(
                target,
                data=body,
                headers={INFO_HEADER: release.info.decode(), "content-type": "application/zip"},
                auth=lambda request: _with(request, authorization),
                verify=ca_bundle(env),
                timeout=(_SECONDS_TO_CONNECT, _SECONDS_TO_ANSWER),
                allow_redirects=False,
            )
    except requests.RequestException as error:
        raise UserError(
            f"{url} cannot be published to", detail=str(error), remedy="see whether it runs."
        ) from None
    if answer.status_code in {_PUBLISHED, _THERE_ALREADY}:
        return answer.status_code == _PUBLISHED
    raise UserError(
        f"{url} does not take {release}: {answer.status_code}",
        detail=answer.text[:_MOST_SHOWN],
        remedy="see the server's own words; a token for publishing is one with publish: true.",
    )


def _with(request: "PreparedRequest", authorization: str) -> "PreparedRequest":
    """Say who we are, and keep requests from doing it by other means."""
    if authorization:
        request.headers["Authorization"] = authorization
    return request


def _check(url: str) -> None:
    """Raise UserError for a URL that is none, or by which others could read the token."""
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise UserError(
            f"--url has a user in it: {without_user(url)}",
            remedy="leave it out, and give the token in GOBP_PUBLISH_TOKEN or --token-file.",
        )
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in THIS_MACHINE):
        return
    raise UserError(
        f"--url is {url!r}, by which others could read what is sent",
        remedy="use https://; http:// is for this machine only.",
    )
