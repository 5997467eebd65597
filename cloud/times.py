"""Moments and days as the API takes them: RFC 3339, and nothing else that could be read as one."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _moment(value: Any) -> Any:
    """Numbers are refused: whether they are seconds or milliseconds nobody can tell."""
    if isinstance(value, (int, float)) or (isinstance(value, str) and not _MOMENT.fullmatch(value)):
        raise ValueError("write it as RFC 3339 with its offset, like 2026-11-22T08:00:00Z")
    return value


def _day(value: Any) -> Any:
    if isinstance(value, (int, float)) or (isinstance(value, str) and not _DAY.fullmatch(value)):
        raise ValueError("write it as a day, like 2026-11-22")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]
Day = Annotated[date, BeforeValidator(_day)]
