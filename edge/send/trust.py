"""Whom a node believes on the way to the cloud, and as whom it comes."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import requests

from devices.site.model import Uplink
from edge.errors import EdgeError

CA_FILE, CLIENT_CERT, CLIENT_KEY = "GRIDWATCH_CA_FILE", "GRIDWATCH_CLIENT_CERT", "GRIDWATCH_CLIENT_KEY"


@dataclass(frozen=True, slots=True)
class Trust:
    """Names of PEM files; None: the system's trust anchors, no certificate of our own."""

    ca_file: str | None = None
    client_cert: str | None = None
    client_key: str | None = None

    def session(self) -> requests.Session:
        """A session that checks the server's certificate and comes with ours; nothing else is taken over.

        Neither proxies nor `.netrc` are looked at: the token goes to the address and nowhere else.
        """
        session = requests.Session()
        session.trust_env = False
        session.verify = self.ca_file or True
        if self.client_cert is not None:
            session.cert = (self.client_cert, self.client_key or self.client_cert)
        return session


def trust_from(uplink: Uplink, environment: Mapping[str, str]) -> Trust:
    """The site's files, each overruled by its variable: cabinets of one site may keep theirs elsewhere.

    Raises:
        EdgeError: one of the files cannot be read or used; names it and the fix.
    """
    named = (
        ("ca_file", CA_FILE, uplink.ca_file),
        ("client_cert", CLIENT_CERT, uplink.client_cert),
        ("client_key", CLIENT_KEY, uplink.client_key),
    )
    files = {name: environment.get(variable) or given for name, variable, given in named}
    for name, variable, _ in named:
        file = files[name]
        if file is not None and not os.access(file, os.R_OK):
            raise EdgeError(f"{name}: {file} cannot be read; mend the site's `uplink.{name}` or {variable}")
    trust = Trust(**files)
    if trust.client_key is not None and trust.client_cert is None:
        raise EdgeError(f"client_key: needs the certificate, too; give `client_cert` or {CLIENT_CERT}")
    _try(trust)
    return trust


def _try(trust: Trust) -> None:
    """Load the files once, so that a wrong one is told at the start and not as a broken line."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        if trust.ca_file is not None:
            folder = Path(trust.ca_file).is_dir()
            context.load_verify_locations(**{"capath" if folder else "cafile": trust.ca_file})
    except (ssl.SSLError, OSError):
        raise EdgeError(f"ca_file: {trust.ca_file} holds no certificate in PEM") from None
    try:
        if trust.client_cert is not None:
            # An own answer to the question for a pass phrase: else OpenSSL asks at the terminal and waits.
            context.load_cert_chain(trust.client_cert, trust.client_key, password=lambda: "")
    except (ssl.SSLError, OSError):
        raise EdgeError(
            f"client_cert: {trust.client_cert} and its key are no pair of PEM files without a pass phrase"
        ) from None
