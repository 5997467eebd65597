"""The public number: an acceptance number that its reporter alone can look up.

`20261122-00042-7-K7QX-4M2P` is the acceptance number, which anybody can count up, then seven characters that
only this install can make (35 bits of an HMAC) and one check character over everything before it. Pure.

The check character is a linear code over GF(32): character i weighs a power of a primitive element, no two
weights are equal, so every single wrong character and every swap of two different ones is found.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from dataclasses import dataclass
from itertools import accumulate, repeat

from cloud.incidents.numbers import is_incident_number

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Douglas Crockford's base 32: without I, L, O and U, so that what is read out is written down right."""
_ALIKE = str.maketrans("OIL", "011")
SECRET = 7
"""Characters of the code that cannot be guessed."""
LONGEST = 64
"""Characters of what people type that are looked at."""
_MOST = 30
"""Characters before the check: weights repeat after 31."""


@dataclass(frozen=True, slots=True)
class PublicNumber:
    """What somebody typed, taken apart: an acceptance number, and the code that must fit it."""

    number: str
    code: str


def public_number(secret: bytes, number: str) -> str:
    """The public number of the case with acceptance number `number`."""
    code = _code(secret, number)
    whole = code + check_character(_plain(number) + code)
    return f"{number}-{whole[:4]}-{whole[4:]}"


def fits(secret: bytes, given: PublicNumber) -> bool:
    """Whether the code is the number's; takes as long whichever character differs."""
    return hmac.compare_digest(_code(secret, given.number), given.code)


def parse(text: str) -> PublicNumber | None:
    """What somebody typed or pasted; None when some character must be wrong.

    Case, blanks, dashes, full-width characters and letters that look like digits do not matter.
    """
    if len(text) > LONGEST:
        return None
    folded = unicodedata.normalize("NFKC", text).upper().translate(_ALIKE)
    plain = "".join(letter for letter in folded if letter.isalnum())
    if any(letter not in ALPHABET for letter in plain) or len(plain) > _MOST + 1:
        return None
    digits, code, check = plain[: -SECRET - 1], plain[-SECRET - 1 : -1], plain[-1:]
    if len(digits) < 10 or check != check_character(digits + code):
        return None
    number = f"{digits[:8]}-{digits[8:-1]}-{digits[-1]}"
    return PublicNumber(number, code) if is_incident_number(number) else None


def check_character(text: str) -> str:
    """The check character of `text`, at most 30 characters of the alphabet."""
    assert len(text) <= _MOST
    total = 0
    for weight, letter in zip(_WEIGHTS, text, strict=False):
        total ^= _times(weight, ALPHABET.index(letter))
    return ALPHABET[total]


def _code(secret: bytes, number: str) -> str:
    digest = hmac.digest(secret, b"gridwatch public number\0" + number.encode(), hashlib.sha256)
    bits = int.from_bytes(digest[:5], "big")
    return "".join(ALPHABET[bits >> (5 * place) & 31] for place in range(SECRET))


def _plain(number: str) -> str:
    return number.replace("-", "")


def _times(a: int, b: int) -> int:
    """The product in GF(2^5) modulo x^5 + x^2 + 1, of which x is a primitive element."""
    found = 0
    while b:
        if b & 1:
            found ^= a
        a <<= 1
        if a & 32:
            a ^= 0b100101
        b >>= 1
    return found


_WEIGHTS = tuple(accumulate(repeat(2, _MOST), _times))
"""x, x^2, ... x^30; the check character itself weighs 1."""
