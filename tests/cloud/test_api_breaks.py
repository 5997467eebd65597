"""The released document is what clients were built on: no change of today's may break one."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from cloud.app import openapi_document
from tests.cloud.api_breaks import breaks

RELEASED = Path(__file__).parent / "data" / "openapi-released.json"


def test_todays_document_breaks_no_client_of_the_released_one() -> None:
    released = json.loads(RELEASED.read_text(encoding="utf-8"))
    found = breaks(released, openapi_document())
    assert not found, (
        "clients of the released API break:\n"
        + "\n".join(found)
        + "\nKeep the old form beside the new one. To release a new version, see docs/design/api.md"
    )


def test_each_operation_of_the_released_document_is_compared() -> None:
    """A document in which everything was taken away is refused once for each operation."""
    released = json.loads(RELEASED.read_text(encoding="utf-8"))
    gone = breaks(released, released | {"paths": {}})
    assert len(gone) == sum(len(item) for item in released["paths"].values()) > 100
    assert not breaks(released, released)


THING: dict[str, Any] = {
    "type": "object",
    "required": ["id", "state"],
    "properties": {
        "id": {"type": "string", "format": "uuid"},
        "state": {"type": "string", "enum": ["open", "closed"]},
        "size": {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 9}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "string", "maxLength": 9}, "maxItems": 9},
        "place": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "number"}]},
        "words": {"type": "object", "additionalProperties": {"type": "string"}},
        "child": {"$ref": "#/components/schemas/Thing"},
    },
}
WISH = THING | {
    "properties": deepcopy(THING["properties"]) | {"child": {"$ref": "#/components/schemas/Wish"}}
}
DOCUMENT: dict[str, Any] = {
    "components": {"schemas": {"Thing": THING, "Wish": WISH}},
    "paths": {
        "/things": {
            "get": {
                "operationId": "listThings",
                "security": [{"session": []}, {"token": []}],
                "parameters": [
                    {"in": "query", "name": "state", "schema": {"type": "string"}},
                    {"in": "header", "name": "If-Match", "schema": {"type": "string"}},
                ],
                "responses": {
                    "200": {
                        "headers": {"ETag": {}},
                        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
                    },
                    "404": {},
                },
            },
            "post": {
                "operationId": "addThing",
                "security": [{"session": []}],
                "requestBody": {
                    "content": {
                        "application/json": {"schema": {"$ref": "#/components/schemas/Wish"}},
                        "text/csv": {"schema": {"type": "string"}},
                    }
                },
                "responses": {"201": {}},
            },
            "delete": {"operationId": "removeThings", "responses": {"204": {}}},
        }
    },
}
GET, POST = ("paths", "/things", "get"), ("paths", "/things", "post")
ANSWERED = ("components", "schemas", "Thing")
ASKED = ("components", "schemas", "Wish")
GONE = object()


def changed(*path: Any, to: Any) -> dict[str, Any]:
    """The small document with what is at `path` changed; GONE: taken away."""
    document = deepcopy(DOCUMENT)
    there: Any = document
    for part in path[:-1]:
        there = there[part]
    if to is GONE:
        del there[path[-1]]
    else:
        there[path[-1]] = to
    return document


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "a removed path": (changed("paths", "/things", to=GONE), "GET /things: removed"),
    "a removed method": (changed(*POST, to=GONE), "POST /things: removed"),
    "another name": (changed(*GET, "operationId", to="x"), "operationId"),
    "security removed": (changed(*GET, "security", to=[]), "security removed"),
    "a way in removed": (changed(*GET, "security", to=[{"token": []}]), "session is no longer enough"),
    "security where there was none": (
        changed("paths", "/things", "delete", "security", to=[{"token": []}]),
        "nothing is no longer enough",
    ),
    "a new required parameter": (
        changed(*GET, "parameters", to=[
            *DOCUMENT["paths"]["/things"]["get"]["parameters"],
            {"in": "query", "name": "q", "required": True, "schema": {}},
        ]),
        "query q: a new required parameter",
    ),
    "a parameter that became required": (
        changed(*GET, "parameters", 0, "required", to=True),
        "query state: became required",
    ),
    "a removed parameter": (
        changed(*GET, "parameters", 1, to={"in": "query", "name": "x", "schema": {}}),
        "header if-match: parameter removed",
    ),
    "a narrower parameter": (
        changed(*GET, "parameters", 0, "schema", to={"type": "string", "enum": ["open"]}),
        "query state: takes only 'open' now",
    ),
    "a parameter of another type": (
        changed(*GET, "parameters", 0, "schema", to={"type": "integer"}),
        "query state: (string) is no longer taken",
    ),
    "a removed body": (changed(*POST, "requestBody", to=GONE), "body: removed"),
    "a new required body": (
        changed("paths", "/things", "delete", "requestBody", to={"required": True, "content": {}}),
        "body: a new required one",
    ),
    "a body that became required": (
        changed(*POST, "requestBody", "required", to=True),
        "body: became required",
    ),
    "a removed kind of body": (
        changed(*POST, "requestBody", "content", "text/csv", to=GONE),
        "text/csv is no longer taken",
    ),
    "a removed status": (changed(*GET, "responses", "404", to=GONE), "404: no longer answered"),
    "a new status of success": (changed(*POST, "responses", "202", to={}), "202: a new answer of success"),
    "a removed header of an answer": (
        changed(*GET, "responses", "200", "headers", to={}),
        "header ETag removed",
    ),
    "a removed kind of answer": (
        changed(*GET, "responses", "200", "content", to={}),
        "200: application/json is no longer answered",
    ),
    "a new kind of answer": (
        changed(*GET, "responses", "200", "content", "text/csv", to={}),
        "200: text/csv is a new kind of answer",
    ),
    "a removed field of an answer": (changed(*ANSWERED, "properties", "size", to=GONE), "200.size: removed"),
    "a removed field of a request": (changed(*ASKED, "properties", "size", to=GONE), "body.size: removed"),
    "a field that may be absent": (changed(*ANSWERED, "required", to=["id"]), "200.state: may now be absent"),
    "a field that became required": (
        changed(*ASKED, "required", to=["id", "state", "size"]),
        "body.size: became required",
    ),
    "a new required field": (
        changed(*ASKED, to={**WISH, "required": ["id", "x"], "properties": WISH["properties"] | {"x": {}}}),
        "body.x: a new required field",
    ),
    "a narrower enum of a request": (
        changed(*ASKED, "properties", "state", "enum", to=["open"]),
        "body.state: 'closed' is no longer taken",
    ),
    "a wider enum of an answer": (
        changed(*ANSWERED, "properties", "state", "enum", to=["open", "closed", "lost"]),
        "200.state: may now be 'lost'",
    ),
    "an enum of an answer that is none": (
        changed(*ANSWERED, "properties", "state", to={"type": "string"}),
        "200.state: is no longer one of 'open', 'closed'",
    ),
    "another type in an answer": (
        changed(*ANSWERED, "properties", "id", to={"type": "integer"}),
        "200.id: may now be (integer)",
    ),
    "an answer that may be null": (
        changed(
            *ANSWERED, "properties", "id",
            to={"anyOf": [{"type": "string", "format": "uuid"}, {"type": "null"}]},
        ),
        "200.id: may now be (null)",
    ),
    "a request that may no longer be null": (
        changed(*ASKED, "properties", "size", to={"type": "integer", "minimum": 0, "maximum": 9}),
        "body.size: (null) is no longer taken",
    ),
    "a tighter bound of a request": (
        changed(*ASKED, "properties", "size", "anyOf", 0, "maximum", to=8),
        "body.size: maximum: 9 became 8",
    ),
    "a wider bound of an answer": (
        changed(*ANSWERED, "properties", "size", "anyOf", 0, "minimum", to=-1),
        "200.size: minimum: 0 became -1",
    ),
    "a form that a request must have": (
        changed(*ASKED, "properties", "state", "pattern", to="^o"),
        "body.state: pattern: None became ^o",
    ),
    "a form that an answer has no more": (
        changed(*ANSWERED, "properties", "id", "format", to=GONE),
        "200.id: format: uuid became None",
    ),
    "narrower items": (
        changed(*ASKED, "properties", "tags", "items", "maxLength", to=8),
        "body.tags[]: maxLength: 9 became 8",
    ),
    "fixed items more": (
        changed(*ANSWERED, "properties", "place", "prefixItems", to=[{"type": "number"}]),
        "200.place: 2 fixed items became 1",
    ),
    "a fixed item of another type": (
        changed(*ANSWERED, "properties", "place", "prefixItems", 1, to={"type": "string"}),
        "200.place[1]: may now be (string)",
    ),
    "other values of a map": (
        changed(*ANSWERED, "properties", "words", "additionalProperties", to={"type": "number"}),
        "200.words.*: may now be (number)",
    ),
    "fields that are not documented, refused": (
        changed(*ASKED, "additionalProperties", to=False),
        "fields that are not documented are no longer taken",
    ),
    "what cannot be compared": (
        changed(*ASKED, "not", to={"type": "null"}),
        "not: changed, and cannot be compared",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_break_is_refused(name: str) -> None:
    new, line = REFUSED[name]
    found = breaks(DOCUMENT, new)
    assert [one for one in found if line in one], found


TAKEN: dict[str, dict[str, Any]] = {
    "nothing": deepcopy(DOCUMENT),
    "a new path": changed("paths", "/others", to=DOCUMENT["paths"]["/things"]),
    "a new optional parameter": changed(
        *GET, "parameters", 0, to={"in": "query", "name": "state", "schema": {}}
    ),
    "a new refusal": changed(*GET, "responses", "429", to={}),
    "a new field of an answer": changed(*ANSWERED, "properties", "x", to={"type": "string"}),
    "a new field that may be left out": changed(*ASKED, "properties", "x", to={"type": "string"}),
    "a wider enum of a request": changed(
        *ASKED, "properties", "state", "enum", to=["open", "closed", "lost"]
    ),
    "a narrower enum of an answer": changed(*ANSWERED, "properties", "state", "enum", to=["open"]),
    "whole numbers where numbers were promised": changed(
        *ANSWERED, "properties", "place", "prefixItems", 0, to={"type": "integer"}
    ),
    "a required field made optional": changed(*ASKED, "required", to=["id"]),
    "another way in": changed(*GET, "security", to=[{"session": []}, {"token": []}, {"node": []}]),
    "other words": changed(*ANSWERED, "description", to="Something."),
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_breaks_nobody_is_taken(name: str) -> None:
    assert breaks(DOCUMENT, TAKEN[name]) == []
