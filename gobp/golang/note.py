"""Signed notes, the form in which a checksum database signs its state.

The form is described at https://pkg.go.dev/golang.org/x/mod/sumdb/note.
"""

import hashlib
from binascii import Error as Base64Error
from binascii import a2b_base64
from dataclasses import dataclass

from gobp.golang import ed25519

_ED25519 = 1  # the algorithm byte before the key
_HASH_SIZE = 4
_HEX_DIGITS = frozenset("0123456789abcdefABCDEF")
_SIGNATURE_PREFIX = "\N{EM DASH} "
_MAX_SIGNATURES = 100
_FIRST_PRINTABLE = " "


class NoteError(ValueError):
    """A verifier key or a note is malformed, or no signature of the wanted key is on the note."""


@dataclass(frozen=True, slots=True)
class Verifier:
    """The public key of one signer; ``key_hash`` (4 bytes) tells the keys of a name apart."""

    name: str
    key_hash: bytes
    public_key: bytes

    @classmethod
    def parse(cls, text: str) -> "Verifier":
        """Return the verifier of a key such as ``sum.example.com+033de0ae+Ac4z...``.

        Raises NoteError if the text is malformed or its hash is not that of name and key.
        """
        name, _, rest = text.partition("+")
        hash_hex, _, key_base64 = rest.partition("+")
        key = decode_base64(key_base64)
        is_hex = len(hash_hex) == 2 * _HASH_SIZE and _HEX_DIGITS.issuperset(hash_hex)
        if not (is_hex and _is_name(name)):
            raise NoteError("a verifier key has the form name+hash+key")
        key_hash = bytes.fromhex(hash_hex)
        if key_hash != hashlib.sha256(name.encode() + b"\n" + key).digest()[:_HASH_SIZE]:
            raise NoteError("the hash in the verifier key is not that of its name and key")
        if key[0] != _ED25519 or len(key) != 1 + ed25519.KEY_SIZE:
            raise NoteError("the verifier key is not an Ed25519 key")
        return cls(name, key_hash, key[1:])


def open_note(note: str, verifier: Verifier) -> str:
    """Return the text of a note, with its final newline, that the verifier's owner has signed.

    Signatures of other keys are passed over. Raises NoteError if the note is malformed, or not
    or wrongly signed.
    """
    text, blank_line, signatures = note.rpartition("\n\n")
    if not blank_line or not signatures.endswith("\n") or _has_control_characters(note):
        raise NoteError("the note is malformed: it has no text and signatures")
    text += "\n"
    lines = signatures[:-1].split("\n")
    if len(lines) > _MAX_SIGNATURES:
        raise NoteError(f"the note has more than {_MAX_SIGNATURES} signatures")
    own = [signature for line in lines if (signature := _signature_by(verifier, line))]
    if not own:
        raise NoteError(f"the note is not signed by {verifier.name}")
    if not ed25519.verify(verifier.public_key, text.encode(), own[0]):
        raise NoteError(f"the signature of {verifier.name} is not that of this note")
    return text


def decode_base64(text: str) -> bytes:
    """Return the bytes of a key, signature or hash; raises NoteError if they are 4 or less."""
    try:
        data = a2b_base64(text, strict_mode=True)
    except (Base64Error, ValueError):
        data = b""
    if len(data) <= _HASH_SIZE:
        raise NoteError(f"{text!r} is not the base64 form of a key or signature")
    return data


def _signature_by(verifier: Verifier, line: str) -> bytes:
    """Return the signature on a line if it is by the verifier's key, else nothing."""
    name, _, encoded = line.removeprefix(_SIGNATURE_PREFIX).partition(" ")
    if not line.startswith(_SIGNATURE_PREFIX) or not _is_name(name):
        raise NoteError("the note is malformed: a line after its text is no signature")
    signature = decode_base64(encoded)
    is_own = (name, signature[:_HASH_SIZE]) == (verifier.name, verifier.key_hash)
    return signature[_HASH_SIZE:] if is_own else b""


def _is_name(name: str) -> bool:
    return name != "" and "+" not in name and not any(map(str.isspace, name))


def _has_control_characters(note: str) -> bool:
    return any(character < _FIRST_PRINTABLE and character != "\n" for character in note)
