"""A server that takes releases as GitHub and Gitea do."""

import email
import json
from urllib.parse import parse_qs, urlsplit

from tests.buildservice.hooks.hook_world import Asked

TOKEN = "token-of-the-hook"


class Forge:
    """The API of releases; ``files`` are those of the one release there is."""

    def __init__(self) -> None:
        self.made = False
        self.files: dict[str, bytes] = {}
        self.assets: list[dict[str, object]] = []
        self.removed: list[str] = []
        self.url = ""
        self.uploads = ""
        self.trouble = 0

    def __call__(self, asked: Asked) -> tuple[int, bytes]:
        if asked.headers.get("authorization") != f"token {TOKEN}" or self.trouble:
            return self.trouble or 401, b"{}"
        parts = urlsplit(asked.path)
        match asked.method, parts.path:
            case "GET", "/api/repos/team/app/releases/tags/v1.2.3":
                return (200, self._release()) if self.made else (404, b"{}")
            case "POST", "/api/repos/team/app/releases":
                assert json.loads(asked.body)["tag_name"] == "v1.2.3"
                self.made = True
                return 201, self._release()
            case "POST", "/uploads/7/assets" | "/api/repos/team/app/releases/7/assets":
                name = parse_qs(parts.query)["name"][0]
                self.files[name] = content(asked)
                self.assets.append({"id": len(self.assets), "name": name, "size": 1})
                return 201, b"{}"
            case "DELETE", path:
                self.removed.append(path)
                return 204, b""
            case _:
                return 404, b"{}"

    def _release(self) -> bytes:
        upload_url = f"{self.uploads or self.url}/uploads/7/assets{{?name,label}}"
        return json.dumps({"id": 7, "assets": self.assets, "upload_url": upload_url}).encode()


def content(asked: Asked) -> bytes:
    """Return the file in an upload, as it is or in a form."""
    kind = asked.headers["content-type"]
    if not kind.startswith("multipart/"):
        return asked.body
    message = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + asked.body)
    part = list(message.walk())[1]
    assert 'name="attachment"' in part["Content-Disposition"]
    loaded = part.get_payload(decode=True)
    assert isinstance(loaded, bytes)
    return loaded
