"""SenML packs (RFC 8428) in JSON. Sums (`s`) and data (`vd`) are refused; packs in CBOR are not read.

    [{"bn": "urn:dev:mac:0024befffe804ff1:", "bt": 1795323038, "n": "tilt", "u": "rad", "v": 0.1}, ...]

The base fields of a record hold for those after it; a broken record costs only itself. A record's name is
`bn` + `n`; what follows the device's name in it, or its last part, is the quantity's. A time below 2**28 is
relative to now (section 4.5.3).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any

from devices.errors import PayloadError
from devices.sensors.decoders.base import Incoming, Post, Report, Sample
from devices.sensors.naming import value_of, word_of, words_of
from devices.sensors.payload import load_json, moment, number

MAX_RECORDS = 256
VERSION = 10
"""The highest that is understood (section 4.4)."""
_RELATIVE = 2**28
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9\-:./_]*")
_VALUES = {"v", "vb", "vs", "vd", "s"}
_OF_UNIT = {"Cel": "temperature", "%RH": "humidity", "%EL": "battery"}
"""What a record without a name of its own measures."""


@dataclass(frozen=True, slots=True)
class _Base:
    name: str = ""
    time: float = 0.0
    unit: str | None = None
    value: float | None = None


@dataclass(frozen=True, slots=True)
class _Record:
    name: str
    unit: str | None
    value: object
    time: float
    fault: str = ""
    """Why it cannot be used."""


class Senml:
    """`device` is how the names of its records begin; may be left out where a topic has one device."""

    def __init__(self, zone: tzinfo) -> None:
        """Its times are in UTC."""

    def topics(self, post: Post) -> tuple[str, ...]:
        """None: the site gives them."""
        return ()

    def decode(self, message: Incoming, posts: Sequence[Post]) -> Iterable[Report]:
        """See the module. A pack may be of several devices."""
        samples: dict[str, list[Sample]] = defaultdict(list)
        refused: dict[str, list[str]] = defaultdict(list)
        strangers = 0
        for at, record in _resolved(message.payload):
            post, name = _whose(record.name, posts)
            if post is None:
                strangers += 1
                continue
            try:
                if record.fault:
                    raise PayloadError(record.fault)
                samples[post.sensor].append(_sample(record, name, post.kind, message.received_at))
            except PayloadError as error:
                refused[post.sensor].append(f"[{at}].{error}")
        if strangers and not samples and not refused:
            raise PayloadError("n: no name in it begins with that of a sensor of the site")
        return [
            Report(post, tuple(samples[post.sensor]), refused=tuple(refused[post.sensor]))
            for post in posts
            if samples[post.sensor] or refused[post.sensor]
        ]


def _resolved(payload: bytes) -> list[tuple[int, _Record]]:
    """The records that measure something, with their places in the pack."""
    pack = load_json(payload)
    if not isinstance(pack, list) or not 1 <= len(pack) <= MAX_RECORDS:
        raise PayloadError(f"payload: must be a list of 1 to {MAX_RECORDS} records")
    base = _Base()
    found: list[tuple[int, _Record]] = []
    for at, fields in enumerate(pack):
        if not isinstance(fields, dict):
            raise PayloadError(f"[{at}]: must be an object")
        if any(name.endswith("_") for name in fields):
            raise PayloadError(f"[{at}]: has a field that must be understood and is not")
        try:
            base = _taken_over(base, fields)
        except PayloadError as error:
            raise PayloadError(f"[{at}].{error}") from None  # it would hold for all that follow
        if base.value is None and not _VALUES & fields.keys():
            continue  # base fields only
        try:
            found.append((at, _record(base, fields)))
        except PayloadError as error:
            found.append(
                (at, _Record(base.name + str(fields.get("n", ""))[:256], None, None, 0.0, str(error)))
            )
    return found


def _taken_over(base: _Base, fields: Mapping[str, Any]) -> _Base:
    if fields.get("bver", VERSION) not in range(1, VERSION + 1):
        raise PayloadError(f"bver: must be at most {VERSION}")
    if "bn" in fields:
        base = replace(base, name=_text(fields, "bn"))
    if "bu" in fields:
        base = replace(base, unit=_text(fields, "bu"))
    if "bt" in fields:
        base = replace(base, time=number(fields["bt"], "bt"))
    if "bv" in fields:
        base = replace(base, value=number(fields["bv"], "bv"))
    return base


def _record(base: _Base, fields: Mapping[str, Any]) -> _Record:
    name = base.name + (_text(fields, "n") if "n" in fields else "")
    if _NAME.fullmatch(name) is None:
        raise PayloadError("n: must be a name of letters, digits and - : . / _")
    value = fields.get("v", fields.get("vb", fields.get("vs")))
    if base.value is not None and "vb" not in fields and "vs" not in fields:
        value = base.value + (0.0 if value is None else number(value, "v"))
    if value is None:
        raise PayloadError("v: is missing; sums and data are not read")
    unit = _text(fields, "u") if "u" in fields else base.unit
    if isinstance(value, bool | str):
        unit = None  # what is true or a word has none, whatever the base unit of its neighbours is
    time = base.time + (number(fields["t"], "t") if "t" in fields else 0.0)
    return _Record(name, unit, value, time)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str) or len(value) > 256:
        raise PayloadError(f"{name}: must be a text of at most 256 letters")
    return value


def _whose(name: str, posts: Sequence[Post]) -> tuple[Post | None, str]:
    """Whose record it is, and what is left of its name."""
    named = [post for post in posts if name.startswith(post.device)]
    if named:
        post = max(named, key=lambda one: len(one.device))
        return post, name[len(post.device) :].lstrip(":/._-")
    if len(posts) == 1 and posts[0].device == posts[0].sensor:
        return posts[0], re.split(r"[:/]", name)[-1]
    return None, name


def _sample(record: _Record, name: str, kind: str, now: datetime) -> Sample:
    word = word_of(name, kind)
    quantity = word.quantity if word is not None else _OF_UNIT.get(record.unit or "", "")
    if not quantity:
        raise PayloadError("n: is no quantity that is known")
    value = value_of(record.value, "v", words_of(quantity))
    absolute = abs(record.time) >= _RELATIVE
    taken_at = None
    if record.time:
        taken_at = moment(record.time if absolute else now.timestamp() + record.time)
    token = f"{record.time} {record.value}" if absolute else None
    return Sample(
        quantity, 1.0 - value if word is not None and word.inverted else value, record.unit, taken_at, token
    )
