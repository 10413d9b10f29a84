"""The certificates of bindings of type ``ca-certificates``: each entry holds one or more in PEM."""

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from gobp.buildpack.ca_certificates.detect import BINDING
from gobp.buildpack.ca_certificates.subject_hash import subject_hash
from gobp.cnb.bindings import Binding, of_type
from gobp.errors import UserError

_BEGIN = "-----BEGIN "
# RFC 7468; text around the blocks is a comment.
_BLOCK = re.compile(r"-----BEGIN ([^-\n]+)-----\s([^-]*)-----END \1-----")
_DER = re.compile(r"0[\x80-\x84\udc80-\udc84]")  # a SEQUENCE, its length in the long form
_TAGS = "tags"  # metadata in the old layout of bindings
_REMEDY = "put certificates in PEM, and nothing else, into the binding."


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate in DER, and its subject as OpenSSL hashes it."""

    der: bytes
    subject: str


def read_certificates(bindings: Iterable[Binding]) -> tuple[Certificate, ...]:
    """Return the certificates of all bindings of the type, each once, in order of the bindings.

    Raises UserError on an entry that holds anything else; no content is ever in its words.
    """
    found = [
        certificate
        for binding in of_type(bindings, BINDING)
        for entry, text in sorted(binding.secrets.items())
        if entry != _TAGS
        for certificate in _read(text, f"{entry!r} in the binding {binding.name!r}")
    ]
    return tuple(dict.fromkeys(found))


def trust_store(certificates: Iterable[Certificate]) -> Mapping[str, str]:
    """Return the files of a folder in which OpenSSL looks certificates up, by name.

    A name is the hash of the subject and a number, for subjects of one hash (``c_rehash``).
    """
    files: dict[str, str] = {}
    taken: dict[str, int] = {}
    for each in certificates:
        number = taken.get(each.subject, 0)
        taken[each.subject] = number + 1
        files[f"{each.subject}.{number}"] = pem(each)
    return files


def pem(certificate: Certificate) -> str:
    """Return a certificate in PEM."""
    text = base64.b64encode(certificate.der).decode()
    lines = "\n".join(text[at : at + 64] for at in range(0, len(text), 64))
    return f"{_BEGIN}CERTIFICATE-----\n{lines}\n-----END CERTIFICATE-----\n"


def _read(text: str, where: str) -> Iterator[Certificate]:
    blocks = _BLOCK.findall(text)
    if len(blocks) != text.count(_BEGIN):
        raise UserError(f"{where} has a PEM block that is not whole", remedy=_REMEDY)
    if not blocks:
        raise _no_pem(text, where)
    for label, body in blocks:
        if label.endswith("PRIVATE KEY"):
            raise UserError(
                f"{where} holds a private key",
                remedy="remove the key: only certificates that are to be trusted belong there.",
            )
        if label != "CERTIFICATE":
            raise UserError(f"{where} holds a {label.lower()}, no certificate", remedy=_REMEDY)
        yield _certificate(body, where)


def _certificate(body: str, where: str) -> Certificate:
    try:
        der = base64.b64decode("".join(body.split()), validate=True)
        return Certificate(der, subject_hash(der))
    except (binascii.Error, ValueError) as error:
        raise UserError(
            f"{where} has a certificate that cannot be read", detail=str(error), remedy=_REMEDY
        ) from error


def _no_pem(text: str, where: str) -> UserError:
    if _DER.match(text):
        return UserError(
            f"{where} is in DER, not in PEM",
            remedy="convert it: openssl x509 -inform der -in FILE -out FILE.pem",
        )
    return UserError(f"{where} holds no certificate in PEM", remedy=_REMEDY)
