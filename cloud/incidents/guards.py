"""Guards of the table's rows, by name: each a condition over `incident`, and what is said when it fails.

The condition goes into the query that asks and into the UPDATE that does it, so that both are of one mind.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, case, false, func, literal, null, or_, select, true
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.columns import JSON
from cloud.database.schema import incident, incident_event, person
from cloud.incidents.asking import Request
from cloud.incidents.policy import CasePolicy
from cloud.incidents.transitions import CLOSED, DECIDE, LOCAL, OPEN, WISHES, Rule
from cloud.people.roles import Role
from cloud.sources.tables import report

TELLERS = ("citizen", "hotline", "open311")
"""Sources that are owed an answer."""
NOTICE = "notice"
"""The form of feedback that is for everybody; the others are for the reporter."""
NOTES = ("note", "visit")
DONE = ("resolve", "self_handle")
REWORK = ("check_failed", "seen_again", "still_there", "reopen")
_LEADS = DECIDE | LOCAL | {Role.OPERATOR}


@dataclass(frozen=True, slots=True)
class Terms:
    """What guards go by."""

    request: Request
    policy: CasePolicy
    now: datetime


@dataclass(frozen=True, slots=True)
class Guard:
    """One condition."""

    why: str
    """What the person is told when it does not hold."""
    holds: Callable[[Terms], ColumnElement[bool]]
    people_only: bool = True
    """The system's steps need not fulfil it."""
    field: str | None = None
    """A field of the request that makes it hold."""


_left = select(person.c.id).where(person.c.username == incident.c.handler, person.c.locked_at.is_not(None))
HOLDER = case((_left.correlate(incident).exists(), null()), else_=incident.c.handler)
"""Who has a case; nobody, when whoever had it is here no more: a colleague takes it over."""
_other = incident.alias()
_past = incident_event.alias()


def _last(*which: ColumnElement[bool]) -> ColumnElement[int]:
    """Version of the last such line; 0: there is none."""
    found = select(func.coalesce(func.max(_past.c.version), 0)).where(
        _past.c.incident_id == incident.c.id, *which
    )
    return found.correlate(incident).scalar_subquery()


_opened = _last(_past.c.from_state.in_(sorted(CLOSED)), _past.c.to_state.in_(sorted(OPEN)))
"""The line by which it was opened again the last time."""
_undone = _last(_past.c.action.in_(REWORK))


