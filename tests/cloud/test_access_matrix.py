"""Every route, as every role, for what is theirs and what is not: cloud/people/matrix.py over HTTP."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert

from cloud.database import schema
from cloud.incidents.numbers import incident_number
from cloud.people import identity, wall
from cloud.people.matrix import ROWS
from cloud.people.permissions import NODES, PUBLIC, Of, Row
from cloud.people.roles import Role
from cloud.push.tables import notice
from cloud.sources.tables import report
from cloud.whistles.tables import whistle_call
from devices.ids import uuid7
from tests.cloud.access_for_tests import (
    OTHER,
    OWN,
    World,
    expected,
    give,
    people,
    routes,
    skeleton,
    table,
    told,
)

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


async def world(s: Any, senders: Any, seen: Any, store_photo: Any) -> World:
    """A case in each grid, with an alarm, a photo, values, a call, a report, a notice and a command."""
    app, words = s.app, {}
    for where, sender, node in zip((OWN, OTHER), senders, ("n1", "n2"), strict=True):
        n = node[1]
        case = seen(sender, place=f"P0{n}-C1-Z1")
        body = b"\xff\xd8\xff\xe0 " + node.encode() + b" \xff\xd9"
        sha256 = await store_photo(s, body, node)
        await s.send(case.now("opened"), sender.photo(case.id, sha256), node=node)
        await s.send(sender.readings(1, 2, 3), node=node)
        words[where] = {
            "alarm_id": str(case.id), "sha256": sha256, "point": f"P0{n}", "camera": f"P0{n}-C1",
            "device": f"P0{n}-S1", "node": node, "version": "1", "kind": "deadlines", "token": "x" * 43,
            "code": "invalid", "form": "json", "path": "nothing.js",
            "organisation": "org-own", "username": "a-auditor",
            "name": "seat-1", "handover_id": str(uuid4()),
            "day": s.clock().date().isoformat(), "soon": s.clock().replace(hour=23).isoformat(),
        }  # fmt: skip
    leader = await s.log_in()
    for shown in await leader.incidents():
        where = OWN if shown["point"]["id"] == "P01" else OTHER
        words[where] |= {"incident_id": shown["id"], "number": shown["number"]}
        await give(app, shown["id"], f"org-{where}")
        words[where] |= await _hangs(app, shown["id"], where)
    for where in words:
        for which in (OWN, OTHER):
            words[where][f"{which}_incident"] = words[which]["incident_id"]
    return World(app, await people(app), words)


async def _hangs(app: Any, incident_id: str, where: str) -> dict[str, str]:
    """What hangs on a case, each as its own table keeps it."""
    context = app.state.context
    now, grid = context.now(), "G01" if where == OWN else "G02"
    ids = {name: uuid7() for name in ("call_id", "report_id", "notice_id", "command")}
    rows = {
        whistle_call: {
            "id": ids["call_id"], "incident_id": incident_id, "organisation": f"org-{where}",
            "state": "called", "version": 1, "reason": "come", "called_at": now, "called_by": "leader",
            "check_in_late": False, "report_late": False,
        },
        report: {
            "id": ids["report_id"], "number": incident_number(now.date(), 900 + int(grid[-1])),
            "source": "citizen", "sender": "public",
            "received_at": now, "happened_at": now, "event_class": "05-06", "words": "x", "grid": grid,
            "community": "C1" if where == OWN else None, "photos": [], "state": "waiting", "version": 1,
        },
        notice: {
            "id": ids["notice_id"], "kind": "x", "incident_id": incident_id, "severity": 1,
            "targets": [], "words": {"zh": "x", "en": "x"}, "created_at": now, "look_at": now,
        },
        schema.command: {
            "id": ids["command"], "node": f"n{grid[-1]}", "kind": "photo", "asked_by": "leader",
            "body": {"camera": f"P0{grid[-1]}-C1"}, "request_key": uuid4().hex, "created_at": now,
            "expires_at": now, "state": "expired",
        },
    }  # fmt: skip
    async with context.engine.begin() as connection:
        for into, row in rows.items():
            await connection.execute(insert(into), row)
    return {name: str(one) for name, one in ids.items()}


def cells(row: Row) -> Iterator[tuple[Role, str]]:
    """Who asks, and for what: what asks for no person is asked by one of them, and by nobody."""
    for role in Role:
        for where in (OWN, OTHER):
            if row.who not in (PUBLIC, NODES) or (role is Role.ADMINISTRATOR and where == OWN):
                yield role, where


async def test_every_cell_is_as_the_matrix_says(
    street, sender, other_sender, seen, store_photo, monkeypatch
) -> None:
    """What is not theirs is asked for with the database's wall down: queries must hide it by themselves."""
    up = True
    monkeypatch.setattr(identity, "stand", lambda scope: wall.stand(scope) if up else None)
    wrong: list[str] = []
    asked: Counter[str] = Counter()
    async with street() as s:
        w = await world(s, (sender, other_sender), seen, store_photo)
        secrets = {w.words[OTHER][word] for word in ("incident_id", "alarm_id", "sha256", "number")}
        found = {route.operation: route for route in routes(s.app)}
        for row in ROWS:
            route = found[row.operation]
            if missing := w.missing(row, route):
                wrong.append(
                    f"{row.operation}: nobody fills in {missing}; add it to `words` of this test's world"
                )
                continue
            for role, where in cells(row):
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
                forged = await w.ask(row, route, OWN, {"cookie": who["cookie"]})
                if told(row, forged) != "csrf":
                    wrong.append(f"{row.operation} {row.case} without a CSRF token: {forged}")
    assert not wrong, f"{len(wrong)} cells are wrong:\n" + "\n".join(wrong)
    assert min(asked[kind] for kind in ("in", "forbidden", "hidden", "unauthenticated")) > 5
