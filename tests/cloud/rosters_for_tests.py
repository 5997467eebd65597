"""Rosters that tests begin from."""

from __future__ import annotations

from typing import Any

from cloud.duty.model import Rosters

NAME = {"zh": "名", "en": "Name"}
FOUR = ("day", "night", "off", "off")


def roster(people: int = 1, identity: str = "R", **more: Any) -> dict[str, Any]:
    """Four teams, day and night, without a hole."""
    teams = [
        {"id": team, "people": [f"{identity}-{team}{n}" for n in range(people)], "offset": at}
        for at, team in enumerate("ABCD")
    ]
    return {
        "id": identity, "name": NAME, "job": "operator", "begins": "2026-01-01", "pattern": FOUR,
        "shifts": {"day": "08:00-20:00", "night": "20:00-08:00"}, "teams": teams,
    } | more  # fmt: skip


def rosters(*those: dict[str, Any], **more: Any) -> Rosters:
    return Rosters.model_validate({"timezone": "UTC", "rosters": those} | more)
