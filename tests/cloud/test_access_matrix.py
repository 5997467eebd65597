"""Every route, as every role, for what is theirs and what is not: cloud/people/matrix.py over HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud.link import stills
from cloud.people import identity, wall
from cloud.people.matrix import DOOR, ROWS
from cloud.people.permissions import NODES, PUBLIC, Of, Row
from cloud.people.roles import Role
from tests.cloud.access_for_tests import OTHER, OWN, expected, routes, skeleton, table, told
from tests.cloud.access_world_for_tests import world

pytestmark = pytest.mark.anyio
DOCS = Path(__file__).parents[2] / "docs" / "design" / "access.md"


def test_every_route_has_a_row_and_every_row_a_route() -> None:
    there = {route.operation for route in routes(skeleton())}
    rows = {row.operation for row in ROWS}
    assert not there - rows, (
        f"{sorted(there - rows)}: no row in cloud/people/matrix.py. Say who may, in one line each: "
        'Row("operationId", WHO, Of.ONE) for one case or what hangs on one, Of.LIST for many'
    )
    assert not rows - there, f"{sorted(rows - there)}: rows of cloud/people/matrix.py without a route"


def test_the_documents_table_is_the_matrix() -> None:
    begin, end = "<!-- matrix -->\n", "<!-- end -->"
    written = DOCS.read_text(encoding="utf-8").partition(begin)[2].partition(end)[0]
    assert written == table(skeleton()), "run: python -m tests.cloud.access_for_tests, and paste it there"


def test_a_role_is_in_no_column_by_accident() -> None:
    """What the administrator looks after is nobody else's, and sees no case."""
    mine = [row for row in ROWS if Role.ADMINISTRATOR in row.who.roles]
    assert mine
    assert not [row.operation for row in mine if row.of is Of.ONE and row.operation != "getCommand"]


def cells(row: Row, everything: bool) -> Iterator[tuple[Role, str]]:
    """Who asks, and for what.

    What asks for no person is asked by one of them, and by nobody. Whom the door lets in for no case of the
    route is refused before anybody looks at what is asked for: the short form asks once.
    """
    for role in Role:
        for where in (OWN, OTHER):
            once = row.who in (PUBLIC, NODES) and role is not Role.ADMINISTRATOR
            shut = where == OTHER and role not in DOOR[row.operation]
            if everything or not (once or shut):
                yield role, where


PARTS = 2
"""The rows are asked in so many tests, each in a street of its own."""


@pytest.mark.parametrize("everything", [False, pytest.param(True, marks=pytest.mark.long)])
@pytest.mark.parametrize("part", range(PARTS))
async def test_every_cell_is_as_the_matrix_says(
    street, sender, other_sender, seen, store_photo, monkeypatch, part, everything
) -> None:
    """What is not theirs is asked for with the database's wall down: queries must hide it by themselves."""
    up = True
    monkeypatch.setattr(identity, "stand", lambda scope: wall.stand(scope) if up else None)
    monkeypatch.setattr(stills, "PATIENCE", 0.2)  # no node is there that could answer
    wrong: list[str] = []
    asked: Counter[str] = Counter()
    async with street() as s:
        w = await world(s, (sender, other_sender), seen, store_photo)
        secrets = {w.words[OTHER][word] for word in ("incident_id", "alarm_id", "sha256", "number")}
        found = {route.operation: route for route in routes(s.app)}
        for row in ROWS[part::PARTS]:
            route = found[row.operation]
            if missing := w.missing(row, route):
                wrong.append(
                    f"{row.operation}: nobody fills in {missing}; add it to `words` of this test's world"
                )
                continue
            for role, where in cells(row, everything):
                headers, up = await w.session(role, row.operation), where == OWN
                answer = await w.ask(row, route, where, headers)
                should, did = expected(row, role, where), told(row, answer)
                asked[did] += 1
                if did not in should:
                    cell = f"{row.operation} {row.case} as {role}, {where}"
                    wrong.append(f"{cell}: {' or '.join(should)} expected, {did}; {answer}")
                if row.of is Of.LIST:
                    wrong += [
                        f"{row.operation} as {role}: tells {secret} of the other area"
                        for secret in secrets
                        if secret in answer.text
                    ]
            nobody = await w.ask(row, route, OWN, {})
            if told(row, nobody) != ("in" if row.who == PUBLIC else "unauthenticated"):
                wrong.append(f"{row.operation} {row.case} as nobody: {nobody}")
            if row.who not in (PUBLIC, NODES) and route.method not in ("GET", "HEAD"):
                who = await w.session(min(row.who.roles), row.operation)
                # no browser sets a token at a WebSocket: there the page it comes from is asked for
                origin = {"origin": "https://else.where"} if route.method == "WEBSOCKET" else {}
                forged = await w.ask(row, route, OWN, {"cookie": who["cookie"], **origin})
                if told(row, forged) != "csrf":
                    wrong.append(f"{row.operation} {row.case} without a CSRF token: {forged}")
    assert not wrong, f"{len(wrong)} cells are wrong:\n" + "\n".join(wrong)
    assert min(asked[kind] for kind in ("in", "forbidden", "hidden")) > 20
