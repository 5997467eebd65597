"""Proving a password: Digest (RFC 7616 and 2617) and Basic (RFC 7617), as pure functions.

Of several challenges the strongest is answered: Digest with SHA-256, Digest with MD5, Basic.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from devices.credentials import Credentials

_HASHES = {"md5": hashlib.md5, "sha-256": hashlib.sha256}
_STRENGTH = ("basic", "md5", "sha-256")
_SCHEME = re.compile(r"(?:^|,)\s*(Digest|Basic)(?=\s|$)", re.IGNORECASE)
_FIELD = re.compile(r'(\w+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a server asks for."""

    algorithm: str
    """basic, md5 or sha-256."""
    realm: str
    nonce: str = ""
    session: bool = False
    """The algorithm's `-sess` form."""
    qop: bool = False
    """Whether the server knows `qop=auth`."""
    opaque: str | None = None
    stale: bool = False
    """The password was right, the nonce too old."""


def challenge(headers: Iterable[str]) -> Challenge | None:
    """The strongest challenge in the `WWW-Authenticate` headers that can be answered; None without one."""
    found = [each for header in headers for each in _challenges(header)]
    return max(found, key=lambda each: _STRENGTH.index(each.algorithm), default=None)


def _challenges(header: str) -> Iterable[Challenge]:
    starts = list(_SCHEME.finditer(header))
    ends = [each.start() for each in starts[1:]] + [len(header)]
    for start, end in zip(starts, ends, strict=False):  # without a challenge there is one end too many
        fields = {
            name.lower(): plain or re.sub(r"\\(.)", r"\1", quoted)
            for name, quoted, plain in _FIELD.findall(header[start.end() : end])
        }
        realm = fields.get("realm", "")
        if start[1].lower() == "basic":
            yield Challenge("basic", realm)
            continue
        algorithm = fields.get("algorithm", "md5").lower()
        name = algorithm.removesuffix("-sess")
        offered = [each.strip().lower() for each in fields.get("qop", "").split(",") if each.strip()]
        if name not in _HASHES or "nonce" not in fields or (offered and "auth" not in offered):
            continue
        yield Challenge(
            algorithm=name,
            realm=realm,
            nonce=fields["nonce"],
            session=algorithm != name,
            qop=bool(offered),
            opaque=fields.get("opaque"),
            stale=fields.get("stale", "").lower() == "true",
        )


def authorization(
    asked: Challenge, credentials: Credentials, method: str, uri: str, *, count: int, cnonce: str
) -> str:
    """The value of `Authorization` for one request.

    `count`: how often this nonce was used, this time included. `cnonce`: random, ours.
    """
    user, password = credentials.user, credentials.password
    if asked.algorithm == "basic":
        return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def hashed(*parts: str) -> str:
        # Byte for byte as it came: realms in other encodings than UTF-8 exist.
        return _HASHES[asked.algorithm](":".join(parts).encode("utf-8", "surrogateescape")).hexdigest()

    secret = hashed(user, asked.realm, password)
    if asked.session:
        secret = hashed(secret, asked.nonce, cnonce)
    times = f"{count:08x}"
    between = (asked.nonce, times, cnonce, "auth") if asked.qop else (asked.nonce,)
    response = hashed(secret, *between, hashed(method, uri))
    fields = [
        f"username={_quoted(user)}",
        f"realm={_quoted(asked.realm)}",
        f"nonce={_quoted(asked.nonce)}",
        f"uri={_quoted(uri)}",
        f'response="{response}"',
    ]
    if asked.algorithm != "md5" or asked.session:
        # Plain MD5 is what no name means, and old cameras stumble over one.
        fields.append(f"algorithm={asked.algorithm.upper()}{'-sess' if asked.session else ''}")
    if asked.opaque is not None:
        fields.append(f"opaque={_quoted(asked.opaque)}")
    if asked.qop or asked.session:
        fields.append(f'cnonce="{cnonce}"')
    if asked.qop:
        fields += ["qop=auth", f"nc={times}"]
    return "Digest " + ", ".join(fields)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
