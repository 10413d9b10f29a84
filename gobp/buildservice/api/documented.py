"""What the document of the API says of answers that several operations have."""

import json
from typing import Annotated, Any

from fastapi import FastAPI, Path
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from gobp.buildservice.api.models import ProblemModel
from gobp.buildservice.api.problems import PROBLEM_TYPE

BuildId = Annotated[
    str, Path(pattern="^[0-9a-f]{32}$", description="The id of a build: 32 hex digits.")
]
_WHAT = {
    400: "The request makes no sense; `detail` says what is allowed.",
    401: "A token is needed, or the one that was sent is not good (any more).",
    403: "The token is not for this.",
    404: "There is no such thing, or it is not for who asks.",
    409: "The build is not in a state for this.",
    413: "The body is too large.",
    416: "No byte of the file is in the range.",
    429: "Too many requests or builds: see `Retry-After`.",
    502: "Who knows what the ref stands for gave no answer.",
    503: "The queue is full, or the service cannot work now: see `Retry-After`.",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the document of these failures, besides those that every operation has."""
    schema = {"$ref": f"#/components/schemas/{ProblemModel.__name__}"}
    return {
        status: {"description": _WHAT[status], "content": {PROBLEM_TYPE: {"schema": schema}}}
        for status in sorted({400, 401, 403, 429, 503, *statuses})
    }


def file_answers() -> dict[int | str, dict[str, Any]]:
    """Return the document of a download."""
    return {
        200: {
            "description": "The file; `ETag` is its sha256.",
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        },
        206: {
            "description": "The part of the file that was asked for.",
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        },
        304: {"description": "The client has the file."},
        307: {"description": "The file is at `Location`, for a while."},
        **problems(404, 416),
    }


_ABOUT = """Ask for a Go program at a version and a platform, get the binary.

**A build** is asked for by `POST /api/v1/builds`; whoever asks for the same joins it. Its log can
be followed, its files downloaded, verified and pinned. Versions may be branches, `latest` or
prefixes: what they stood for is resolved when they are asked for, and shown.

**In one line**, with the URLs of [cargo](https://github.com/monochromegane/cargo):
`curl -X POST URL/github.com/rakyll/hey/linux/amd64/v0.1.4`, then `curl -OJL` of the same URL.

**Tokens** are sent as `Authorization: Bearer TOKEN`. What anybody may without one, the settings of
the service say. Builds of private repositories are not there (404) for who may not see them.

**Failures** are problem details (RFC 9457, `application/problem+json`). `429` and `503` say by
`Retry-After` when to ask again.
"""
_TAGS = [
    {"name": "builds", "description": "Ask for builds, list, cancel and repeat them."},
    {"name": "logs", "description": "What builds say, as it comes."},
    {"name": "artifacts", "description": "Archives, bills of materials, provenance and sums."},
    {"name": "cargo", "description": "One URL builds and downloads, as with cargo."},
    {"name": "operation", "description": "Health, figures, keys and webhooks."},
]
_NOT_OURS = ("HTTPValidationError", "ValidationError")  # FastAPI's: failures are problems here


def document(app: FastAPI, base: str) -> bytes:
    """Return the document of an application's API (OpenAPI 3.1), which is served below ``base``."""
    made = get_openapi(
        title=app.title,
        version=app.version,
        description=_ABOUT,
        routes=app.routes,
        tags=_TAGS,
        servers=[{"url": base or "/"}],
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    schemas = made["components"]["schemas"]
    for name in _NOT_OURS:
        schemas.pop(name, None)
    schemas[ProblemModel.__name__] = ProblemModel.model_json_schema()
    for path in made["paths"].values():
        for operation in path.values():
            operation["responses"].pop("422", None)
            if "security" in operation:
                operation["security"] = [{}, {"token": []}, {"basic": []}]
    # Here nobody takes a model for the type that it shows.
    return json.dumps(made).replace('Model"', '"').encode()


def operation_id(route: APIRoute) -> str:
    """Return the name of an operation: that of its function."""
    return route.name
