"""Passwords (Argon2id), session tokens, and what is derived from them."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()
"""argon2-cffi's defaults follow RFC 9106's low-memory profile: Argon2id, 64 MiB, 3 passes."""
_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"
"""Without letters and digits that look alike."""


def hash_password(password: str) -> str:
    """What is stored of a password."""
    return _HASHER.hash(password)


def verify_password(stored: str | None, password: str) -> bool:
    """Whether the password is right; slow on purpose, so call it off the event loop. None: no such user."""
    try:
        return _HASHER.verify(stored or _nobody(), password) and stored is not None
    except (VerificationError, InvalidHashError):
        return False


def renewed(stored: str, password: str) -> str | None:
    """A new hash of a right password, when the stored one was made with weaker parameters than today's."""
    return _HASHER.hash(password) if _HASHER.check_needs_rehash(stored) else None


@cache
def _nobody() -> str:
    """A hash to check against when the user does not exist, so that the answer takes as long."""
    return _HASHER.hash(secrets.token_urlsafe(16))


def random_password() -> str:
    """Four groups of four: 80 bits, easy to type."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def random_token() -> str:
    """256 bits, for sessions and nodes."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> bytes:
    """What is stored of a token: it is long and random, so a plain hash will do."""
    return hashlib.sha256(token.encode()).digest()


def csrf_of(session_token: str) -> str:
    """The token that unsafe requests must repeat; only the holder of the session can know it."""
    return hmac.new(session_token.encode(), b"gridwatch csrf", hashlib.sha256).hexdigest()
