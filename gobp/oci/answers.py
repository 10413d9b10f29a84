"""What a registry's answers, and its silence, mean for the user; no secret gets into words."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gobp.errors import UserError
from gobp.oci.reference import Reference

if TYPE_CHECKING:
    from requests import Response

RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_CHUNK = 64 * 1024
_ERROR_LIMIT = 64 * 1024  # bytes of an error document that are read
_WORDS_LIMIT = 500  # characters of it that are shown


class TemporaryFailure(Exception):  # noqa: N818 # it becomes a UserError only when it lasts
    """What may go well when tried again; the text is for the user."""


@contextmanager
def network_trouble() -> Iterator[None]:
    """Turn what requests raises into TemporaryFailure, or UserError where a retry is in vain.

    Only the innermost cause is told: the outer ones quote URLs, which may hold tokens.
    """
    import requests  # noqa: PLC0415 # slow to import; whoever is here has imported it

    try:
        yield
    except requests.exceptions.SSLError as error:
        raise UserError(
            f"the registry's certificate is not trusted: {_innermost(error)}",
            remedy="name the file of your authority's certificate in SSL_CERT_FILE.",
        ) from None
    except requests.exceptions.RequestException as error:
        raise TemporaryFailure(_innermost(error)) from None


def read_bounded(response: "Response", limit: int) -> bytes:
    """Return a body, or its first ``limit`` bytes and one more where it is longer."""
    body = b""
    with network_trouble():
        for chunk in response.iter_content(_CHUNK):
            body += chunk
            if len(body) > limit:
                break
    return body[: limit + 1]


def refusal(response: "Response", reference: Reference, *, what: str) -> UserError:
    """Return the error for a status that nobody expects; ``what`` was asked for."""
    registry = reference.registry
    detail = f"{response.status_code} {response.reason}: {_error_words(response)}"
    if response.status_code in {401, 403}:
        return not_let_in(reference, detail)
    if response.status_code == 404:
        return UserError(
            f"{registry} has no {what} for {reference}",
            detail=detail,
            remedy="check the name and the tag; a private image also needs a docker login.",
        )
    return UserError(
        f"{registry} refuses {what} of {reference}",
        detail=detail,
        remedy="do what the registry says, or ask who runs it.",
    )


def not_let_in(reference: Reference, detail: str) -> UserError:
    """Return the error for credentials that are missing or not enough."""
    return UserError(
        f"{reference.registry} does not let you use {reference.repository}",
        detail=detail,
        remedy=f"run docker login {reference.registry} as a user who may.",
    )


def _error_words(response: "Response") -> str:
    """Return the codes and messages of an error (distribution specification, "Error Codes")."""
    try:
        document = json.loads(read_bounded(response, _ERROR_LIMIT))
        errors = [(error["code"], error.get("message", "")) for error in document["errors"]]
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError, TemporaryFailure):
        return "no reason given"
    words = "; ".join(f"{code} {message}" for code, message in errors)
    return "".join(letter for letter in words if letter.isprintable())[:_WORDS_LIMIT]


def _innermost(error: BaseException) -> str:
    while inner := error.__cause__ or error.__context__:
        error = inner
    return f"{type(error).__name__}: {error}"[:_WORDS_LIMIT]