def _line(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """There is such a line since it was opened the last time."""
    mine = (incident_event.c.incident_id == incident.c.id, incident_event.c.version > _opened)
    return select(incident_event.c.version).where(*mine, *conditions).correlate(incident).exists()


def _four_eyes(terms: Terms) -> ColumnElement[bool]:
    name = terms.request.username
    own = _line(incident_event.c.action.in_(DONE), incident_event.c.actor_name == name)
    return incident.c.handler.is_distinct_from(name) & ~own


def _theirs(terms: Terms) -> ColumnElement[bool]:
    """Those who lead act on any case in their scope; others on what is theirs or nobody's."""
    who, roles = terms.request, set(terms.request.roles)
    if roles & _LEADS:
        return true()
    ways = [incident.c.handler == who.username]
    if Role.GRID_WORKER in roles:
        ways.append(HOLDER.is_(None))
    if Role.DEPARTMENT in roles and who.organisation is not None:
        ways.append(incident.c.organisation == who.organisation)
    return or_(*ways)


def _level(terms: Terms) -> ColumnElement[bool]:
    roles = set(terms.request.roles)
    if roles & DECIDE:
        return true()
    levels = ["grid", "community"] if Role.COMMUNITY in roles else ["grid"]
    return incident.c.level.in_(levels)


def _photo(terms: Terms) -> ColumnElement[bool]:
    """With the step itself, or with a note since it was last found undone."""
    if terms.request.fields.get("photos"):
        return true()
    photos = func.jsonb_array_length(func.coalesce(incident_event.c.detail["photos"], literal([], JSON)))
    return _line(incident_event.c.action.in_(NOTES), photos > 0, incident_event.c.version > _undone)


def _after_photo(terms: Terms) -> ColumnElement[bool]:
    asked = [_of_class(code) for code in terms.policy.after_photo]
    return or_(~or_(*asked), _photo(terms)) if asked else true()


def _of_class(code: str) -> ColumnElement[bool]:
    return or_(incident.c.event_class == code, incident.c.event_class.startswith(f"{code}-", autoescape=True))


def _feedback(terms: Terms) -> ColumnElement[bool]:
    if terms.request.fields.get("without_feedback"):
        return true()
    form = func.coalesce(incident_event.c.detail["form"].astext, "")
    told = [form != NOTICE, form == NOTICE] if terms.policy.public_notice else [form != NOTICE]
    joined = (report.c.incident_id == incident.c.id) & report.c.source.in_(TELLERS)
    part = or_(_other.c.merged_into == incident.c.id, _other.c.duplicate_of == incident.c.id)
    ways = (select(report.c.id).where(joined), select(_other.c.id).where(part, _other.c.source.in_(TELLERS)))
    owed = or_(incident.c.source.in_(TELLERS), *(one.correlate(incident).exists() for one in ways))
    return ~owed | and_(*(_line(incident_event.c.action == "feedback", one) for one in told))


def _free(_: Terms) -> ColumnElement[bool]:
    same = (_other.c.place == incident.c.place) & (_other.c.event_class == incident.c.event_class)
    return ~select(_other.c.id).where(same, _other.c.state.in_(sorted(OPEN))).correlate(incident).exists()


def _pending(what: str) -> ColumnElement[bool]:
    return literal(what) == incident.c.pending.any_()


def _asked(terms: Terms) -> ColumnElement[bool]:
    wish = terms.request.fields.get("wish")
    return or_(*map(_pending, [wish] if wish else WISHES))


def _linked(_: Terms) -> ColumnElement[bool]:
    return incident.c.merged_into.is_not(None) | incident.c.duplicate_of.is_not(None)


GUARDS: Mapping[str, Guard] = {
    "four_eyes": Guard("who handled it does not check it: another person must", _four_eyes),
    "theirs": Guard("it is not yours to handle: another handler or organisation has it", _theirs),
    "unclaimed": Guard("somebody has it already", lambda _: HOLDER.is_(None)),
    "photo": Guard("a photo of afterwards must be there first", _photo, field="photos"),
    "after_photo": Guard("this class needs a photo of afterwards first", _after_photo, field="photos"),
    "level": Guard("its level is closed by a level above yours", _level),
    "feedback": Guard(
        "who reported it must be told first (feedback) and the result made public (feedback, form notice), "
        "or the reason why not given (without_feedback)",
        _feedback,
        people_only=False,
        field="without_feedback",
    ),
    "answered": Guard(
        "a supervision waits for its answer", lambda _: ~_pending("supervise"), people_only=False
    ),
    "supervised": Guard("no supervision waits for an answer", lambda _: _pending("supervise")),
    "asked": Guard("nobody asked for that", _asked),
    "window": Guard(
        "it was closed too long ago: open a new case",
        lambda terms: incident.c.closed_at >= terms.now - terms.policy.reopen_within,
    ),
    "unlinked": Guard("it is part of another case: split it off", lambda terms: ~_linked(terms)),
    "linked": Guard("it was not merged with another case", _linked),
    "free": Guard("another case of this place and class is open", _free, people_only=False),
}


def conditions(rule: Rule, terms: Terms, system: bool = False) -> Sequence[ColumnElement[bool]]:
    """What the UPDATE of this step must find."""
    return [GUARDS[name].holds(terms) for name in rule.guards if not (system and GUARDS[name].people_only)]


async def unmet(
    connection: AsyncConnection, incident_id: UUID, rule: Rule, terms: Terms, system: bool = False
) -> list[Guard]:
    """The guards that do not hold, in the row's order."""
    names = [name for name in rule.guards if not (system and GUARDS[name].people_only)]
    if not names:
        return []
    columns = [func.coalesce(GUARDS[name].holds(terms), false()).label(name) for name in names]
    row = (await connection.execute(select(*columns).where(incident.c.id == incident_id))).one()
    return [GUARDS[name] for name, holds in zip(names, row, strict=True) if not holds]
