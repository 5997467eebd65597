"""Requests of every operation with one place spoilt: half characters, U+0000, numbers beyond all bounds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

IN_BODIES = (
    '"\\ud800"', '"a\\u0000b"', "1e400", "NaN", "-1" + "0" * 400, "true", "[[]]", '"' + "x" * 9000 + '"',
)  # fmt: skip
"""Values in the JSON of a body, as text: Python's own reader takes each."""
WHOLE = (b"", b"\xff\xfe", b"[" * 3000, b'{"a":' * 3000, b'"\xed\xa0\x80"', b"null", b"[]", b"0")
"""Bodies as they are."""
IN_ADDRESSES = ("%00", "%ED%A0%80", "%FF", "-1", "9" * 400, "NaN", "..%2F..", "x" * 3000)
"""Values of path and query parameters, escaped."""
SPOILT = "spoilt here"
FORMATS = {
    "uuid": "01a20233-0000-7000-8000-000000000000", "date-time": "2026-11-22T04:00:00Z", "date": "2026-11-22",
}  # fmt: skip


@dataclass(frozen=True)
class Odd:
    """One request that nobody should send."""

    operation: str
    method: str
    address: str
    """Path and query, escaped."""
    kind: str
    """Its `Content-Type`."""
    body: bytes


def odd(
    document: Mapping[str, Any],
    words: Mapping[str, str],
    in_bodies: Sequence[str],
    in_addresses: Sequence[str],
) -> Iterator[Odd]:
    """Requests of each operation; `words` are values of parameters that name what is there."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            media = operation.get("requestBody", {}).get("content", {})
            kind = next(iter(media), "")
            schema = media.get(kind, {}).get("schema", {}) if "json" in kind else None
            whole = None if schema is None else some(document, schema)
            parameters = [one for one in operation.get("parameters", []) if one["in"] in ("path", "query")]
            known = {one["name"]: quote(str(words.get(one["name"]) or some(document, one["schema"])), safe="")
                     for one in parameters}  # fmt: skip
            like = (operation["operationId"], method.upper())
            for one in parameters:
                for value in in_addresses:
                    address = _address(path, parameters, known, {one["name"]: value})
                    yield Odd(*like, address, kind, json.dumps(whole).encode() if kind else b"")
            if schema is not None:
                address = _address(path, parameters, known, {})
                texts = [json.dumps(body).replace(f'"{SPOILT}"', value).encode()
                         for body in spoilt(whole) for value in in_bodies]  # fmt: skip
                for text in (*texts, *WHOLE):
                    yield Odd(*like, address, kind, text)


def some(document: Mapping[str, Any], schema: Mapping[str, Any], depth: int = 0) -> Any:
    """A value that the schema allows or nearly so, with all of its fields."""
    if "$ref" in schema:
        return some(document, document["components"]["schemas"][schema["$ref"].rsplit("/")[-1]], depth)
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    if "const" in schema:
        return schema["const"]
    for name in ("anyOf", "oneOf"):
        if name in schema:
            return some(document, schema[name][0], depth)
    kind = schema.get("type", "object")
    if kind == "object":
        fields = schema.get("properties", {}) if depth < 6 else {}
        return {name: some(document, one, depth + 1) for name, one in fields.items()}
    if kind == "array":
        items = schema.get("prefixItems") or [schema.get("items", {})]
        return [some(document, one, depth + 1) for one in items]
    if kind == "string":
        return FORMATS.get(schema.get("format", ""), "x" * max(1, schema.get("minLength", 1)))
    return {"boolean": True, "null": None}.get(kind, max(1, schema.get("minimum", 1)))


def spoilt(value: Any) -> Iterator[Any]:
    """`value` with `SPOILT` at one leaf at a time, and with a field of half a character."""
    if isinstance(value, dict):
        for name in value:
            for one in spoilt(value[name]):
                yield value | {name: one}
        yield value | {"\ud800": 1}
    elif isinstance(value, list) and value:
        for one in spoilt(value[0]):
            yield [one, *value[1:]]
    else:
        yield SPOILT


def _address(
    path: str, parameters: Sequence[Any], known: Mapping[str, str], changed: Mapping[str, str]
) -> str:
    given = {**known, **changed}
    query = [
        f"{one['name']}={given[one['name']]}"
        for one in parameters
        if one["in"] == "query" and (one.get("required") or one["name"] in changed)
    ]
    return path.format_map(given) + ("?" + "&".join(query) if query else "")
