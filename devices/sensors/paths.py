"""Where in a message a value stands: JSONPath's singular queries (RFC 9535, section 2.3.5), and one filter.

    $.data.level    $['dev stat'].bat    $.list[0]    $.list[-1].v    $.list[?@.name=='temp'].value

A query is a few look-ups one after the other: it cannot run long, find more than one value, or raise. The
filter takes the first element of a list whose member is that text or number. `devices.site.wiring` checks the
spelling.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

_STEP = re.compile(
    r"\.(?P<name>[A-Za-z_][A-Za-z0-9_-]*)|\['(?P<quoted>[^']*)'\]|\[(?P<index>-?\d+)\]"
    r"|\[\?@\.(?P<key>[A-Za-z_][A-Za-z0-9_-]*)==(?:'(?P<text>[^']*)'|(?P<number>-?\d+))\]"
)
_Step = Callable[[Any], Any]


def find(path: str, body: object) -> Any:
    """The value at `path` in `body`; None where there is none, or null."""
    for step in _steps(path):
        body = step(body)
        if body is None:
            return None
    return body


@lru_cache(maxsize=4096)
def _steps(path: str) -> tuple[_Step, ...]:
    return tuple(_step(match) for match in _STEP.finditer(path))


def _step(match: re.Match[str]) -> _Step:
    name = match["name"] if match["name"] is not None else match["quoted"]
    if name is not None:
        return lambda body: body.get(name) if isinstance(body, dict) else None
    if match["index"] is not None:
        return lambda body: _at(body, int(match["index"]))
    wanted = match["text"] if match["number"] is None else int(match["number"])
    return lambda body: _first(body, match["key"], wanted)


def _at(body: object, index: int) -> Any:
    return body[index] if isinstance(body, list) and -len(body) <= index < len(body) else None


def _first(body: object, key: str, wanted: str | int) -> Any:
    if not isinstance(body, list):
        return None
    return next((one for one in body if isinstance(one, dict) and one.get(key) == wanted), None)
