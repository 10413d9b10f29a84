"""Certificates with any subject, in DER; nobody signed them, which a hash of a subject ignores."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from gobp.buildpack.ca_certificates.certificates import Certificate, pem

COMMON_NAME = bytes.fromhex("0603550403")
COUNTRY = bytes.fromhex("0603550406")
UTF8 = 0x0C
NUMERIC = 0x12
PRINTABLE = 0x13
TELETEX = 0x14
IA5 = 0x16
UNIVERSAL = 0x1C
BMP = 0x1E
_SEQUENCE = 0x30
_SET = 0x31
_ED25519 = bytes.fromhex("300506032b6570")
_YEARS = bytes.fromhex("301e170d3230303130313030303030305a170d3439303130313030303030305a")


@dataclass(frozen=True)
class Name:
    """One name of a subject: its type (an OID in DER), the tag of its value, and the value."""

    kind: bytes
    tag: int
    value: bytes


def common_name(text: str) -> Sequence[Sequence[Name]]:
    """Return a subject of one name, as most are."""
    return [[Name(COMMON_NAME, UTF8, text.encode())]]


def encode(tag: int, *parts: bytes) -> bytes:
    """Return an element of DER."""
    content = b"".join(parts)
    digits = len(content).to_bytes(4, "big").lstrip(b"\0")
    length = bytes([len(content)]) if len(content) < 0x80 else bytes([0x80 + len(digits)]) + digits
    return bytes([tag]) + length + content


def certificate(
    subject: Iterable[Iterable[Name]], *, serial: int = 1, version: bool = True
) -> bytes:
    """Return a certificate in DER; ``subject`` is its sets of names, in order."""
    names = [
        encode(
            _SET,
            *sorted(encode(_SEQUENCE, name.kind, encode(name.tag, name.value)) for name in names),
        )
        for names in subject
    ]
    whole = encode(_SEQUENCE, *names)
    signed = encode(
        _SEQUENCE,
        bytes.fromhex("a003020102") if version else b"",
        bytes.fromhex("020101"),
        _ED25519,
        encode(_SEQUENCE),
        _YEARS,
        whole,
        encode(_SEQUENCE, _ED25519, encode(3, bytes(33))),
    )
    return encode(_SEQUENCE, signed, _ED25519, encode(3, bytes(65)))


def in_pem(der: bytes) -> str:
    """Return a certificate in PEM."""
    return pem(Certificate(der, ""))
