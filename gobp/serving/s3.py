"""What settings say of S3-compatible storage: the bucket's URL, and the file of its keys."""

from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from gobp.errors import UserError


def bucket_of(url: str, endpoint: str, *, allow_http: bool) -> SplitResult:
    """Return the parts of ``store.url``: netloc is the bucket, path the prefix.

    Raises UserError where it names no bucket, or ``store.endpoint`` is http without leave.
    """
    parts = urlsplit(url)
    if parts.scheme != "s3" or not parts.netloc:
        raise UserError(
            f"store.url is {url!r}, which names no bucket",
            remedy="write s3://bucket/prefix.",
        )
    if endpoint.startswith("http://") and not allow_http:
        raise UserError(
            f"store.endpoint {endpoint} is not https",
            remedy="use https, or set store.allow_http: true where nobody can listen.",
        )
    return parts


def keys_in(file: Path) -> tuple[str, str]:
    """Return access key and secret key from ``store.access_key_file``. Raises UserError."""
    try:
        words = file.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"store.access_key_file {file} cannot be read: {type(error).__name__}",
            remedy="name a file that this user may read.",
        ) from None
    if len(words) != 2:
        raise UserError(
            f"store.access_key_file {file} has {len(words)} words in it, not two",
            remedy="write the access key on one line and the secret key on the next.",
        )
    return words[0], words[1]
