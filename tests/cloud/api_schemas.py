"""Whether a JSON Schema of today fits clients that were built on an older one: `misfits`.

What a client writes must still be taken: the old schema of a request lies within the new one. What it reads
must have been promised: the new schema of an answer lies within the old one. Only of an object's fields is
more allowed: an answer may gain some (clients pass over what they do not know), a request may gain ones that
may be left out.

Compared are the keywords of `COMPARED`. Any other one that says something of values is refused when it
changes, for nobody compared it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Schema = Mapping[str, Any]

LOWER = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
SAME = ("pattern", "format", "contentMediaType", "contentEncoding", "uniqueItems")
"""Where the wider one has it, the narrower one must have the same."""
WORDS = (
    "title",
    "description",
    "examples",
    "example",
    "default",
    "deprecated",
    "discriminator",
    "readOnly",
    "writeOnly",
)
"""They say nothing of values."""
COMPARED = (
    *LOWER, *UPPER, *SAME, *WORDS, "type", "enum", "const", "items", "prefixItems", "properties", "required",
    "additionalProperties", "anyOf", "oneOf", "allOf", "$ref",
)  # fmt: skip


class Way(StrEnum):
    """Who writes the value."""

    REQUEST = "request"
    ANSWER = "answer"


Key = tuple[int, int, Way]


@dataclass(frozen=True)
class Pair:
    """The two documents, for their `$ref`s, and what was found of their schemas so far."""

    old: Schema
    new: Schema
    fit: dict[Key, bool] = field(default_factory=dict)
    told: set[Key] = field(default_factory=set)


def misfits(pair: Pair, old: Schema, new: Schema, way: Way, where: str) -> Iterator[str]:
    """What no longer fits, one line each, `where` before it; of a schema that many share, once."""
    before, after = _kinds(pair.old, old), _kinds(pair.new, new)
    small, large = (before, after) if way is Way.REQUEST else (after, before)
    for one in small:
        if any(_fits(pair, one, other, way) for other in large):
            continue
        near = [other for other in large if _type(other) == _type(one)] or large
        if len(near) == 1 and _comparable(one, near[0]):
            key = (id(one), id(near[0]), way)
            if key not in pair.told:
                pair.told.add(key)
                yield from _compared(pair, *_in_order(one, near[0], way), way, where)
        elif way is Way.REQUEST:
            yield f"{where}: {_told(one)} is no longer taken"
        else:
            yield f"{where}: may now be {_told(one)}"


def _fits(pair: Pair, one: Schema, other: Schema, way: Way) -> bool:
    """Whether nothing is wrong between them; one that comes back within itself fits there if it does here."""
    if not _comparable(one, other):
        return False
    key = (id(one), id(other), way)
    if key not in pair.fit:
        pair.fit[key] = True
        trial = Pair(pair.old, pair.new, pair.fit)
        pair.fit[key] = next(_compared(trial, *_in_order(one, other, way), way, ""), None) is None
    return pair.fit[key]


def _in_order(small: Schema, large: Schema, way: Way) -> tuple[Schema, Schema]:
    return (small, large) if way is Way.REQUEST else (large, small)


def _comparable(small: Schema, large: Schema) -> bool:
    return _type(large) in ("", _type(small)) or (_type(small), _type(large)) == ("integer", "number")


def _compared(pair: Pair, old: Schema, new: Schema, way: Way, where: str) -> Iterator[str]:
    for rule in RULES:
        for line in rule(pair, old, new, way, where):
            yield line if line.startswith((f"{where}.", f"{where}[")) else f"{where}: {line}"


def _values(pair: Pair, old: Schema, new: Schema, way: Way, where: str) -> Iterator[str]:
    """`enum` and `const`: a request's may grow, an answer's may shrink."""
    before, after = _enum(old), _enum(new)
    if way is Way.REQUEST and after is not None:
        if before is None:
            yield f"takes only {_list(after)} now"
        elif gone := [one for one in before if one not in after]:
            yield f"{_list(gone)} is no longer taken"
    if way is Way.ANSWER and before is not None:
        if after is None:
            yield f"is no longer one of {_list(before)}"
        elif more := [one for one in after if one not in before]:
            yield f"may now be {_list(more)}"


def _bounds(pair: Pair, old: Schema, new: Schema, way: Way, where: str) -> Iterator[str]:
    small, large = (old, new) if way is Way.REQUEST else (new, old)
    for names, beyond in ((LOWER, lambda a, b: a < b), (UPPER, lambda a, b: a > b)):
        for name in names:
            limit = large.get(name)
            if limit is not None and (name not in small or beyond(small[name], limit)):
                yield f"{name}: {old.get(name)} became {new.get(name)}"


def _forms(pair: Pair, old: Schema, new: Schema, way: Way, where: str) -> Iterator[str]:
    small, large = (old, new) if way is Way.REQUEST else (new, old)
    for name in SAME:
        if large.get(name) and small.get(name) != large[name]:
            yield f"{name}: {old.get(name)} became {new.get(name)}"


def _items(pair: Pair, old: Schema, new: Schema, way: Way, where: str) -> Iterator[str]:
    if "items" in old or "items" in new:
        yield from misfits(pair, _any(old.get("items")), _any(new.get("items")), way, f"{where}[]")
    before, after = old.get("prefixItems", []), new.get("prefixItems", [])
    if len(before) != len(after):
        yield f"{len(before)} fixed items became {len(after)}"
    for n, (was, now) in enumerate(zip(before, after, strict=False)):
        yield from misfits(pair, was, now, way, f"{where}[{n}]")


def _removed(pair: Pair, old: Schema, new: Schema, way: Way, where: str) -> Iterator[str]:
    """Fields that are gone, of requests as well: what a client says would no longer count."""
    for name in old.get("properties", {}).keys() - new.get("properties", {}).keys():
        yield f"{where}.{name}: removed"


def _needed(pair: Pair, old: Schema, new: Schema, way: Way, where: str) -> Iterator[str]:
    before, after = set(old.get("required", [])), set(new.get("required", []))
    if way is Way.REQUEST:
        for name in sorted(after - before):
            new_one = name not in old.get("properties", {})
            yield f"{where}.{name}: " + ("a new required field" if new_one else "became required")
    else:
        for name in sorted((before - after) & new.get("properties", {}).keys()):
            yield f"{where}.{name}: may now be absent"


def _fields(pair: Pair, old: Schema, new: Schema, way: Way, where: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in sorted(before.keys() & after.keys()):
        yield from misfits(pair, before[name], after[name], way, f"{where}.{name}")


def _others(pair: Pair, old: Schema, new: Schema, way: Way, where: str) -> Iterator[str]:
    """Fields without a name of their own: of maps, and what nobody documented."""
    before, after = _any(old.get("additionalProperties")), _any(new.get("additionalProperties"))
    if way is Way.REQUEST and after is False and before is not False:
        yield "fields that are not documented are no longer taken"
    named = "additionalProperties" in old or "additionalProperties" in new
    if named and isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from misfits(pair, before, after, way, f"{where}.*")


def _rest(pair: Pair, old: Schema, new: Schema, way: Way, where: str) -> Iterator[str]:
    """What this module cannot compare must not change."""
    for name in sorted((old.keys() | new.keys()) - set(COMPARED)):
        if old.get(name) != new.get(name):
            yield f"{name}: changed, and cannot be compared"


Rule = Callable[[Pair, Schema, Schema, Way, str], Iterator[str]]
RULES: tuple[Rule, ...] = (_values, _bounds, _forms, _items, _removed, _needed, _fields, _others, _rest)


def _kinds(document: Schema, schema: Schema) -> list[Schema]:
    """The alternatives of a schema, each without `$ref`, `anyOf` or a list of types."""
    if "$ref" in schema:
        return _kinds(document, _at(document, schema["$ref"]))
    for name in ("anyOf", "oneOf"):
        if name in schema:
            return [kind for one in schema[name] for kind in _kinds(document, one)]
    if len(schema.get("allOf", [])) == 1:
        return _kinds(document, schema["allOf"][0])
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": one} for one in schema["type"]]
    return [schema]


def _at(document: Schema, ref: str) -> Schema:
    found: Any = document
    for part in ref.removeprefix("#/").split("/"):
        found = found[part.replace("~1", "/").replace("~0", "~")]
    assert isinstance(found, Mapping)
    return found


def _type(schema: Schema) -> str:
    return str(schema.get("type", ""))


def _enum(schema: Schema) -> list[Any] | None:
    found = [schema["const"]] if "const" in schema else schema.get("enum")
    return None if found is None else list(found)


def _any(schema: Any) -> Any:
    """`True` and nothing at all take any value, as `{}` does."""
    return {} if schema in (None, True) else schema


def _list(values: list[Any]) -> str:
    return ", ".join(repr(one) for one in values)


def _told(schema: Schema) -> str:
    return f"{schema.get('title', '')} ({_type(schema) or 'any'})".strip()
