"""`/open311/v2`: the six methods of GeoReport v2, and the blurred copies that `media_url` names."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, Request, Response
from fastapi.routing import APIRoute
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.context import Context, InContext
from cloud.errors import Problem
from cloud.open311 import arguments, requests
from cloud.open311.arguments import Arguments, refused
from cloud.open311.wire import FORMATS, Many, One, Record, errors, render
from cloud.people.passwords import hash_token
from cloud.people.permissions import FIELD
from cloud.people.person import Person, by_token
from cloud.people.roles import Role
from cloud.privacy.copies import NoCopy, copy_of
from cloud.problems import KINDS
from cloud.public import track
from cloud.public.codes import public_number
from cloud.public.routes import asks
from cloud.public.secret import secret
from cloud.sources import reports
from cloud.sources.place import UnknownPlace, at_position
from cloud.sources.policy import offered
from cloud.sources.report_routes import policy_of
from cloud.sources.words import without_numbers
from devices.site.model import EventClass

PARTNERS = FIELD.roles | {Role.DEPARTMENT}
"""Roles of an API token that may report by this API."""
_STATUS = {"invalid": 400, "bad_request": 400}
"""This API says 400 where ours says more exactly."""


class Open311Route(APIRoute):
    """Renders every refusal as the specification's errors, in the format that the address ends with."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's handler within a net."""
        handle = super().get_route_handler()

        async def caught(request: Request) -> Response:
            form = request.path_params.get("form", "json")
            try:
                if form not in FORMATS:
                    raise Problem("not_found", f"{form}: write .xml or .json")
                return await handle(request)
            except Problem as problem:
                status = _STATUS.get(problem.code, KINDS[problem.code].status)
                answer = errors(form, status, problem.detail)
                answer.headers.update(problem.headers)
                return answer

        return caught


router = APIRouter(
    prefix="/open311/v2", include_in_schema=False, route_class=Open311Route, dependencies=[Depends(asks)]
)


@router.get("/services.{form}")
async def open311_services(context: InContext, request: Request, form: str) -> Response:
    """What may be reported."""
    _jurisdiction(context, request.query_params)
    found = [
        {
            "service_code": one.code,
            "service_name": one.name.zh,
            "description": one.name.en,
            "metadata": False,
            "type": "realtime",
            "keywords": one.name.en,
            "group": one.code.split("-")[0],
        }
        for one in offered(context.registry, policy_of(context))
    ]
    return render(Many("services", "service", found), form)


@router.get("/services/{code}.{form}")
async def open311_service(context: InContext, request: Request, code: str, form: str) -> Response:
    """What a service wants to know beside place and words: nothing."""
    _jurisdiction(context, request.query_params)
    _service(context, code)
    return render(One("service_definition", {"service_code": code, "attributes": []}), form)


@router.post("/requests.{form}")
async def open311_report(context: InContext, request: Request, form: str) -> Response:
    """Keep it for triage."""
    given = await _form(request)
    _jurisdiction(context, given)
    registry, now = context.registry, context.now()
    async with context.engine.begin() as connection:
        who = await _partner(connection, context, given)
        new = arguments.new_request(given)
        service = _service(context, new.code)
        try:
            where = at_position(registry, new.lon, new.lat)
        except UnknownPlace as error:
            raise refused(f"lat, long: {error.what}") from None
        told = reports.Told(
            source="open311",
            sender=_sender(who),
            event_class=service.code,
            words=without_numbers(new.words),
            where=where,
            happened_at=now,
            address=new.address and without_numbers(new.address),
        )
        row = await reports.keep(connection, told, registry, now)
        assert row is not None, "a report without a number of its sender's own is always a new one"
        number = public_number(await secret(connection), row.number)
    answer = {"service_request_id": number, "service_notice": None, "account_id": None}
    return render(Many("service_requests", "request", [answer]), form, 201)


@router.get("/tokens/{token}.{form}")
async def open311_token(context: InContext, request: Request, token: str, form: str) -> Response:
    """Every request has its id at once, so the id is its own token."""
    _jurisdiction(context, request.query_params)
    async with context.engine.begin() as connection:
        found = await _tracked(connection, token)
    answer = {"service_request_id": found.public_number, "token": token}
    return render(Many("service_requests", "request", [answer]), form)


@router.get("/requests.{form}")
async def open311_requests(context: InContext, request: Request, form: str) -> Response:
    """With ids: those requests; else the ones made with this api key."""
    given = request.query_params
    _jurisdiction(context, given)
    async with context.engine.begin() as connection:
        who = await _partner(connection, context, given) if given.get("api_key") else None
        named = arguments.several(given, "service_request_id")
        if len(named) > 50:
            raise refused("service_request_id: 50 at most")
        if not named:
            if who is None:
                raise Problem("forbidden", "api_key: was not provided; without one, name service_request_id")
            key, wanted = await secret(connection), arguments.query(given, context.now())
            numbers = await requests.of_sender(connection, _sender(who), wanted)
            named = tuple(public_number(key, number) for number in numbers)
        found = [await _one(connection, context, request, one, who) for one in named]
    return render(Many("service_requests", "request", found), form)


@router.get("/requests/{number}.{form}")
async def open311_request(context: InContext, request: Request, number: str, form: str) -> Response:
    """One request: whoever holds its id may see how it stands."""
    given = request.query_params
    _jurisdiction(context, given)
    async with context.engine.begin() as connection:
        who = await _partner(connection, context, given) if given.get("api_key") else None
        found = await _one(connection, context, request, number, who)
    return render(Many("service_requests", "request", [found]), form)


@router.get("/media/{number}.jpg")
async def open311_media(context: InContext, number: str) -> Response:
    """The first photo of an accepted report as a copy that shows nobody."""
    async with context.engine.begin() as connection:
        found = await _tracked(connection, number)
        row = await requests.told(connection, requests.number_of(found.public_number) or "")
    if row is None or not _pictured(row):
        raise Problem("not_found", "there is no picture")
    copy = await asyncio.to_thread(_copied, context, row.photos[0])
    return Response(copy, media_type="image/jpeg", headers={"Cache-Control": "private, max-age=3600"})


async def _one(
    connection: AsyncConnection, context: Context, request: Request, number: str, who: Person | None
) -> Record:
    found = await _tracked(connection, number)
    row = await requests.told(connection, requests.number_of(found.public_number) or "")
    own = row is not None and who is not None and row.sender == _sender(who)
    url = None
    if row is not None and _pictured(row):
        url = f"{str(request.base_url).rstrip('/')}/open311/v2/media/{found.public_number}.jpg"
    return requests.show(found, row, own, context.registry, url)


async def _tracked(connection: AsyncConnection, number: str) -> track.Tracked:
    found = await track.find(connection, number)
    if found is None:
        raise Problem("not_found", "service_request_id: was not found")
    return found


def _pictured(row: Any) -> bool:
    """Whether it has a photo that a person let pass."""
    return row.state in ("accepted", "merged") and bool(row.photos)


def _copied(context: Context, sha256: str) -> bytes:
    found = context.media.find(sha256)
    if found is None:
        raise Problem("not_found", "there is no picture any more")
    try:
        return copy_of(found[0].read_bytes())
    except NoCopy:
        raise Problem("not_found", "there is no picture") from None


async def _partner(connection: AsyncConnection, context: Context, given: Arguments) -> Person:
    key = given.get("api_key", "")
    who = await by_token(connection, hash_token(key), context.now()) if key else None
    if who is None or not PARTNERS.intersection(who.roles):
        raise Problem("forbidden", f"api_key: {'was not found' if key else 'was not provided'}")
    return who


def _sender(who: Person) -> str:
    return f"key:{who.token}"


def _jurisdiction(context: Context, given: Mapping[str, str]) -> None:
    ours, theirs = policy_of(context).jurisdiction, given.get("jurisdiction_id")
    if ours and theirs and theirs != ours:
        raise Problem("not_found", "jurisdiction_id: was not found")


def _service(context: Context, code: str) -> EventClass:
    for one in offered(context.registry, policy_of(context)):
        if one.code == code:
            return one
    raise Problem("not_found", "service_code: was not found")


async def _form(request: Request) -> dict[str, str]:
    """The fields of the body; of the address, where the body has none of that name."""
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise refused("Content-Type: write application/x-www-form-urlencoded")
    try:
        text = (await request.body()).decode("utf-8")
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=200, errors="strict")
    except (UnicodeDecodeError, ValueError):
        raise refused("the body is no form in UTF-8 of at most 200 fields") from None
    return {**request.query_params, **dict(fields)}
