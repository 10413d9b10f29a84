import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gobp.errors import UserError
from gobp.serving import passwords
from gobp.serving.passwords import PasswordHash


def test_a_password_matches_its_own_hash_as_the_settings_have_it() -> None:
    known = PasswordHash.parse(str(PasswordHash.of("corréct horse:")), source="x")
    assert known.matches("corréct horse:")
    assert not known.matches("corréct horse")


def test_two_hashes_of_a_password_have_nothing_in_common() -> None:
    first, second = PasswordHash.of("a"), PasswordHash.of("a")
    assert first.salt != second.salt
    assert first.key != second.key


def test_the_key_is_that_of_rfc_7914() -> None:
    """Section 12, the third test vector; its first 32 of 64 bytes do not depend on the length."""
    known = PasswordHash(
        16384,
        8,
        1,
        b"SodiumChloride",
        bytes.fromhex("7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2"),
    )
    assert known.matches("pleaseletmein")


@settings(max_examples=50)
@given(st.text(max_size=100))
def test_no_text_that_is_no_hash_is_repeated_in_the_complaint(text: str) -> None:
    secret = f"secret-{text}"
    with pytest.raises(UserError, match=r"bob: password_hash is no hash") as error:
        PasswordHash.parse(secret, source="bob")
    assert secret not in str(error.value)
    with pytest.raises(UserError, match="token_hash is no hash of a token"):
        passwords.parse_token_hash(secret, source="bob")


@pytest.mark.parametrize(
    "change",
    [
        ("n=16384", "n=1048576"),  # more memory than one may have
        ("n=16384", "n=16383"),
        ("n=16384", "n=1"),
        ("r=8", "r=0"),
        ("p=1", "p=99"),
        ("scrypt", "bcrypt"),
        (r"[^$]*$", "AAAA"),  # a short key
        (r"[^$]*$", "A"),  # no base64
    ],
)
def test_a_hash_that_costs_too_much_or_nothing_is_no_hash(change: tuple[str, str]) -> None:
    text = re.sub(change[0], change[1], str(PasswordHash.impossible()), count=1)
    with pytest.raises(UserError):
        PasswordHash.parse(text, source="bob")


def test_the_hash_that_is_compared_where_there_is_no_user_is_of_nothing() -> None:
    assert not PasswordHash.impossible().matches("")


def test_tokens_are_all_different_and_known_by_their_form() -> None:
    tokens = {passwords.new_token() for _ in range(100)}
    assert len(tokens) == 100
    assert all(passwords.is_token(token) for token in tokens)
    assert not any(passwords.is_token(token[:-1]) for token in tokens)


def test_the_hash_of_a_token_is_that_in_the_settings() -> None:
    token = passwords.new_token()
    written = passwords.format_token_hash(token)
    assert passwords.parse_token_hash(written, source="x") == passwords.token_digest(token)
    assert token not in written
