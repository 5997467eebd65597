"""Digest authentication as cameras do it (RFC 2617 with MD5, with and without `qop=auth`)."""

from __future__ import annotations

import hashlib
import hmac
import re

from devices.credentials import Credentials

REALM = "Gridwatch camera"

_FIELD = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,"]+))')


def challenge(nonce: str) -> str:
    """The value of `WWW-Authenticate`; no `qop`, the oldest form, which every client knows."""
    return f'Digest realm="{REALM}", nonce="{nonce}", algorithm=MD5'


def is_right(header: str | None, method: str, nonce: str, credentials: Credentials) -> bool:
    """Whether an `Authorization` header proves the password for this method and our own nonce."""
    if header is None or not header.lower().startswith("digest "):
        return False
    fields = {name.lower(): quoted or plain for name, quoted, plain in _FIELD.findall(header)}
    if fields.get("nonce") != nonce or fields.get("username") != credentials.user:
        return False
    secret = _md5(f"{credentials.user}:{REALM}:{credentials.password}")
    request = _md5(f"{method}:{fields.get('uri', '')}")
    if "qop" in fields:
        middle = f"{nonce}:{fields.get('nc', '')}:{fields.get('cnonce', '')}:{fields['qop']}"
    else:
        middle = nonce
    return hmac.compare_digest(fields.get("response", ""), _md5(f"{secret}:{middle}:{request}"))


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
