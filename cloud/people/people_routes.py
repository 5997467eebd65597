"""`/people`: the administrator's list of people; and the own password."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Response
from sqlalchemy import delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.context import InContext
from cloud.errors import Problem, SettingsError
from cloud.etag import etag, version_of
from cloud.people import accounts, directory
from cloud.people.identity import Administrator, AdministratorViewer, Doer
from cloud.people.models import (
    Given,
    PasswordChange,
    People,
    PersonChange,
    PersonNew,
    PersonOut,
    SubjectLink,
)
from cloud.people.passwords import random_password, verify_password
from cloud.people.roles import Role
from cloud.people.tables import person_subject
from cloud.problems import problems

router = APIRouter(tags=["people"], responses=problems("unauthenticated", "forbidden", "invalid"))

Who = Annotated[str, Path(max_length=64)]
IfMatch = Annotated[str | None, Header(alias="If-Match", description='The ETag you saw, `"v3"`.')]
_CHANGES = problems("csrf", "not_found", "version_changed", "version_required")


@router.get("/people", operation_id="listPeople", summary="Everybody with an account (administrator)")
async def list_people(context: InContext, _: AdministratorViewer) -> People:
    """By user name."""
    async with context.engine.connect() as connection:
        return People(items=[_shown(row) for row in await directory.everybody(connection)])


@router.get(
    "/people/{username}",
    operation_id="getPerson",
    summary="One account (administrator)",
    responses=problems("not_found"),
)
async def get_person(
    context: InContext, _: AdministratorViewer, username: Who, response: Response
) -> PersonOut:
    """Its version is the ETag."""
    async with context.engine.connect() as connection:
        return _told(await _there(connection, username), response)


@router.post(
    "/people",
    operation_id="addPerson",
    summary="Add somebody (administrator)",
    description="The answer holds a random password, this once.",
    status_code=201,
    responses=problems("csrf"),
)
async def add_person(context: InContext, who: Administrator, new: PersonNew, response: Response) -> Given:
    """Add them."""
    password, now = random_password(), context.now()
    async with context.engine.begin() as connection:
        await _check(connection, new.roles, new.areas, new.organisation)
        try:
            await accounts.add_user(
                connection, new.username, new.name, new.roles, password, now,
                areas=new.areas, organisation=new.organisation,
            )  # fmt: skip
        except SettingsError as error:
            raise _invalid("username", str(error)) from error
        told = new.model_dump(mode="json", include={"roles", "areas", "organisation"})
        await directory.note(connection, new.username, "added", who.username, told, now)
        row = await _there(connection, new.username)
    response.headers["Cache-Control"] = "no-store"
    return Given(person=_told(row, response), password=password)


@router.patch(
    "/people/{username}",
    operation_id="changePerson",
    summary="Change or lock somebody (administrator)",
    description="Roles and areas hold from the next request on; locking ends sessions and API tokens.",
    responses=_CHANGES,
)
async def change_person(
    context: InContext,
    who: Administrator,
    username: Who,
    wanted: PersonChange,
    response: Response,
    if_match: IfMatch = None,
) -> PersonOut:
    """Change what is given."""
    version, now = version_of(if_match), context.now()
    given = wanted.model_dump(mode="json", include=wanted.model_fields_set)
    async with context.engine.begin() as connection:
        row = await _there(connection, username)
        as_is = {"roles": row.roles, "areas": row.areas, "organisation": row.organisation}
        then = as_is | {name: value for name, value in given.items() if name in as_is}
        for name in ("roles", "areas", "name"):
            if given.get(name, ()) is None:
                raise _invalid(name, "must not be null; leave it out to keep it")
        await _check(connection, [Role(role) for role in then["roles"]], then["areas"], then["organisation"])
        if username == who.username and (wanted.locked or Role.ADMINISTRATOR not in then["roles"]):
            raise _invalid("roles", "another administrator must take this from you")
        values = {name: value for name, value in given.items() if name != "locked"}
        if wanted.locked is not None:
            values["locked_at"] = (row.locked_at or now) if wanted.locked else None
        if not await directory.change(connection, username, version, values, who.username, now):
            raise _changed(row.version, version)
        return _told(await _there(connection, username), response)


@router.post(
    "/people/{username}/password",
    operation_id="resetPassword",
    summary="Give somebody a new password (administrator)",
    description="Random, told this once; all their sessions end.",
    responses=_CHANGES,
)
async def reset_password(
    context: InContext, who: Administrator, username: Who, response: Response, if_match: IfMatch = None
) -> Given:
    """Tell it this once."""
    version, password = version_of(if_match), random_password()
    async with context.engine.begin() as connection:
        row = await _there(connection, username)
        if not await directory.set_password(
            connection, username, version, password, who.username, context.now()
        ):
            raise _changed(row.version, version)
        row = await _there(connection, username)
    response.headers["Cache-Control"] = "no-store"
    return Given(person=_told(row, response), password=password)


@router.put(
    "/people/{username}/subject",
    operation_id="linkPerson",
    summary="Say who somebody is at the provider (administrator)",
    description="From then on they may log in there. `subject` is the `sub` of the provider's tokens.",
    status_code=204,
    responses=problems("csrf", "not_found"),
)
async def link_person(context: InContext, who: Administrator, username: Who, link: SubjectLink) -> None:
    """One person a subject, and one subject a person."""
    if context.settings.oidc is None:
        raise Problem("not_found", "no provider is set up; see docs/design/access.md")
    issuer, now = context.settings.oidc.issuer, context.now()
    async with context.engine.begin() as connection:
        row = await _there(connection, username)
        mine = person_subject.c.issuer == issuer
        taken = await connection.scalar(
            select(person_subject.c.person_id).where(mine, person_subject.c.subject == link.subject)
        )
        if taken not in (None, row.id):
            raise _invalid("subject", "is somebody else's")
        await connection.execute(delete(person_subject).where(mine, person_subject.c.person_id == row.id))
        new = {"issuer": issuer, "subject": link.subject, "person_id": row.id, "linked_at": now}
        await connection.execute(insert(person_subject), new | {"linked_by": who.username})
        await directory.note(connection, username, "linked", who.username, {"subject": link.subject}, now)


@router.post(
    "/session/password",
    operation_id="changePassword",
    summary="Change the own password",
    description="All sessions end, this one too.",
    status_code=204,
    responses=problems("csrf", "bad_credentials", "too_many_attempts"),
)
async def change_password(context: InContext, who: Doer, wanted: PasswordChange) -> None:
    """The old one must be right; it is guessed at as slowly as at the log-in."""
    if who.token is not None:
        raise Problem("forbidden", "an API token changes no password")
    now = context.now()
    async with context.engine.connect() as connection:
        await accounts.throttle(connection, who.username, _OWN, now)
        row = await _there(connection, who.username)
    if not await asyncio.to_thread(verify_password, row.password_hash, wanted.old):
        async with context.engine.begin() as connection:
            await accounts.failed(connection, who.username, _OWN, now)
        raise Problem("bad_credentials", "old: is wrong")
    async with context.engine.begin() as connection:
        if not await directory.set_password(
            connection, who.username, row.version, wanted.new, who.username, now
        ):
            raise Problem("version_changed", "somebody changed this account meanwhile; try again")


_OWN = "(own password)"
"""Stands for the address among failed tries."""


async def _there(connection: AsyncConnection, username: str) -> Any:
    row = await directory.one(connection, username)
    if row is None:
        raise Problem("not_found", f"there is no user {username!r}")
    return row


async def _check(
    connection: AsyncConnection, roles: list[Role], areas: list[str], organisation: str | None
) -> None:
    found = await directory.faults(connection, roles, areas, organisation)
    if found:
        errors = [{"pointer": f"/body/{name}", "detail": fix} for name, fix in found.items()]
        raise Problem("invalid", "; ".join(f"{name}: {fix}" for name, fix in found.items()), errors=errors)


def _shown(row: Any) -> PersonOut:
    fields = {name: getattr(row, name, None) for name in PersonOut.model_fields}
    return PersonOut.model_validate(fields | {"has_password": row.password_hash is not None})


def _told(row: Any, response: Response) -> PersonOut:
    response.headers["ETag"] = etag(row.version)
    return _shown(row)


def _invalid(field: str, fix: str) -> Problem:
    return Problem("invalid", f"{field}: {fix}", errors=[{"pointer": f"/body/{field}", "detail": fix}])


def _changed(version: int, given: int) -> Problem:
    return Problem(
        "version_changed", f"you saw version {given}, it is at {version}; look again", version=version,
        headers={"ETag": etag(version)},
    )  # fmt: skip
