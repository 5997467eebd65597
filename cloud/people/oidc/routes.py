"""`/session/oidc`: away to the provider, and back with a session."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter, Cookie, Query, Request
from fastapi.responses import RedirectResponse
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.context import Context, InContext
from cloud.database.schema import person
from cloud.errors import Problem
from cloud.people import directory
from cloud.people.accounts import begin_session
from cloud.people.identity import COOKIE
from cloud.people.limits import address_of, limiter_of
from cloud.people.oidc.provider import Provider
from cloud.people.oidc.settings import CALLBACK
from cloud.people.oidc.tokens import challenge_of, claims_of, key_of
from cloud.people.passwords import hash_token, random_token
from cloud.people.tables import oidc_login, person_subject
from cloud.problems import problems
from devices.ids import uuid7

router = APIRouter(prefix="/session/oidc", tags=["session"], responses=problems("not_found", "provider_away"))

BROWSER = "gridwatch_oidc"
"""The cookie that binds a log-in to the browser that began it."""
IN_TIME = timedelta(minutes=10)


@router.get(
    "",
    operation_id="beginOidc",
    summary="Log in at the provider",
    description="Redirects there; comes back to `/session/oidc/callback`, and then to the wall.",
    response_class=RedirectResponse,
    status_code=302,
)
async def begin(request: Request, context: InContext) -> RedirectResponse:
    """Away."""
    provider = _provider(request)
    limiter_of(request).address(address_of(request))
    configuration = await provider.configuration()
    state, browser, nonce, verifier = (random_token() for _ in range(4))
    now = context.now()
    async with context.engine.begin() as connection:
        await connection.execute(delete(oidc_login).where(oidc_login.c.began_at < now - IN_TIME))
        row = {"state_hash": hash_token(state), "browser_hash": hash_token(browser), "nonce": nonce}
        await connection.execute(insert(oidc_login), row | {"verifier": verifier, "began_at": now})
    asked = {
        "response_type": "code", "client_id": provider.settings.client_id, "scope": "openid profile",
        "redirect_uri": provider.settings.redirect, "state": state, "nonce": nonce,
        "code_challenge": challenge_of(verifier), "code_challenge_method": "S256",
    }  # fmt: skip
    address = configuration.authorization_endpoint
    answer = RedirectResponse(f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}", 302)
    answer.set_cookie(
        BROWSER, browser, max_age=int(IN_TIME.total_seconds()), path=CALLBACK, httponly=True, samesite="lax",
        secure=context.settings.secure_cookies,
    )  # fmt: skip
    answer.headers["Cache-Control"] = "no-store"
    return answer


@router.get(
    "/callback",
    operation_id="endOidc",
    summary="Come back from the provider",
    response_class=RedirectResponse,
    status_code=303,
    responses=problems("bad_login", "not_linked", "invalid"),
)
async def end(
    request: Request,
    context: InContext,
    state: Annotated[str, Query(max_length=200)],
    code: Annotated[str | None, Query(max_length=4000)] = None,
    error: Annotated[str | None, Query(max_length=200)] = None,
    iss: Annotated[str | None, Query(max_length=400)] = None,
    browser: Annotated[str | None, Cookie(alias=BROWSER)] = None,
) -> RedirectResponse:
    """Check everything, begin a session, go to the wall."""
    provider, now = _provider(request), context.now()
    limiter_of(request).address(address_of(request))
    settings = provider.settings
    begun = await _begun(context, state, browser or "", now)
    if iss not in (None, settings.issuer):
        raise Problem("bad_login", "iss: another provider answers")  # RFC 9207
    if error is not None or code is None:
        raise Problem("bad_login", "the provider did not let you in")
    token = await provider.exchange(code, begun.verifier)
    keys = (await provider.configuration(with_key=key_of(token))).keys
    claims = claims_of(token, keys, settings.issuer, settings.client_id, begun.nonce, now)
    async with context.engine.begin() as connection:
        who = await _linked(connection, provider, claims, now)
        session, _ = await begin_session(connection, who, now, context.settings.session_lifetime)
    answer = RedirectResponse("/", 303)
    answer.set_cookie(
        COOKIE, session, max_age=int(context.settings.session_lifetime.total_seconds()), httponly=True,
        samesite="strict", secure=context.settings.secure_cookies,
    )  # fmt: skip
    answer.delete_cookie(BROWSER, path=CALLBACK, httponly=True, samesite="lax")
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _provider(request: Request) -> Provider:
    found = request.app.state.provider
    if found is None:
        raise Problem("not_found", "no log-in provider is set up")
    assert isinstance(found, Provider)
    return found


async def _begun(context: Context, state: str, browser: str, now: datetime) -> Any:
    """The log-in that this browser began, once.

    Raises:
        Problem: `bad_login`.
    """
    async with context.engine.begin() as connection:
        statement = delete(oidc_login).where(oidc_login.c.state_hash == hash_token(state))
        row = (await connection.execute(statement.returning(oidc_login))).one_or_none()
    if row is None or row.began_at < now - IN_TIME:
        raise Problem("bad_login", "state: this log-in is unknown, over or too old; begin again")
    if not hmac.compare_digest(bytes(row.browser_hash), hash_token(browser)):
        raise Problem("bad_login", "state: another browser began this log-in; begin again")
    return row


async def _linked(
    connection: AsyncConnection, provider: Provider, claims: Mapping[str, Any], now: datetime
) -> UUID:
    """Who a subject is here; made, where the claim's values say which role.

    Raises:
        Problem: `not_linked`.
    """
    issuer, subject = provider.settings.issuer, claims["sub"]
    mine = (person_subject.c.issuer == issuer, person_subject.c.subject == subject)
    joined = select(person.c.id, person.c.locked_at).join(
        person_subject, person_subject.c.person_id == person.c.id
    )
    row = (await connection.execute(joined.where(*mine))).one_or_none()
    if row is not None and row.locked_at is None:
        found: UUID = row.id
        return found
    given = claims.get(provider.settings.claim) if provider.settings.claim else None
    values = given if isinstance(given, list) else [given]
    roles = sorted({role for value, role in provider.settings.roles.items() if value in values})
    if row is not None or not roles:
        raise Problem("not_linked", "the administrator has not let this account in here")
    made = uuid7()
    name = str(claims.get("name") or subject)[:80]
    username = f"{hash_token(f'{issuer} {subject}').hex()[:12]}@oidc"
    new = {
        "id": made, "username": username, "name": {"zh": name, "en": name}, "roles": roles, "areas": [],
        "created_at": now, "version": 1,
    }  # fmt: skip
    await connection.execute(insert(person), new)
    link = {"issuer": issuer, "subject": subject, "person_id": made, "linked_at": now, "linked_by": issuer}
    await connection.execute(insert(person_subject), link)
    await directory.note(connection, username, "added", issuer, {"roles": roles, "subject": subject}, now)
    return made
