"""What stands in both grids of the small street, for whoever asks for what is theirs and what is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import insert

from cloud.assets.tables import asset
from cloud.database import schema
from cloud.incidents.numbers import incident_number
from cloud.inspections.tables import inspection
from cloud.playbooks.tables import project, project_case, project_task
from cloud.push.tables import notice
from cloud.sources.tables import report
from cloud.whistles.tables import whistle_call
from devices.ids import uuid7
from tests.cloud.access_for_tests import OTHER, OWN, World, give, people


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
            "device": f"P0{n}-S1", "node": node, "version": 1, "kind": "deadlines", "token": "x" * 43,
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
    ids |= {name: uuid7() for name in ("project_id", "task_id", "inspection_id")}
    lies = {"grid": grid, "community": "C1" if where == OWN else None}
    words = {"zh": "x", "en": "x"}
    rows = {
        whistle_call: {
            "id": ids["call_id"], "incident_id": incident_id, "organisation": f"org-{where}",
            "state": "called", "version": 1, "reason": "come", "called_at": now, "called_by": "leader",
            "check_in_late": False, "report_late": False,
        },
        report: {
            "id": ids["report_id"], "number": incident_number(now.date(), 900 + int(grid[-1])),
            "source": "citizen", "sender": "public",
            "received_at": now, "happened_at": now, "event_class": "05-06", "words": "x", **lies,
            "photos": [], "state": "waiting", "version": 1,
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
        project: {
            "id": ids["project_id"], "event_class": "05-06", "point": f"P0{grid[-1]}", **lies, "name": words,
            "version": 1, "opened_at": now,
        },
        project_task: {
            "id": ids["task_id"], "project_id": ids["project_id"], "position": 1, "name": words, "version": 1,
        },
        project_case: {"project_id": ids["project_id"], "incident_id": incident_id, "added_at": now},
        inspection: {
            "id": ids["inspection_id"], "task": "x", "target": f"grid:{grid}", "day": now.date(), **lies,
            "body": {
                "id": "x", "name": words, "grids": [grid], "every": {"unit": "day", "begins": "2026-01-01"},
                "checklist": [{"id": "x", "text": words}], "event_class": "05-06",
            },
            "begins_at": now - timedelta(hours=2), "due_at": now - timedelta(hours=1), "state": "missed",
            "missed_at": now, "version": 1, "faulty": False,
        },
        asset: {
            "id": uuid7(), "code": f"A-{where}", "asset_class": "01-03", "lon": 120.0, "lat": 30.0, **lies,
            "state": "intact", "version": 1, "updated_at": now,
        },
    }  # fmt: skip
    async with context.engine.begin() as connection:
        for into, row in rows.items():
            await connection.execute(insert(into), row)
    return {name: str(one) for name, one in ids.items()} | {"asset_code": f"A-{where}"}
