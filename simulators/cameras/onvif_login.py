"""How a simulated camera checks who is calling: WS-UsernameToken and HTTP Digest.

Written from the OASIS UsernameToken Profile 1.1, apart from the client's code, so that a
mistake on one side does not hide behind the same mistake on the other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections import deque
from datetime import UTC, datetime
from typing import Any

from devices.credentials import Credentials
from simulators.cameras import rtsp_digest

_WSS = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-"
WSSE = f"{{{_WSS}wssecurity-secext-1.0.xsd}}"
WSU = f"{{{_WSS}wssecurity-utility-1.0.xsd}}"
DIGEST = f"{_WSS}username-token-profile-1.0#PasswordDigest"

FRESH = 300.0
"""Seconds that a token's `Created` may be off the camera's clock (the profile recommends five minutes)."""
REMEMBERED = 256
"""How many nonces are remembered at most; older ones go first."""


class Login:
    """Checks callers of one camera."""

    def __init__(self, credentials: Credentials) -> None:
        self._credentials = credentials
        self._used: deque[bytes] = deque(maxlen=REMEMBERED)
        self._issued: deque[str] = deque(maxlen=REMEMBERED)

    def token_is_good(self, header: Any, now: float) -> bool:
        """Whether a SOAP header holds a right, fresh and unused token; `now` is the camera's clock."""
        token = None if header is None else header.find(f"{WSSE}Security/{WSSE}UsernameToken")
        if token is None:
            return False
        password = token.find(f"{WSSE}Password")
        created = token.findtext(f"{WSU}Created", "")
        if password is None or password.get("Type") != DIGEST:
            return False
        try:
            nonce = base64.b64decode(token.findtext(f"{WSSE}Nonce", ""), validate=True)
            dated = datetime.fromisoformat(created)
        except (binascii.Error, ValueError):
            return False
        age = now - (dated if dated.tzinfo else dated.replace(tzinfo=UTC)).timestamp()
        mixed = nonce + created.encode() + self._credentials.password.encode()
        expected = base64.b64encode(hashlib.sha1(mixed, usedforsecurity=False).digest()).decode()
        right = _same(password.text, expected)
        known = _same(token.findtext(f"{WSSE}Username", ""), self._credentials.user)
        return right and known and abs(age) <= FRESH and self._first_use(nonce)

    def _first_use(self, nonce: bytes) -> bool:
        if nonce in self._used:
            return False
        self._used.append(nonce)
        return True

    def challenge(self) -> str:
        """The value of WWW-Authenticate for somebody who must log in by HTTP Digest."""
        nonce = secrets.token_hex(16)
        self._issued.append(nonce)
        return rtsp_digest.challenge(nonce)

    def digest_is_good(self, method: str, path: str, authorization: str) -> bool:
        """Whether an Authorization header answers one of our challenges for this very path."""
        nonce, uri = (re.search(rf'\b{name}="([^"]*)"', authorization) for name in ("nonce", "uri"))
        if nonce is None or nonce[1] not in self._issued or uri is None or uri[1] != path:
            return False
        return rtsp_digest.is_right(authorization, method, nonce[1], self._credentials)


def _same(one: str | None, other: str) -> bool:
    return hmac.compare_digest((one or "").encode(), other.encode())
