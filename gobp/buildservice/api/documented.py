"""What the document of the API says of answers that several operations have."""

from typing import Annotated, Any

from fastapi import Path

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
