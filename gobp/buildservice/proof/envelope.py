"""Signed envelopes (DSSE 1.0) read with nothing but what every installation of gobp has.

Source: https://github.com/secure-systems-lab/dsse, envelope.md and protocol.md.
"""

import binascii
import hashlib
import json
import re
from base64 import b64decode

from gobp.golang import ed25519

PAYLOAD_TYPE = "application/vnd.in-toto+json"
_PEM = re.compile(
    r"-----BEGIN PUBLIC KEY-----\s+([A-Za-z0-9+/=\s]+?)\s*-----END PUBLIC KEY-----", re.ASCII
)
_ED25519 = bytes.fromhex("302a300506032b6570032100")  # what stands before the key: RFC 8410
_MOST_SIGNATURES = 16


class EnvelopeError(ValueError):
    """An envelope that cannot be believed; the text says why."""


def key_id(key: bytes) -> str:
    """Return the name of a public key (32 bytes) in signatures."""
    return hashlib.sha256(key).hexdigest()


def public_keys(text: str) -> tuple[bytes, ...]:
    """Return the ed25519 keys (32 bytes each) among the public keys in a text in PEM."""
    found = (_decoded(match[1]) for match in _PEM.finditer(text))
    size = len(_ED25519) + ed25519.KEY_SIZE
    return tuple(
        key[len(_ED25519) :] for key in found if len(key) == size and key.startswith(_ED25519)
    )


def _decoded(text: str) -> bytes:
    try:
        return b64decode("".join(text.split()))
    except binascii.Error:
        return b""


def opened(text: str, keys: tuple[bytes, ...]) -> bytes:
    """Return the payload of an envelope that one of the keys has signed. Raises EnvelopeError."""
    try:
        envelope = json.loads(text)
        payload = b64decode(envelope["payload"], validate=True)
        kind = envelope["payloadType"]
        signatures = [b64decode(each["sig"], validate=True) for each in envelope["signatures"]]
    except (ValueError, TypeError, KeyError, RecursionError, binascii.Error):
        raise EnvelopeError("it is no signed envelope") from None
    if kind != PAYLOAD_TYPE:
        raise EnvelopeError(f"it holds {kind!a}, no in-toto statement")
    message = _encoded(kind.encode(), payload)
    for signature in signatures[:_MOST_SIGNATURES]:
        if any(ed25519.verify(key, message, signature) for key in keys):
            return payload
    raise EnvelopeError("it is not signed by this key")


def _encoded(kind: bytes, payload: bytes) -> bytes:
    """Return what is signed: the type and the payload, each with its length (PAE)."""
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
