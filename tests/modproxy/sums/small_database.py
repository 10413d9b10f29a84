"""A checksum database of a test: a few records, truly signed, as tiles and lookups."""

import base64
import hashlib
from dataclasses import dataclass

from gobp.golang import ed25519
from gobp.golang.module import escape_path
from gobp.golang.tlog import Tile, node_hash, record_hash
from gobp.modproxy.sources.source import NotFoundError, SourceError

NAME = "sums.example.com/go"
_SEED = bytes(range(32))
_ORDER = 2**252 + 27742317777372353535851937790883648493


def h1(text: str) -> str:
    """Return a hash as of a module with this text."""
    return f"h1:{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@dataclass(frozen=True)
class Signer:
    """An Ed25519 key (RFC 8032, section 5.1.5 and 5.1.6) under a name."""

    name: str
    seed: bytes = _SEED

    @property
    def key(self) -> str:
        """The verifier key, as GOSUMDB has it."""
        public = b"\x01" + self._public
        return f"{self.name}+{self._key_hash.hex()}+{base64.b64encode(public).decode()}"

    def signed(self, text: str) -> str:
        """Return a signed note."""
        signature = base64.b64encode(self._key_hash + self._sign(text.encode())).decode()
        return f"{text}\n\N{EM DASH} {self.name} {signature}\n"

    @property
    def _public(self) -> bytes:
        return _times_base(self._secret[0])

    @property
    def _key_hash(self) -> bytes:
        return hashlib.sha256(self.name.encode() + b"\n\x01" + self._public).digest()[:4]

    @property
    def _secret(self) -> tuple[int, bytes]:
        digest = hashlib.sha512(self.seed).digest()
        scalar = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | (1 << 254)
        return scalar, digest[32:]

    def _sign(self, message: bytes) -> bytes:
        scalar, prefix = self._secret
        nonce = _number(prefix + message)
        point = _times_base(nonce)
        answer = (nonce + _number(point + self._public + message) * scalar) % _ORDER
        return point + answer.to_bytes(32, "little")


class SmallDatabase:
    """A database (a SumdbSource) whose records are example.com/Mod<n>@v1.0.0, n from 0 on.

    ``asked`` has the files that were asked for; those in ``trouble`` are answered with its errors,
    those in ``altered`` with its bytes. ``lookups_of`` is the size of the tree that lookups are
    answered with, where that is not the newest.
    """

    def __init__(self, size: int, *, name: str = NAME, history: str = "") -> None:
        self.name = name
        self.size = size
        self.signer = Signer(name)
        self.lookups_of = 0
        self.asked: list[str] = []
        self.trouble: dict[str, SourceError] = {}
        self.altered: dict[str, bytes] = {}
        self._history = history

    async def read(self, database: str, file: str) -> bytes:
        """See SumdbSource.read."""
        self.asked.append(file)
        for beginning, error in self.trouble.items():
            if file.startswith(beginning):
                raise error
        if database != self.name:
            raise NotFoundError(f"{database} is not here")
        return self.altered.get(file) or self.file(file)

    def file(self, file: str) -> bytes:
        """Return what is at a path."""
        if file == "latest":
            return self.head(self.size).encode()
        if file.startswith("lookup/"):
            return self._lookup(file)
        tile = Tile.parse(file)
        assert tile is not None
        nodes = dict(enumerate(self._levels())).get(8 * tile.level, [])
        hashes = nodes[tile.number * 256 : tile.number * 256 + tile.width]
        if len(hashes) != tile.width:
            raise NotFoundError("no such tile")
        return b"".join(hashes)

    def head(self, size: int) -> str:
        """Return the signed head of the tree of the first records."""
        root = b""
        start = size
        for level, nodes in enumerate(self._levels()):
            if size >> level & 1:
                start -= 1 << level
                root = node_hash(nodes[start >> level], root) if root else nodes[start >> level]
        text = f"go.sum database tree\n{size}\n{base64.b64encode(root).decode()}\n"
        return self.signer.signed(text)

    def record(self, number: int) -> str:
        """Return the go.sum lines of a module."""
        module = f"example.com/Mod{number}"
        if number == 0:
            module = "golang.org/toolchain"
        zip_line = f"{module} v1.0.0 {h1(f'zip {number}{self._history}')}\n"
        return f"{zip_line}{module} v1.0.0/go.mod {h1(f'mod {number}{self._history}')}\n"

    def _lookup(self, file: str) -> bytes:
        for number in range(self.size):
            module, version, _ = self.record(number).split(" ", 2)
            if file == f"lookup/{escape_path(module)}@{version}":
                head = self.head(max(self.lookups_of or self.size, number + 1))
                return f"{number}\n{self.record(number)}\n{head}".encode()
        raise NotFoundError(f"not found: {file}: no such module")

    def _levels(self) -> list[list[bytes]]:
        levels = [[record_hash(self.record(number).encode()) for number in range(self.size)]]
        while len(levels[-1]) > 1:
            below = levels[-1]
            levels.append([node_hash(a, b) for a, b in zip(below[::2], below[1::2], strict=False)])
        return levels


def _times_base(scalar: int) -> bytes:
    point = ed25519._double_multiply(scalar % _ORDER, ed25519._BASE, 0, ed25519._NEUTRAL)
    return ed25519._encode(point)


def _number(data: bytes) -> int:
    return int.from_bytes(hashlib.sha512(data).digest(), "little") % _ORDER
