"""A moment as the API takes it: RFC 3339 with its offset, and nothing else that could be read as one."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AwareDatetime, BeforeValidator

_FORM = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:?\d\d)")


def _written(value: Any) -> Any:
    """Numbers are refused: whether they are seconds or milliseconds nobody can tell."""
    if isinstance(value, (int, float)) or (isinstance(value, str) and not _FORM.fullmatch(value)):
        raise ValueError("write it as RFC 3339 with its offset, like 2026-11-22T08:00:00Z")
    return value


Moment = Annotated[AwareDatetime, BeforeValidator(_written)]
