import pytest
from hypothesis import given
from hypothesis import strategies as st

from gobp.golang.ed25519 import verify
from tests.golang.conftest import Oracle, unhurried

ORDER = 2**252 + 27742317777372353535851937790883648493
PRIME = 2**255 - 19

# RFC 8032, section 7.1: public key, message, signature.
TEST_1 = (
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    (
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b4"
        "6bd25bf5f0595bbe24655141438e7a100b"
    ),
)
TEST_2 = (
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d"
        "8c387b2eaeb4302aeeb00d291612bb0c00"
    ),
)
TEST_3 = (
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    (
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6"
        "594a7c15e9716ed28dc027beceea1ec40a"
    ),
)
TEST_SHA_ABC = (
    "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    (
        "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feeb"
        "bd454d4423643ce80e2a9ac94fa54ca49f"
    ),
    (
        "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0"
        "303dca179c138ac17ad9bef1177331a704"
    ),
)
VECTORS = (TEST_1, TEST_2, TEST_3, TEST_SHA_ABC)

seeds = st.binary(min_size=32, max_size=32)


def decoded(vector: tuple[str, str, str]) -> tuple[bytes, bytes, bytes]:
    key, message, signature = map(bytes.fromhex, vector)
    return key, message, signature


@pytest.mark.parametrize("vector", VECTORS)
def test_the_signatures_of_the_rfc_hold(vector: tuple[str, str, str]) -> None:
    assert verify(*decoded(vector))


@pytest.mark.parametrize("vector", VECTORS)
def test_a_signature_holds_for_no_other_message_and_key(vector: tuple[str, str, str]) -> None:
    key, message, signature = decoded(vector)

    assert not verify(key, message + b"\x00", signature)
    assert not verify(bytes.fromhex(VECTORS[VECTORS.index(vector) - 1][0]), message, signature)


@unhurried
@given(seeds, st.binary(), st.integers(0, 1023))
def test_a_signature_of_gos_holds_until_a_bit_of_it_is_changed(
    oracle: Oracle, seed: bytes, message: bytes, bit: int
) -> None:
    key_hex, signature_hex = map(str, oracle.ask("sign", seed.hex(), message.hex()))
    key, signature = bytes.fromhex(key_hex), bytes.fromhex(signature_hex)
    changed = bytearray(signature)
    changed[bit // 8 % 64] ^= 1 << bit % 8

    assert verify(key, message, signature)
    assert not verify(key, message, bytes(changed))


@unhurried
@given(seeds, st.binary(min_size=64, max_size=64))
def test_no_random_bytes_are_a_signature_when_go_says_they_are_none(
    oracle: Oracle, key: bytes, signature: bytes
) -> None:
    (expected,) = oracle.ask("verify", key.hex(), "00", signature.hex())

    assert verify(key, b"\x00", signature) == expected


def test_a_scalar_beyond_the_groups_order_is_refused() -> None:
    key, message, signature = decoded(TEST_2)
    scalar = int.from_bytes(signature[32:], "little") + ORDER

    assert not verify(key, message, signature[:32] + scalar.to_bytes(32, "little"))


@pytest.mark.parametrize(
    "key",
    [
        PRIME.to_bytes(32, "little"),  # y is 0, not in canonical form
        (PRIME + 1).to_bytes(32, "little"),  # y is 1, the neutral point
        (1 | 1 << 255).to_bytes(32, "little"),  # x is 0 and called odd
        (2).to_bytes(32, "little"),  # no point of the curve
    ],
)
def test_a_key_that_is_no_point_in_canonical_form_is_refused(key: bytes) -> None:
    # Under the neutral point as the key, R = 1 and S = 0 would sign every message.
    signature = (1).to_bytes(32, "little") + bytes(32)

    assert not verify(key, b"message", signature)


def test_a_point_r_in_no_canonical_form_is_refused() -> None:
    neutral = (1).to_bytes(32, "little")
    same_not_canonical = (PRIME + 1).to_bytes(32, "little")

    assert verify(neutral, b"message", neutral + bytes(32))
    assert not verify(neutral, b"message", same_not_canonical + bytes(32))


def test_keys_and_signatures_of_another_length_are_refused() -> None:
    key, message, signature = decoded(TEST_1)

    assert not verify(key + b"\x00", message, signature)
    assert not verify(key, message, signature[:-1])
    assert not verify(b"", message, b"")
