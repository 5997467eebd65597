"""The API's OpenAPI document, with what is true of every operation and written at none."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from cloud.problems import MEDIA_TYPE, ProblemBody, problems

METHODS = frozenset({"get", "put", "post", "delete", "head", "patch"})
SAFE = frozenset({"get", "head"})
IF_MATCH = r'^"v[0-9]{1,9}"$'
"""One strong tag of this API, as `cloud.etag` reads it."""


def complete(document: dict[str, Any]) -> dict[str, Any]:
    """`document` with the refusals that any operation may answer, and its parameters as they are sent."""
    schema = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
    known = document["components"]["schemas"]
    known |= schema.pop("$defs", {})
    known["Problem"] = schema
    for unused in ("HTTPValidationError", "ValidationError"):
        known.pop(unused, None)
    for item in document["paths"].values():
        for method in METHODS & item.keys():
            operation = item[method]
            for parameter in operation.get("parameters", []):
                _as_sent(parameter)
            _refuse(operation["responses"], problems(*_refusals(method, operation)))
    return document


def _refusals(method: str, operation: dict[str, Any]) -> Iterator[str]:
    """The codes that come from the doors and the rooms behind, whatever the operation does."""
    yield "unavailable"
    ways = {name for way in operation.get("security", []) for name in way}
    if "session" in ways:
        yield from ("unauthenticated", "forbidden", "too_many_requests")
        if method not in SAFE:
            yield "csrf"
    if "node" in ways:
        yield from ("bad_token", "node_revoked")
    if "requestBody" in operation:
        yield from ("too_large", "bad_request")
    if "requestBody" in operation or operation.get("parameters"):
        yield "invalid"


def _refuse(responses: dict[str, Any], more: dict[int | str, dict[str, Any]]) -> None:
    for status, answer in more.items():
        known = responses.setdefault(str(status), answer)
        if MEDIA_TYPE not in known.get("content", {}):
            known.clear()  # the framework's own form of a 422, which nothing here answers
            known.update(answer)
        new = [line for line in answer["description"].split("; ") if line not in known["description"]]
        known["description"] = "; ".join(filter(None, [known["description"], *new]))


def _as_sent(parameter: dict[str, Any]) -> None:
    """No parameter can be sent as null: it is left out. `If-Match` can be left out nowhere (428)."""
    schema = parameter["schema"]
    kinds = [one for one in schema.pop("anyOf", []) if one != {"type": "null"}]
    if len(kinds) == 1:
        schema.update(kinds[0])
    elif kinds:
        schema["anyOf"] = kinds
    if parameter["name"].lower() == "if-match":
        schema["pattern"] = IF_MATCH
        parameter["required"] = True
