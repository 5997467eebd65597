"""Speaking with the provider: its configuration, its keys, a code for tokens."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import urllib3
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from cloud.errors import Problem
from cloud.people.oidc.settings import OidcSettings, trusted

FRESH = timedelta(hours=1)
"""Configuration and keys are read again after so long."""
AGAIN = timedelta(minutes=1)
"""A key that is not known makes us read them again, at most so often: anybody can name an unknown key."""
LONGEST = 256 * 1024
TIMEOUT = urllib3.Timeout(connect=3, read=5)


@dataclass(frozen=True, slots=True)
class Configuration:
    """What is needed of OpenID Connect Discovery 1.0."""

    authorization_endpoint: str
    token_endpoint: str
    post_secret: bool
    """The secret goes in the body, for the provider does not take it in a header."""
    keys: KeySet
    read_at: datetime


class Provider:
    """One provider; keeps what it said."""

    def __init__(self, settings: OidcSettings, now: Callable[[], datetime]) -> None:
        self.settings = settings
        self._now = now
        self._pool = urllib3.PoolManager(retries=False, timeout=TIMEOUT)
        self._known: Configuration | None = None
        self._lock = asyncio.Lock()

    async def configuration(self, *, with_key: str | None = None) -> Configuration:
        """What the provider says of itself; read again when it is old, or has not the key `with_key`.

        Raises:
            Problem: `provider_away`.
        """
        async with self._lock:
            known, now = self._known, self._now()
            if known is not None:
                age = now - known.read_at
                lacks = with_key is not None and with_key not in {key.kid for key in known.keys.keys}
                if age < FRESH and not (lacks and age >= AGAIN):
                    return known
            self._known = await asyncio.to_thread(self._discover, now)
            return self._known

    async def exchange(self, code: str, verifier: str) -> str:
        """The id token for a code.

        Raises:
            Problem: `provider_away`; `bad_login`, the provider does not take the code.
        """
        found = await self.configuration()
        form = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.settings.redirect,
            "code_verifier": verifier,
        }  # fmt: skip
        answer = await asyncio.to_thread(self._redeem, found, form)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise Problem("bad_login", "the provider gave no id_token")
        return token

    def _redeem(self, found: Configuration, form: dict[str, str]) -> dict[str, Any]:
        settings, headers = self.settings, {}
        if settings.client_secret is None or found.post_secret:
            form |= {"client_id": settings.client_id}
            form |= {"client_secret": settings.client_secret} if settings.client_secret else {}
        else:
            pair = f"{_quoted(settings.client_id)}:{_quoted(settings.client_secret)}"
            headers = urllib3.make_headers(basic_auth=pair)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return self._ask("POST", found.token_endpoint, urlencode(form), headers)

    def _discover(self, now: datetime) -> Configuration:
        said = self._ask("GET", f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration")
        if said.get("issuer") != self.settings.issuer:
            raise _away("it says that it is another issuer")
        places = [said.get(name) for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")]
        if not all(isinstance(place, str) and trusted(place) for place in places):
            raise _away("its configuration lacks an endpoint, or one is not https")
        methods = said.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        try:
            keys = KeySet.import_key_set(self._ask("GET", str(places[2])))  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise _away("its keys cannot be read") from error
        return Configuration(str(places[0]), str(places[1]), "client_secret_basic" not in methods, keys, now)

    def _ask(
        self, method: str, address: str, body: str | None = None, headers: Mapping[str, str] | None = None
    ) -> dict[str, Any]:
        try:
            answer = self._pool.request(
                method, address, body=body, headers=headers, redirect=False, preload_content=False
            )
            try:
                text = answer.read(LONGEST + 1)
            finally:
                answer.release_conn()
        except (urllib3.exceptions.HTTPError, OSError) as error:
            raise _away("it does not answer") from error
        if method == "POST" and 400 <= answer.status < 500:
            raise Problem("bad_login", "the provider does not take the code")
        if answer.status != 200 or len(text) > LONGEST:
            raise _away(f"it answers {answer.status}")
        try:
            found = json.loads(text)
        except ValueError as error:
            raise _away("it answers no JSON") from error
        if not isinstance(found, dict):
            raise _away("it answers no JSON object")
        return found


def _quoted(text: str) -> str:
    """As RFC 6749, 2.3.1, wants both parts of HTTP Basic."""
    return urlencode({"": text})[1:]


def _away(why: str) -> Problem:
    return Problem(
        "provider_away", f"the log-in provider cannot be used: {why}", headers={"Retry-After": "30"}
    )
