"""GeoReport v2 on the wire: the same answer as XML and as JSON, errors too. Pure; XML is only written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from xml.etree import ElementTree as ET

from fastapi import Response

FORMATS = {"xml": "text/xml", "json": "application/json"}
Record = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Many:
    """A list: an array in JSON; in XML `root` around an `item` each."""

    root: str
    item: str
    records: Sequence[Record]


@dataclass(frozen=True, slots=True)
class One:
    """One record."""

    root: str
    record: Record


def render(answer: Many | One, form: str, status: int = 200) -> Response:
    """The answer in the format `form`."""
    text = _xml(answer) if form == "xml" else _json(answer)
    return Response(text, status, media_type=f"{FORMATS[form]}; charset=utf-8")


def errors(form: str, status: int, *descriptions: str) -> Response:
    """A refusal: a list of codes and descriptions."""
    found = [{"code": status, "description": text} for text in descriptions]
    return render(Many("errors", "error", found), form if form in FORMATS else "json", status)


def w3(at: datetime) -> str:
    """A time as the specification writes it: `2010-01-01T00:00:00Z`."""
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _json(answer: Many | One) -> bytes:
    body = list(answer.records) if isinstance(answer, Many) else answer.record
    return json.dumps(body, ensure_ascii=False).encode()


def _xml(answer: Many | One) -> bytes:
    root = ET.Element(answer.root)
    if isinstance(answer, Many):
        for record in answer.records:
            _fill(ET.SubElement(root, answer.item), record)
    else:
        _fill(root, answer.record)
    text: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return text


def _fill(element: ET.Element, record: Record) -> None:
    for name, value in record.items():
        child = ET.SubElement(element, name)
        if isinstance(value, bool):
            child.text = str(value).lower()
        elif value is not None and value != []:
            child.text = "".join(filter(_may_stand, str(value)))


def _may_stand(letter: str) -> bool:
    """Whether XML 1.0 has the character (production Char)."""
    code = ord(letter)
    return letter in "\t\n\r" or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
