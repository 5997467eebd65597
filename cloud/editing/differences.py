"""What two sites say differently, place by place. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cloud.editing.models import Difference, Kind, Step
from devices.site.model import Site

NAMED_BY = ("id", "code")
"""What a list's entries are known by: one that moved in the list is no difference."""
WHOLE = frozenset({"polygon", "rings"})
"""Outlines are one thing: that it was drawn anew is all that can be said."""
LEFT_OUT = frozenset({"version"})


def differences(before: Site, after: Site) -> list[Difference]:
    """From one site to another, in the order of the file; what is left to defaults is not said."""
    trees = (site.model_dump(mode="json", exclude_unset=True) for site in (before, after))
    was, now = ({key: value for key, value in tree.items() if key not in LEFT_OUT} for tree in trees)
    return list(_between(was, now, ()))


def _between(was: Any, now: Any, where: tuple[Step, ...]) -> Iterator[Difference]:
    if was == now:
        return
    if isinstance(was, Mapping) and isinstance(now, Mapping) and was.get("kind") == now.get("kind"):
        for name in dict.fromkeys([*was, *now]):
            yield from _field(name, was, now, where)
        return
    yield Difference(where=where, kind=Kind.CHANGED, before=was, after=now)


def _field(
    name: str, was: Mapping[str, Any], now: Mapping[str, Any], where: tuple[Step, ...]
) -> Iterator[Difference]:
    here = (*where, Step(field=name))
    if name not in was:
        empty = _named(now[name])
        yield from (
            _entries({}, empty, where, name)
            if empty
            else [Difference(where=here, kind=Kind.ADDED, after=now[name])]
        )
    elif name not in now:
        yield Difference(where=here, kind=Kind.REMOVED, before=was[name])
    elif name in WHOLE:
        if was[name] != now[name]:
            yield Difference(where=here, kind=Kind.CHANGED, before=was[name], after=now[name])
    elif (one := _named(was[name])) is not None and (two := _named(now[name])) is not None:
        yield from _entries(one, two, where, name)
    else:
        yield from _between(was[name], now[name], here)


def _entries(
    was: Mapping[str, Any], now: Mapping[str, Any], where: tuple[Step, ...], name: str
) -> Iterator[Difference]:
    for key in dict.fromkeys([*was, *now]):
        here = (*where, Step(field=name, id=key))
        if key not in was:
            yield Difference(where=here, kind=Kind.ADDED, after=now[key])
        elif key not in now:
            yield Difference(where=here, kind=Kind.REMOVED, before=was[key])
        else:
            yield from _between(was[key], now[key], here)


def _named(value: Any) -> dict[str, Any] | None:
    """A list's entries by what they are known by; None: it is no such list."""
    if not isinstance(value, Sequence) or isinstance(value, str):
        return None
    found: dict[str, Any] = {}
    for one in value:
        keys = [str(one[key]) for key in NAMED_BY if key in one] if isinstance(one, Mapping) else []
        if not keys or keys[0] in found:
            return None
        found[keys[0]] = one
    return found
