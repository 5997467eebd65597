"""`python -m tests.cloud.playbook_process_for_tests`: workers that play `PLAYBOOKS` on DEADLINE_TEST_URL.

As `deadline_process_for_tests`, with the real planner and the real effect, which then takes its time.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from cloud.database.engine import make_engine
from cloud.deadlines.limits import Policy
from cloud.deadlines.plans import PLAYBOOK
from cloud.deadlines.steps import rules_of
from cloud.deadlines.store import Deadline
from cloud.deadlines.worker import Worker
from cloud.playbooks.effects import effect
from cloud.playbooks.planner import Steps
from cloud.playbooks.policy import Playbooks
from tests.cloud.deadline_process_for_tests import effect as slow
from tests.cloud.deadline_process_for_tests import main

NAME = {"zh": "名", "en": "name"}
PLAYBOOKS = Playbooks.model_validate(
    {
        "classes": {
            "05-06": {
                "name": NAME,
                "window": "1 s",
                "stages": [
                    {"id": "tell", "name": NAME, "message": NAME, "tell": ["BIKE-A"], "within": "1 s"},
                    {
                        "id": "clear", "name": NAME, "message": NAME, "tell": ["CG"], "dispatch": "CG",
                        "within": "1 s",
                    },
                ],
            }
        }
    }
)  # fmt: skip
PLANNER = Steps(rules_of(Policy(), ZoneInfo("Asia/Shanghai")), PLAYBOOKS)
_step = effect(lambda: PLAYBOOKS, lambda *_: None)


async def step(connection: AsyncConnection, one: Deadline, now: datetime) -> None:
    await _step(connection, one, now)
    await slow(connection, one, now)


async def work() -> None:
    engine = make_engine(make_url(os.environ["DEADLINE_TEST_URL"]), pool_size=2)
    now = lambda: datetime.now(UTC)  # noqa: E731 - nothing but the wall clock
    await Worker(engine, lambda: (PLANNER,), {PLAYBOOK: step}, now, lambda: None).start()


if __name__ == "__main__":
    main(work)
