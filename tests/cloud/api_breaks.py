"""What in a new OpenAPI document breaks clients of an older one.

A client sends requests that the old document allowed, and reads answers as the old document promised. So a
request may be widened and never narrowed, an answer narrowed and never widened. Plain functions over two
documents (OpenAPI 3.1, as FastAPI writes it); each rule yields one line that names the place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from tests.cloud.api_schemas import Pair, Schema, Way, misfits

METHODS = ("get", "put", "post", "delete", "options", "head", "patch")


def breaks(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[str]:
    """Every breaking change from `old` to `new`, one line each; empty: clients of `old` go on working."""
    both, found = Pair(old, new), []
    for path, item in old["paths"].items():
        for method in METHODS:
            if method not in item:
                continue
            where = f"{method.upper()} {path}"
            there = new["paths"].get(path, {}).get(method)
            if there is None:
                found.append(f"{where}: removed")
                continue
            for rule in RULES:
                found += [f"{where}: {line}" for line in rule(both, item[method], there)]
    return found


def _name(both: Pair, old: Schema, new: Schema) -> Iterator[str]:
    """`operationId` names the function of generated clients."""
    if old.get("operationId") != new.get("operationId"):
        yield f"operationId {old.get('operationId')!r} became {new.get('operationId')!r}"


def _security(both: Pair, old: Schema, new: Schema) -> Iterator[str]:
    """Each old way in stays open; what asked for somebody does not become open to all unnoticed."""
    before, after = _ways_in(both.old, old), _ways_in(both.new, new)
    if before and not after:
        yield f"security removed: it asked for {_told(before)}"
    if after and (gone := [one for one in before or [{}] if one not in after]):
        yield f"security: {_told(gone)} is no longer enough"


def _parameters(both: Pair, old: Schema, new: Schema) -> Iterator[str]:
    before, after = _by_name(old), _by_name(new)
    for key, now in after.items():
        if key not in before:
            if now.get("required"):
                yield f"{key}: a new required parameter"
            continue
        was = before[key]
        if now.get("required") and not was.get("required"):
            yield f"{key}: became required"
        yield from misfits(both, was.get("schema", {}), now.get("schema", {}), Way.REQUEST, key)
    for key in before.keys() - after.keys():
        yield f"{key}: parameter removed"


def _body(both: Pair, old: Schema, new: Schema) -> Iterator[str]:
    before, after = old.get("requestBody"), new.get("requestBody")
    if before is None:
        if after is not None and after.get("required"):
            yield "body: a new required one"
        return
    if after is None:
        yield "body: removed"
        return
    if after.get("required") and not before.get("required"):
        yield "body: became required"
    for kind, was in before["content"].items():
        if kind not in after["content"]:
            yield f"body: {kind} is no longer taken"
            continue
        now = after["content"][kind]
        yield from misfits(both, was.get("schema", {}), now.get("schema", {}), Way.REQUEST, "body")


def _answers(both: Pair, old: Schema, new: Schema) -> Iterator[str]:
    """Those of success stay what they were. A refusal may come: clients go by its class and its `code`."""
    before, after = old["responses"], new["responses"]
    for status in before.keys() - after.keys():
        yield f"{status}: no longer answered"
    for status in after.keys() - before.keys():
        if status[0] in "123":
            yield f"{status}: a new answer of success"
    for status in before.keys() & after.keys():
        yield from _answer(both, status, before[status], after[status])


def _answer(both: Pair, status: str, old: Schema, new: Schema) -> Iterator[str]:
    for name in old.get("headers", {}).keys() - new.get("headers", {}).keys():
        yield f"{status}: header {name} removed"
    before, after = old.get("content", {}), new.get("content", {})
    for kind in before.keys() - after.keys():
        yield f"{status}: {kind} is no longer answered"
    for kind in after.keys() - before.keys():
        yield f"{status}: {kind} is a new kind of answer"
    for kind in before.keys() & after.keys():
        yield from misfits(
            both, before[kind].get("schema", {}), after[kind].get("schema", {}), Way.ANSWER, f"{status}"
        )


Rule = Callable[[Pair, Schema, Schema], Iterator[str]]
RULES: tuple[Rule, ...] = (_name, _security, _parameters, _body, _answers)


def _ways_in(document: Schema, operation: Schema) -> list[Any]:
    found = operation.get("security", document.get("security", []))
    return list(found)


def _told(ways: list[Any]) -> str:
    return " or ".join("+".join(sorted(way)) or "nothing" for way in ways)


def _by_name(operation: Schema) -> dict[str, Any]:
    """`in name` -> parameter; the names of headers in lower case."""
    return {
        f"{one['in']} {one['name'].lower() if one['in'] == 'header' else one['name']}": one
        for one in operation.get("parameters", [])
    }
