"""What the cloud is told at start: options, and the environment for what is secret."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import URL

from cloud.database.engine import parse_url
from cloud.errors import SettingsError
from cloud.people.limits import Limits
from cloud.people.oidc.settings import SECRET as OIDC_SECRET
from cloud.people.oidc.settings import OidcSettings, oidc_from
from cloud.telemetry.influx_settings import TOKEN as INFLUX_TOKEN
from cloud.telemetry.influx_settings import InfluxSettings, influx_from

DATABASE = "GRIDWATCH_DATABASE_URL"
HEARTBEAT = "GRIDWATCH_HEARTBEAT_URL"
PEER = "GRIDWATCH_PEER_URL"
WEBHOOKS_TO_PRIVATE = "GRIDWATCH_WEBHOOKS_TO_PRIVATE"
TLS_CERT, TLS_KEY, TLS_CLIENT_CA = "GRIDWATCH_TLS_CERT", "GRIDWATCH_TLS_KEY", "GRIDWATCH_TLS_CLIENT_CA"


@dataclass(frozen=True, slots=True)
class Tls:
    """Names of PEM files by which this process itself speaks TLS."""

    cert: str
    key: str
    client_ca: str | None = None
    """Set: whoever comes, node or browser, needs a certificate by this authority."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that may differ between two installs."""

    state: Path
    """The install's own directory: database, photos, first passwords."""
    database_url: URL | None = field(default=None, repr=False)
    """None: the embedded server under `state`."""
    page: Path = Path(__file__).parent / "web" / "dist"
    """The built page."""
    tls: Tls | None = None
    """None: plain http, for this machine alone or behind a proxy that speaks TLS."""
    secure_cookies: bool = False
    """Set behind https: the session cookie is then never sent in clear."""
    session_lifetime: timedelta = timedelta(hours=12)
    """One shift."""
    outbox_retention: timedelta = timedelta(hours=24)
    """How long a wall may have been away and still resume."""
    received_retention: timedelta = timedelta(days=30)
    """How long event ids are remembered; the ledger remembers the numbers for ever."""
    node_silent_after: timedelta = timedelta(seconds=90)
    """A node that sends nothing for this long counts as unreachable; nodes send health every minute."""
    heartbeat_url: str | None = field(default=None, repr=False)
    """Asked for every minute while the cloud is well; a secret."""
    influx: InfluxSettings | None = None
    """What keeps telemetry; None: PostgreSQL."""
    policies: Mapping[str, Any] = field(default_factory=dict)
    """Kind -> what its file holds (`cloud.policies.reading`); what is not here may yet be in the database."""
    webhooks_to_private: bool = False
    """Webhooks may go to addresses that are not public, and over plain http."""
    oidc: OidcSettings | None = None
    """Where people may log in besides here."""
    limits: Limits = field(default_factory=Limits)
    """How often people may ask."""
    peer: str | None = None
    """Scheme, host and port at which the other API processes of this database reach this one."""
    keep_alive: float = 5.0
    """Seconds between comments on an idle event stream."""


def database_from(environment: Mapping[str, str]) -> URL | None:
    """The database named by the environment, or by the file that it names; None: the embedded one.

    Raises:
        SettingsError: both are set, the file cannot be read, or it is no PostgreSQL address.
    """
    text = secret(DATABASE, environment)
    return parse_url(text) if text else None


def heartbeat_from(environment: Mapping[str, str]) -> str | None:
    """The address of the heartbeat, from the environment or the file that it names; None: there is none.

    Raises:
        SettingsError: both are set, the file cannot be read, or it is no http address.
    """
    text = secret(HEARTBEAT, environment)
    if text and not text.startswith(("http://", "https://")):
        raise SettingsError(f"{HEARTBEAT}: must begin with http:// or https://")
    return text or None


def secret(name: str, environment: Mapping[str, str]) -> str | None:
    """What the variable `name` holds, or the file that `name`_FILE names; None: neither is set.

    Raises:
        SettingsError: both are set, or the file cannot be read.
    """
    text, file = environment.get(name), environment.get(f"{name}_FILE")
    if text and file:
        raise SettingsError(f"{name} and {name}_FILE are both set; keep one")
    if file:
        try:
            text = Path(file).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"{name}_FILE: cannot read {file}: {error.strerror}") from error
    return text


def tls_from(environment: Mapping[str, str]) -> Tls | None:
    """The certificate named by the environment, loaded once to see that it can be used; None: no TLS.

    Raises:
        SettingsError: a variable or file is missing, or they do not fit each other.
    """
    cert, key, client_ca = (environment.get(name) for name in (TLS_CERT, TLS_KEY, TLS_CLIENT_CA))
    if cert is None:
        if key is not None or client_ca is not None:
            raise SettingsError(f"{TLS_CERT}: is not set, but others of TLS are; set it or unset them")
        return None
    tls = Tls(cert, key or cert, client_ca)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    try:
        # An own answer to the question for a pass phrase: else OpenSSL asks at the terminal and waits.
        context.load_cert_chain(tls.cert, tls.key, password=lambda: "")
    except (ssl.SSLError, OSError):
        raise SettingsError(
            f"{TLS_CERT}, {TLS_KEY}: {tls.cert} and {tls.key} are no pair of readable PEM files "
            "without a pass phrase"
        ) from None
    if client_ca is not None:
        try:
            context.load_verify_locations(client_ca)
        except (ssl.SSLError, OSError):
            raise SettingsError(f"{TLS_CLIENT_CA}: {client_ca} holds no certificate in PEM") from None
    return tls


def settings_from(state: Path, *, secure_cookies: bool = False) -> Settings:
    """Settings of the state directory `state` and this process's environment."""
    tls = tls_from(os.environ)
    return Settings(
        state=state,
        database_url=database_from(os.environ),
        tls=tls,
        secure_cookies=secure_cookies or bool(tls),
        heartbeat_url=heartbeat_from(os.environ),
        peer=os.environ.get(PEER) or None,
        webhooks_to_private=os.environ.get(WEBHOOKS_TO_PRIVATE) == "1",
        oidc=oidc_from(os.environ, secret(OIDC_SECRET, os.environ)),
        influx=influx_from(os.environ, secret(INFLUX_TOKEN, os.environ)),
    )
