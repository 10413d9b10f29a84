"""The key that provenance is signed with: ed25519 in PEM, made at the first start."""

import os
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from securesystemslib.dsse import Envelope
from securesystemslib.signer import (  # type: ignore[attr-defined] # as its documentation has them
    CryptoSigner,
    SSlibKey,
)

from gobp.buildservice.proof.envelope import PAYLOAD_TYPE, key_id
from gobp.buildservice.settings import schema
from gobp.errors import UserError

_FILE = "provenance.key"  # below root
_OWN = 0o700


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key. ``public_pem`` is what ``gobp verify --key`` takes."""

    _key: Ed25519PrivateKey = field(repr=False)

    @classmethod
    def open(cls, settings: schema.Proof, root: Path) -> "SigningKey":
        """Return the key of the settings, else that below ``root``, which is made if need be.

        Raises UserError for a file that cannot be read, or is no such key.
        """
        path = Path(settings.key_file) if settings.key_file else _made(root / _FILE)
        try:
            key = load_pem_private_key(path.read_bytes(), None)
        except OSError as error:
            raise _unusable(path, f"cannot be read: {error.strerror}") from None
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise _unusable(path, "is no private key in PEM without a password") from None
        if not isinstance(key, Ed25519PrivateKey):
            raise _unusable(path, "is no ed25519 key")
        return cls(key)

    @property
    def public_pem(self) -> str:
        """The public key in PEM."""
        public = self._key.public_key()
        return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode("ascii")

    @property
    def id(self) -> str:
        """The name of the key in signatures: the sha256 of its public bytes in hex."""
        return key_id(self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))

    def signed(self, payload: bytes) -> dict[str, object]:
        """Return an in-toto statement in a signed envelope (DSSE 1.0), as JSON has it."""
        public = SSlibKey.from_crypto(self._key.public_key(), self.id)
        envelope = Envelope(payload, PAYLOAD_TYPE, {})
        envelope.sign(CryptoSigner(self._key, public))
        made: dict[str, object] = envelope.to_dict()
        return made


def _made(path: Path) -> Path:
    """Return the file of a key, which several processes may make at the same time: one wins."""
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True, mode=_OWN)
    pem = Ed25519PrivateKey.generate().private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()
    )
    handle, temporary = tempfile.mkstemp(prefix=f".{_FILE}.", dir=path.parent)  # its mode is 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(pem)
            file.flush()
            os.fsync(file.fileno())
        path.hardlink_to(temporary)
    except FileExistsError:  # another process was faster
        pass
    finally:
        Path(temporary).unlink()
    return path


def _unusable(path: Path, why: str) -> UserError:
    return UserError(
        f"the key of provenance {path} {why}",
        remedy="make one by: openssl genpkey -algorithm ed25519 -out FILE, and name it as"
        " proof.key_file; or leave that empty, and one is made.",
    )
