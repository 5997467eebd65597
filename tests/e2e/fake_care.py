"""Commands for nodes, as the fake cloud keeps them: asked for by the page, answered by the test."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from devices.ids import uuid7
from tests.e2e.fake_street import stamp


class FakeCare:
    """All commands, by id, in the order in which they were asked for."""

    def __init__(self) -> None:
        self.commands: dict[str, dict[str, Any]] = {}
        self.keys: list[str] = []
        """The Idempotency-Key of each request."""

    def listed(self, node: str) -> dict[str, Any]:
        """A node's, newest first; the page shows those of its incident."""
        mine = [one for one in self.commands.values() if one["node"] == node]
        return {"items": mine[::-1]}

    def ask(self, node: str, asked: dict[str, Any], key: str) -> dict[str, Any]:
        """Queue one."""
        now = datetime.now(UTC)
        self.keys.append(key)
        one = {
            "id": str(uuid7()), "node": node, "kind": asked["kind"], "body": asked["body"],
            "incident_id": asked.get("incident_id"), "asked_by": "leader", "created_at": stamp(now),
            "expires_at": stamp(now + timedelta(minutes=2)), "state": "queued", "sent_at": None,
            "answered_at": None, "answer": None,
        }  # fmt: skip
        self.commands[one["id"]] = one
        return one

    def answered(self, state: str = "answered", **answer: Any) -> dict[str, Any]:
        """The node's word on the last one."""
        one = list(self.commands.values())[-1]
        one |= {"state": state, "answered_at": stamp(datetime.now(UTC)), "answer": answer}
        return one
