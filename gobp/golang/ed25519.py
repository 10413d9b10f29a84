"""Ed25519 signatures (RFC 8032), verification only.

The standard library has none and a build container has no OpenSSL to ask. Nothing here is
secret, so it need not run in constant time; one verification takes a few milliseconds.
"""

import hashlib
from dataclasses import dataclass

KEY_SIZE = 32
SIGNATURE_SIZE = 64

# The parameters of RFC 8032, section 5.1: the field's prime, the group's order, the curve's d.
_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_SQRT_OF_MINUS_1 = pow(2, (_P - 1) // 4, _P)
_SIGN_BIT = 1 << 255


@dataclass(frozen=True, slots=True)
class _Point:
    """A point of the curve in extended coordinates: x = X/Z, y = Y/Z, x*y = T/Z."""

    x: int
    y: int
    z: int
    t: int


_NEUTRAL = _Point(0, 1, 1, 0)


def verify(public_key: bytes, message: bytes, signature: bytes) -> bool:
    """Say whether ``signature`` (64 bytes) is that of ``message`` under ``public_key`` (32 bytes).

    As RFC 8032, section 5.1.7, without cofactor, like Go. A key that is no point in canonical
    form, a scalar not below the group's order and a non-canonical point R are refused.
    """
    if len(public_key) != KEY_SIZE or len(signature) != SIGNATURE_SIZE:
        return False
    key = _decode(public_key)
    encoded_r, scalar = signature[:32], int.from_bytes(signature[32:], "little")
    if key is None or scalar >= _ORDER:
        return False
    digest = hashlib.sha512(encoded_r + public_key + message).digest()
    challenge = int.from_bytes(digest, "little") % _ORDER
    # Comparing encodings, not points, is what refuses a non-canonical R.
    return _encode(_double_multiply(scalar, _BASE, challenge, _negate(key))) == encoded_r


def _add(a: _Point, b: _Point) -> _Point:
    """Add two points (RFC 8032, section 5.1.4); right for doubling too."""
    e = (a.y - a.x) * (b.y - b.x) % _P
    f = (a.y + a.x) * (b.y + b.x) % _P
    g = 2 * a.t * b.t * _D % _P
    h = 2 * a.z * b.z % _P
    left, right, upper, lower = f - e, h - g, h + g, f + e
    return _Point(left * right % _P, upper * lower % _P, right * upper % _P, left * lower % _P)


def _negate(point: _Point) -> _Point:
    return _Point(-point.x % _P, point.y, point.z, -point.t % _P)


def _double_multiply(m: int, a: _Point, n: int, b: _Point) -> _Point:
    """Return m*a + n*b, going through the bits of both scalars at once."""
    choices = (_NEUTRAL, a, b, _add(a, b))
    total = _NEUTRAL
    for bit in reversed(range(max(m.bit_length(), n.bit_length()))):
        total = _add(total, total)
        total = _add(total, choices[(m >> bit & 1) | (n >> bit & 1) << 1])
    return total


def _encode(point: _Point) -> bytes:
    """Return the 32 bytes of a point (RFC 8032, section 5.1.2)."""
    inverse = pow(point.z, -1, _P)
    x, y = point.x * inverse % _P, point.y * inverse % _P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def _decode(data: bytes) -> _Point | None:
    """Return the point of 32 bytes, None if they are no canonical encoding of one (5.1.3)."""
    number = int.from_bytes(data, "little")
    y, odd = number & ~_SIGN_BIT, number >> 255
    if y >= _P:
        return None
    x = _square_root((y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P)
    if x is None or (x == 0 and odd):
        return None
    if x & 1 != odd:
        x = _P - x
    return _Point(x, y, 1, x * y % _P)


def _square_root(square: int) -> int | None:
    """Return a root modulo the prime, which is 5 modulo 8, None if there is none."""
    root = pow(square, (_P + 3) // 8, _P)
    for candidate in (root, root * _SQRT_OF_MINUS_1 % _P):
        if (candidate * candidate - square) % _P == 0:
            return candidate
    return None


def _base_point() -> _Point:
    """Return the base point: y is 4/5, x the even root."""
    point = _decode((4 * pow(5, -1, _P) % _P).to_bytes(32, "little"))
    if point is None:
        raise AssertionError("the base point of Ed25519 is on the curve")
    return point


_BASE = _base_point()
