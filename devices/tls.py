"""What fails in TLS, in words for the operator."""

from __future__ import annotations

import ssl
from collections.abc import Iterator

_FAULTS = {
    10: "has expired",
    9: "is not valid yet; is this machine's clock right?",
    18: "is signed by nobody known here; name its authority by `ca_file`",
    19: "is signed by nobody known here; name its authority by `ca_file`",
    20: "is signed by nobody known here; name its authority by `ca_file`",
    62: "is for another name; write the name it is for into the address",
    64: "is for another address; write the name it is for",
}
"""OpenSSL's X509_V_ERR_... number -> what it means for the operator (openssl-verification-options(1))."""
_ALERTS = {
    "CERTIFICATE_REQUIRED": "wants a client certificate; name one by `client_cert`",
    "HANDSHAKE_FAILURE": "agrees to no kind of TLS spoken here, or wants a client certificate",
    "UNKNOWN_CA": "does not know who signed our client certificate",
    "BAD_CERTIFICATE": "does not take our client certificate",
    "CERTIFICATE_EXPIRED": "says that our client certificate has expired",
    "CERTIFICATE_REVOKED": "says that our client certificate is revoked",
    "WRONG_VERSION_NUMBER": "speaks no TLS at this port",
}
"""Name of a TLS alert (RFC 8446, 6.2) as OpenSSL's reason ends -> what the server means."""


def certificate_fault(error: BaseException) -> str | None:
    """What of TLS failed, as the end of a sentence that begins with the server's address; None: not TLS."""
    for one in _chain(error):
        if isinstance(one, ssl.SSLCertVerificationError):
            return "shows a certificate that " + _FAULTS.get(
                one.verify_code, f"is not trusted here ({one.verify_message})"
            )
        if isinstance(one, ssl.SSLError):
            return alert(one.reason or type(one).__name__)
    return None


def alert(reason: str) -> str:
    """What a TLS alert of OpenSSL's name says, as the end of a sentence that begins with the server."""
    known = (words for end, words in _ALERTS.items() if reason.endswith(end))
    return next(known, f"breaks off the TLS connection ({reason}); it may want another client certificate")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and all that it wraps: requests and urllib3 keep the cause among the arguments."""
    seen: set[int] = set()
    waiting: list[object] = [error]
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, BaseException) and id(one) not in seen:
            seen.add(id(one))
            yield one
            waiting += [*one.args, getattr(one, "reason", None), one.__cause__, one.__context__]
