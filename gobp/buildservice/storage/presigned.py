"""URLs of objects in S3 that anybody may get for a while, with the name that the file then has.

obstore signs URLs too, but without the parameters that name the file. See
https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote, urlsplit

_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class Keys:
    """Who signs; ``token`` is that of a session, "" for keys that last."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs URLs for GET. ``region`` is that of the bucket."""

    keys: Keys
    region: str

    def url(self, url: str, parameters: Mapping[str, str], seconds: int, now: float) -> str:
        """Return ``url`` (without a query) with the parameters, signed for so many seconds."""
        moment = datetime.fromtimestamp(now, UTC).strftime("%Y%m%dT%H%M%SZ")
        scope = f"{moment[:8]}/{self.region}/s3/aws4_request"
        query = dict(parameters) | {
            "X-Amz-Algorithm": _ALGORITHM,
            "X-Amz-Credential": f"{self.keys.access_key}/{scope}",
            "X-Amz-Date": moment,
            "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": "host",
        }
        if self.keys.token:
            query["X-Amz-Security-Token"] = self.keys.token
        text = "&".join(f"{_quoted(name)}={_quoted(query[name])}" for name in sorted(query))
        parts = urlsplit(url)
        request = f"GET\n{parts.path}\n{text}\nhost:{parts.netloc}\n\nhost\nUNSIGNED-PAYLOAD"
        digest = hashlib.sha256(request.encode()).hexdigest()
        signature = self._signature(scope, f"{_ALGORITHM}\n{moment}\n{scope}\n{digest}")
        return f"{url}?{text}&X-Amz-Signature={signature}"

    def _signature(self, scope: str, text: str) -> str:
        key = f"AWS4{self.keys.secret_key}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        return hmac.digest(key, text.encode(), "sha256").hex()


def _quoted(text: str) -> str:
    return quote(text, safe="-_.~")
