import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from gobp.buildservice.proof.envelope import EnvelopeError, key_id, opened, public_keys
from gobp.buildservice.proof.keys import SigningKey
from gobp.buildservice.proof.verifying import read_provenance
from gobp.buildservice.settings.schema import Proof

PAYLOAD = b'{"_type": "x"}'


@pytest.fixture(scope="module")
def key(tmp_path_factory: pytest.TempPathFactory) -> SigningKey:
    return SigningKey.open(Proof(), tmp_path_factory.mktemp("root"))


@pytest.fixture(scope="module")
def keys(key: SigningKey) -> tuple[bytes, ...]:
    return public_keys(key.public_pem)


def refusal(envelope: Any, keys: tuple[bytes, ...]) -> str:
    text = envelope if isinstance(envelope, str) else json.dumps(envelope)
    with pytest.raises(EnvelopeError) as raised:
        opened(text, keys)
    return str(raised.value)


def test_what_is_signed_can_be_read(key: SigningKey, keys: tuple[bytes, ...]) -> None:
    assert opened(json.dumps(key.signed(PAYLOAD)), keys) == PAYLOAD


def test_one_of_several_keys_is_enough(
    key: SigningKey, keys: tuple[bytes, ...], tmp_path: Path
) -> None:
    other = SigningKey.open(Proof(), tmp_path)

    both = public_keys(f"{other.public_pem}\nnoise\n{key.public_pem}")

    assert opened(json.dumps(key.signed(PAYLOAD)), both) == PAYLOAD
    assert both[1:] == keys


def test_the_signature_names_the_key(key: SigningKey, keys: tuple[bytes, ...]) -> None:
    envelope: Any = key.signed(PAYLOAD)

    assert [each["keyid"] for each in envelope["signatures"]] == [key.id]
    assert key.id == key_id(keys[0])


def test_a_signature_of_another_key_is_refused(
    keys: tuple[bytes, ...], key: SigningKey, tmp_path: Path
) -> None:
    other: Any = SigningKey.open(Proof(), tmp_path).signed(PAYLOAD)
    other["signatures"][0]["keyid"] = key.id

    assert refusal(other, keys) == "it is not signed by this key"


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_any_other_payload_is_refused(
    key: SigningKey, keys: tuple[bytes, ...], data: st.DataObject
) -> None:
    envelope: Any = key.signed(PAYLOAD)
    other = bytearray(PAYLOAD)
    other[data.draw(st.integers(0, len(PAYLOAD) - 1))] ^= data.draw(st.integers(1, 255))

    envelope["payload"] = b64encode(other).decode()

    assert refusal(envelope, keys) == "it is not signed by this key"


def test_another_type_of_payload_is_refused(key: SigningKey, keys: tuple[bytes, ...]) -> None:
    envelope: Any = key.signed(PAYLOAD)
    envelope["payloadType"] = "text/plain"

    assert "no in-toto statement" in refusal(envelope, keys)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"payload": 1, "payloadType": "x", "signatures": []}',
        '{"payload": "!", "payloadType": "x", "signatures": []}',
        '{"payload": "", "payloadType": "x", "signatures": [1]}',
        "[" * 100_000,
    ],
)
def test_what_is_no_envelope_is_refused(text: str, keys: tuple[bytes, ...]) -> None:
    assert refusal(text, keys) == "it is no signed envelope"


def test_no_signature_and_no_key_are_not_enough(key: SigningKey, keys: tuple[bytes, ...]) -> None:
    envelope = key.signed(PAYLOAD)

    assert "not signed" in refusal(envelope, ())
    assert "not signed" in refusal({**envelope, "signatures": []}, keys)


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"_type": 1}', b"\xff"])
def test_what_is_no_provenance_is_refused(
    payload: bytes, key: SigningKey, keys: tuple[bytes, ...]
) -> None:
    with pytest.raises(EnvelopeError, match="no provenance"):
        read_provenance(json.dumps(key.signed(payload)), keys)


def test_keys_of_other_kinds_are_passed_over(key: SigningKey, keys: tuple[bytes, ...]) -> None:
    other = generate_private_key(SECP256R1()).public_key()
    pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()

    assert public_keys(pem + key.public_pem) == keys
    assert public_keys("-----BEGIN PUBLIC KEY-----\nAAAAA\n-----END PUBLIC KEY-----") == ()
    assert public_keys("nothing") == ()
