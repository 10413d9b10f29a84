"""The hash of a subject, beside the real openssl and beside its twin in Go."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gobp.buildpack.ca_certificates.subject_hash import subject_hash
from tests.fakes.certificates import (
    BMP,
    COMMON_NAME,
    UNIVERSAL,
    UTF8,
    Name,
    certificate,
    common_name,
    encode,
    in_pem,
)
from tests.strategies_subjects import subjects

VECTORS = sorted((Path(__file__).parents[2] / "helpers/ca-certificates/testdata").glob("*.pem"))
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not here")


def of_openssl(pem: str) -> str:
    asked = ["openssl", "x509", "-noout", "-hash"]
    done = subprocess.run(asked, input=pem, capture_output=True, text=True, check=True)
    return done.stdout.strip()


@needs_openssl
@pytest.mark.parametrize("path", VECTORS, ids=lambda path: path.stem)
def test_the_vectors_are_named_by_openssl(path: Path) -> None:
    assert of_openssl(path.read_text()) == path.name[:8]


@needs_openssl
@settings(deadline=None, max_examples=30)  # each example starts openssl
@given(subjects)
@pytest.mark.slow
def test_every_subject_has_the_hash_that_openssl_gives(subject: list[list[Name]]) -> None:
    der = certificate(subject)

    assert subject_hash(der) == of_openssl(in_pem(der))


@needs_openssl
def test_a_certificate_that_openssl_made_has_its_hash(tmp_path: Path) -> None:
    made = subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-keyout", tmp_path / "key", "-utf8", "-multivalue-rdn"),
            *("-subj", "/C=de/O=Größe  & Söhne+OU=B+OU=A/CN= Example Root  CA"),
        ],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    der = subprocess.run(
        ["openssl", "x509", "-outform", "der"], input=made.encode(), capture_output=True, check=True
    ).stdout

    assert subject_hash(der) == of_openssl(made)


@given(st.binary() | st.builds(encode, st.just(0x30), st.binary()))
def test_bytes_that_are_no_certificate_are_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        subject_hash(data)


@given(subjects, st.data())
def test_half_a_certificate_is_refused(subject: list[list[Name]], data: st.DataObject) -> None:
    der = certificate(subject)
    end = data.draw(st.integers(0, len(der) - 1))

    for damaged in (der[:end], der + b"\0"):
        with pytest.raises(ValueError, match=r".+"):
            subject_hash(damaged)


@pytest.mark.parametrize(
    ("tag", "value"),
    [(BMP, b"\xd8\x00"), (BMP, b"\0"), (UNIVERSAL, b"\0\x11\0\0"), (UTF8, b"\xff")],
)
def test_text_that_is_not_unicode_is_refused(tag: int, value: bytes) -> None:
    der = certificate([[Name(COMMON_NAME, tag, value)]])

    with pytest.raises(ValueError, match=r".+"):
        subject_hash(der)


def test_a_length_in_more_bytes_than_it_needs_is_refused() -> None:
    der = certificate(common_name("A"))
    assert der[:2] == b"\x30\x81"

    with pytest.raises(ValueError, match=re.escape("a length that is not DER")):
        subject_hash(b"\x30\x82\0" + der[2:])
