"""The hash of a certificate's subject, by which OpenSSL finds it in a folder of certificates.

It is the beginning of a SHA-1 over the subject's canonical form: DER in which all text is UTF-8,
in lower case, with single spaces. Source: OpenSSL's manual of ``c_rehash`` and ``X509_NAME_hash``;
RFC 5280, 4.1 and 7.1; the Go twin is helpers/ca-certificates/subject.go.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

_INTEGER = 0x02
_UTF8_STRING = 0x0C
_SEQUENCE = 0x30
_SET = 0x31
_VERSION = 0xA0  # [0], absent in certificates of version 1
_ENCODINGS = {
    _UTF8_STRING: "utf-8",
    0x13: "latin-1",  # PrintableString
    0x14: "latin-1",  # TeletexString, read so by OpenSSL
    0x16: "latin-1",  # IA5String
    0x1C: "utf-32-be",  # UniversalString
    0x1E: "utf-16-be",  # BMPString
}
_BMP_STRING = 0x1E
_SURROGATES = range(0xD8, 0xE0)  # first bytes of what UTF-16 has, and a BMPString must not have
_LONGEST_LENGTH = 4  # bytes of a length


def subject_hash(certificate: bytes) -> str:
    """Return the hash, eight hexadecimal digits, of the subject of a certificate in DER.

    Raises ValueError where the bytes are no certificate.
    """
    canonical = b"".join(_canonical_set(names) for names in _subject(certificate))
    digest = hashlib.sha1(canonical, usedforsecurity=False).digest()
    return f"{int.from_bytes(digest[:4], 'little'):08x}"


@dataclass(frozen=True, slots=True)
class _Element:
    """An element of DER: its tag, its content, and all of its bytes."""

    tag: int
    content: bytes
    encoded: bytes


def _subject(certificate: bytes) -> Iterator[_Element]:
    """Return the sets of names of a certificate's subject."""
    outer = tuple(_elements(certificate))
    if len(outer) != 1:
        raise ValueError(f"{len(outer)} elements of DER, where a certificate is one")
    signed = next(_elements(_content(outer[0], _SEQUENCE)), None)
    if signed is None:
        raise ValueError("the certificate is empty")
    fields = list(_elements(_content(signed, _SEQUENCE)))
    if fields and fields[0].tag == _VERSION:
        del fields[0]
    kinds = [field.tag for field in fields[:5]]
    if kinds != [_INTEGER, _SEQUENCE, _SEQUENCE, _SEQUENCE, _SEQUENCE]:
        raise ValueError("the fields are not those of a certificate")
    _, _, _, _, subject = fields[:5]
    return _elements(subject.content)


def _canonical_set(names: _Element) -> bytes:
    """Return a set of names in canonical form; DER sorts the elements of a set."""
    return _encode(_SET, b"".join(sorted(map(_canonical_name, _elements(_content(names, _SET))))))


def _canonical_name(name: _Element) -> bytes:
    parts = tuple(_elements(_content(name, _SEQUENCE)))
    if len(parts) != 2:
        raise ValueError(f"a name of {len(parts)} parts, where a type and a value belong")
    kind, value = parts
    return _encode(_SEQUENCE, kind.encoded + _canonical_value(value))


def _canonical_value(value: _Element) -> bytes:
    """Return text in lower case, with single spaces, as UTF-8; any other value as it is."""
    if value.tag not in _ENCODINGS:
        return value.encoded
    if value.tag == _BMP_STRING and any(high in _SURROGATES for high in value.content[::2]):
        raise ValueError("a name has half a character")
    text = value.content.decode(_ENCODINGS[value.tag]).encode()
    return _encode(_UTF8_STRING, b" ".join(text.split()).lower())  # of ASCII alone, as it must be


def _content(element: _Element, tag: int) -> bytes:
    if element.tag != tag:
        raise ValueError(f"an element of tag {element.tag:#x}, where {tag:#x} belongs")
    return element.content


def _elements(data: bytes) -> Iterator[_Element]:
    """Yield the elements that follow each other in ``data``."""
    at = 0
    while at < len(data):
        start, tag = at, data[at]
        if tag & 0x1F == 0x1F:
            raise ValueError("a tag of several bytes")
        length, at = _length(data, at + 1)
        if length > len(data) - at:
            raise ValueError("an element is longer than what there is of it")
        at += length
        yield _Element(tag, data[at - length : at], data[start:at])


def _length(data: bytes, at: int) -> tuple[int, int]:
    """Return the length that stands at a place, and the place after it."""
    size = data[at] if at < len(data) else 0x80
    if size < 0x80:
        return size, at + 1
    size -= 0x80
    digits = data[at + 1 : at + 1 + size]
    length = int.from_bytes(digits, "big")
    if (
        not 0 < size <= _LONGEST_LENGTH
        or len(digits) < size
        or _encode_length(length)[1:] != digits
    ):
        raise ValueError("a length that is not DER")
    return length, at + 1 + size


def _encode(tag: int, content: bytes) -> bytes:
    return bytes([tag]) + _encode_length(len(content)) + content


def _encode_length(length: int) -> bytes:
    if length < 0x80:
        return bytes([length])
    digits = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([0x80 + len(digits)]) + digits
