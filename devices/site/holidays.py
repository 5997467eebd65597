"""Holidays and the working days that make up for them (调休), as data of the site."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from devices.site.hours import by_weekday, hours
from devices.site.part import Part
from devices.site.rules import listed

LONGEST = 60
"""Days of one holiday at most."""


class Days(Part):
    """From one day to another, both with it."""

    first: date
    last: date

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not timedelta() <= self.last - self.first < timedelta(days=LONGEST):
            raise ValueError(f"is no holiday; write first/last, at most {LONGEST} days")
        return self


def _days(value: object) -> object:
    if isinstance(value, date):
        return {"first": value, "last": value}
    if isinstance(value, str):
        first, _, last = value.partition("/")
        return {"first": first.strip(), "last": last.strip() or first.strip()}
    return value


def _time(text: str) -> str:
    hours(text)
    return text


CalendarSchedule = Annotated[
    tuple[Annotated[str, BeforeValidator(_time)], ...],
    BeforeValidator(listed),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}],
            "description": 'Times by the site\'s clock: "22:00-06:00", "workdays 07:30-09:00", '
            '"restdays 00:00-24:00"; none: always.',
        }
    ),
]
"""Times of the week by the site's clock and calendar; none given: always."""
WrittenDays = Annotated[
    Days,
    BeforeValidator(_days),
    WithJsonSchema({"type": "string", "description": "A day, or first/last: 2026-10-01/2026-10-07."}),
]


class Calendar(Part):
    """Which days are worked. Without it: Monday to Friday."""

    holidays: tuple[WrittenDays, ...] = Field(default=(), max_length=200)
    """Days off, whatever day of the week they are."""
    workdays: tuple[date, ...] = Field(default=(), max_length=200)
    """Saturdays and Sundays that are worked, to make up for a holiday."""

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Self:
        both = [day for day in self.workdays if self._off(day)]
        if both:
            raise ValueError(f"has {both[0]} as a holiday and as a workday; take it out of one of them")
        return self

    def works(self, day: date) -> bool:
        """Whether people work on `day`."""
        return day in self.workdays or (by_weekday(day) and not self._off(day))

    def _off(self, day: date) -> bool:
        return any(one.first <= day <= one.last for one in self.holidays)
