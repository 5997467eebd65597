"""Signatures of what we send, as the Standard Webhooks specification (1.0) has them. Pure.

HMAC-SHA256 over `id.timestamp.body`; headers carry id, timestamp (seconds) and `v1,<base64>`. A receiver
compares in constant time and refuses timestamps that are more than five minutes off.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime


def signed(key: bytes, identifier: str, body: bytes, now: datetime) -> list[tuple[str, str]]:
    """The headers for `body`, sent at `now`."""
    stamp = str(int(now.timestamp()))
    return [
        ("webhook-id", identifier),
        ("webhook-timestamp", stamp),
        ("webhook-signature", f"v1,{signature(key, identifier, stamp, body)}"),
    ]


def signature(key: bytes, identifier: str, stamp: str, body: bytes) -> str:
    """The signature alone, in base64."""
    content = b".".join((identifier.encode(), stamp.encode(), body))
    return base64.b64encode(hmac.digest(key, content, hashlib.sha256)).decode()
