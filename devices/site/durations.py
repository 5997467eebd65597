"""Durations as people write them: "90 s", "5 min", "2 h", "1.5 min", or plain seconds."""

from __future__ import annotations

import re

_UNITS = {"ms": 0.001, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}
_WRITTEN = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(ms|s|min|h|d)\s*$")


def seconds(value: object) -> object:
    """A written duration in seconds; anything that is not text is passed on for pydantic to judge.

    Raises:
        ValueError: text that is no duration; the message says how to write one.
    """
    if not isinstance(value, str):
        return value
    match = _WRITTEN.match(value)
    if match is None:
        raise ValueError('is not a duration; write for example "90 s", "5 min", "2 h" or a number of seconds')
    return float(match[1]) * _UNITS[match[2]]


def written(duration: float) -> str:
    """`duration` (seconds) in the largest unit that divides it: 300 is "5 min", 90 is "90 s"."""
    for unit in ("d", "h", "min"):
        if duration >= _UNITS[unit] and duration % _UNITS[unit] == 0:
            return f"{_plain(duration / _UNITS[unit])} {unit}"
    return f"{_plain(duration)} s"


def _plain(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")
