"""The routes, the authorisation matrix and the API's document say the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from fastapi.routing import iter_route_contexts

from cloud.app import openapi_document
from cloud.people.matrix import ROWS
from cloud.people.permissions import NODES, PUBLIC
from cloud.problems import KINDS
from tests.cloud.access_for_tests import skeleton

UNWRITTEN = {"internal", "method_not_allowed", "page_not_built"}
"""Codes of no operation: a fault of ours, a method that is none, the page."""


def operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in openapi_document()["paths"].items():
        for method, operation in item.items():
            yield method.upper(), path, operation


def test_every_route_of_the_api_is_in_the_document_and_none_besides() -> None:
    there = {
        (method, re.sub(r":\w+}", "}", str(one.path)))
        for one in iter_route_contexts(skeleton().routes)
        if str(one.path).startswith("/api/")
        for method in one.methods or ()
    }
    assert {(method, path) for method, path, _ in operations()} == there


def test_what_the_document_asks_for_is_what_the_matrix_lets_in() -> None:
    """Operations open to all, to nodes and to people are the same in both."""
    who = {row.operation: row.who for row in ROWS}
    for method, path, operation in operations():
        ways = {name for way in operation.get("security", []) for name in way}
        of = who[operation["operationId"]]
        expected = set() if of == PUBLIC else {"node"} if of == NODES else {"session", "token"}
        assert ways == expected, f"{method} {path}: {ways} in the document, {of.name} in the matrix"


def test_every_code_is_named_by_an_operation_at_its_status() -> None:
    named = set()
    for method, path, operation in operations():
        for status, answer in operation["responses"].items():
            if int(status) < 400:
                continue
            codes = re.findall(r"`(\w+)`: ", answer["description"])
            assert codes, f"{method} {path}: {status} names no code"
            assert {KINDS[code].status for code in codes} == {int(status)}, f"{method} {path}: {status}"
            named.update(codes)
    assert KINDS.keys() - named == UNWRITTEN


def test_if_match_is_asked_for_wherever_it_is_taken() -> None:
    for method, path, operation in operations():
        for parameter in operation.get("parameters", []):
            if parameter["name"].lower() == "if-match":
                assert parameter["required"], f"{method} {path}"
                assert {"412", "428"} <= operation["responses"].keys(), f"{method} {path}"
