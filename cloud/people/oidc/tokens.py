"""Whether an id token is what it says: OpenID Connect Core 1.0, 3.1.3.7. Pure, but for the keys."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from cloud.errors import Problem

ALGORITHMS = ("RS256", "PS256", "ES256", "EdDSA")
"""With a key that only the provider has: never `none`, never a shared secret."""
LEEWAY = 60.0
"""Seconds that two clocks may differ."""


def challenge_of(verifier: str) -> str:
    """PKCE's S256 (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def key_of(token: str) -> str | None:
    """The id of the key that a token says it is signed with; it is not checked yet."""
    head = token.partition(".")[0]
    try:
        header = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    except ValueError:
        return None
    kid = header.get("kid") if isinstance(header, dict) else None
    return kid if isinstance(kid, str) else None


def claims_of(
    token: str, keys: KeySet, issuer: str, client_id: str, nonce: str, now: datetime
) -> Mapping[str, Any]:
    """The claims of a token that the provider made for us, for this log-in, and not long ago.

    Raises:
        Problem: `bad_login`, with what is wrong.
    """
    try:
        claims = jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
    except (JoseError, ValueError, TypeError) as error:
        raise _bad("its signature is not the provider's") from error
    at = now.timestamp()
    audience = claims.get("aud")
    audience = [audience] if isinstance(audience, str) else audience
    if claims.get("iss") != issuer:
        raise _bad("it is of another issuer")
    if not isinstance(audience, list) or client_id not in audience:
        raise _bad("it is meant for somebody else")
    if claims.get("azp", client_id) != client_id or (len(audience) > 1 and "azp" not in claims):
        raise _bad("it was given to somebody else")
    if not _number(claims.get("exp")) or claims["exp"] <= at - LEEWAY:
        raise _bad("it has expired")
    if not _number(claims.get("iat")) or claims["iat"] > at + LEEWAY:
        raise _bad("it was made in the future")
    if not hmac.compare_digest(str(claims.get("nonce", "")).encode(), nonce.encode()):
        raise _bad("it is of another log-in")
    if not isinstance(claims.get("sub"), str) or not claims["sub"]:
        raise _bad("it names nobody")
    return claims


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _bad(why: str) -> Problem:
    return Problem("bad_login", f"the provider's token is refused: {why}")
