"""Open a bucket of S3, or of what speaks like it."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from obstore.store import S3Store

from gobp.buildservice.settings.schema import Store
from gobp.buildservice.storage.bucket import BucketObjects, Presigning
from gobp.buildservice.storage.presigned import Keys, Signer
from gobp.serving.s3 import bucket_of, keys_in

if TYPE_CHECKING:  # it is not there at run time
    from obstore.store import S3Config

_VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


def open_bucket(settings: Store, env: Mapping[str, str]) -> BucketObjects:
    """Return the bucket of ``settings.url``; nothing is asked of it yet. Raises UserError."""
    parts = bucket_of(settings.url, settings.endpoint, allow_http=settings.allow_http)
    keys = _keys(settings, env)
    store = S3Store(
        parts.netloc,
        prefix=parts.path.strip("/") or None,
        endpoint=settings.endpoint or None,
        region=settings.region,
        config=_signed_by(keys),
        client_options={
            "allow_http": settings.allow_http,
            "connect_timeout": "5s",
            "read_timeout": "30s",
            "timeout": "600s",
        },
        retry_config={"max_retries": 3},
    )
    return BucketObjects(store, settings.url, _presigning(settings, keys))


def _signed_by(keys: Keys | None) -> "S3Config":
    if keys is None:
        return {}
    config: S3Config = {
        "access_key_id": keys.access_key,
        "secret_access_key": keys.secret_key,
    }
    return {**config, "session_token": keys.token} if keys.token else config


def _presigning(settings: Store, keys: Keys | None) -> Presigning | None:
    """Return how URLs for clients are made; keys that a machine's role gives cannot sign them."""
    if not settings.redirect or keys is None:
        return None
    parts = urlsplit(settings.url)
    endpoint = settings.endpoint.rstrip("/") or f"https://s3.{settings.region}.amazonaws.com"
    folder = "/".join(part for part in (parts.netloc, parts.path.strip("/")) if part)
    return Presigning(f"{endpoint}/{folder}/", Signer(keys, settings.region))


def _keys(settings: Store, env: Mapping[str, str]) -> Keys | None:
    """Return the keys of the settings, None where they are to be found elsewhere."""
    if settings.access_key_file:
        return Keys(*keys_in(Path(settings.access_key_file)))
    access_key, secret_key, token = (env.get(name, "") for name in _VARIABLES)
    return Keys(access_key, secret_key, token) if access_key and secret_key else None
