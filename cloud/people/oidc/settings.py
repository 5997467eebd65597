"""Which provider people may log in at, out of the environment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from urllib.parse import urlsplit

from cloud.errors import SettingsError
from cloud.people.roles import Role

ISSUER, CLIENT, REDIRECT = "GRIDWATCH_OIDC_ISSUER", "GRIDWATCH_OIDC_CLIENT", "GRIDWATCH_OIDC_REDIRECT"
SECRET = "GRIDWATCH_OIDC_SECRET"  # noqa: S105
CLAIM, ROLES = "GRIDWATCH_OIDC_CLAIM", "GRIDWATCH_OIDC_ROLES"
CALLBACK = "/api/v1/session/oidc/callback"


@dataclass(frozen=True, slots=True)
class OidcSettings:
    """One provider."""

    issuer: str
    client_id: str
    redirect: str
    """The address of our callback, as the provider knows it."""
    client_secret: str | None = field(default=None, repr=False)
    """None: a public client, which PKCE alone protects."""
    claim: str | None = None
    """The claim of whose values people are made at their first log-in; None: the administrator adds them."""
    roles: Mapping[str, Role] = field(default_factory=dict)
    """Value of that claim -> role."""


def oidc_from(environment: Mapping[str, str], secret: str | None) -> OidcSettings | None:
    """The provider that the environment names; None: there is none.

    Raises:
        SettingsError: a variable is missing or does not fit; the text names it and the fix.
    """
    issuer = environment.get(ISSUER)
    if not issuer:
        if set(environment).intersection((CLIENT, REDIRECT, CLAIM, ROLES)) or secret:
            raise SettingsError(f"{ISSUER}: is not set, but others of OIDC are; set it or unset them")
        return None
    client, redirect = environment.get(CLIENT), environment.get(REDIRECT)
    if not client:
        raise SettingsError(f"{CLIENT}: set the client id that the provider gave")
    if not redirect or urlsplit(redirect).path != CALLBACK:
        raise SettingsError(f"{REDIRECT}: set the address of this cloud, ending in {CALLBACK}")
    for name, address in ((ISSUER, issuer), (REDIRECT, redirect)):
        if not trusted(address):
            raise SettingsError(f"{name}: must begin with https://")
    claim, roles = environment.get(CLAIM) or None, _roles(environment.get(ROLES, ""))
    if (claim is None) != (not roles):
        raise SettingsError(f"{CLAIM} and {ROLES}: set both or neither")
    return OidcSettings(issuer, client, redirect, secret, claim, roles)


def trusted(address: str) -> bool:
    """Whether nobody between can read or change what goes there: https, or this machine itself."""
    parts = urlsplit(address)
    if parts.scheme == "https":
        return bool(parts.hostname)
    try:
        return parts.scheme == "http" and ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False


def _roles(text: str) -> dict[str, Role]:
    found = {}
    for pair in filter(None, (part.strip() for part in text.split(","))):
        value, _, role = pair.partition("=")
        if role not in set(Role) - {Role.ADMINISTRATOR}:
            raise SettingsError(f"{ROLES}: {pair!r} is not VALUE=ROLE; no claim makes an administrator")
        found[value] = Role(role)
    return found
