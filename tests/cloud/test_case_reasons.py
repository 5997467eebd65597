"""What the cloud says against a step has its words on the page."""

from __future__ import annotations

from pathlib import Path

from cloud.incidents.guards import GUARDS

WHY = Path(__file__).parents[2] / "cloud" / "web" / "src" / "case" / "why.ts"


def test_each_reason_of_the_table_of_guards_is_said_in_both_languages() -> None:
    source = WHY.read_text(encoding="utf-8")
    assert [guard.why for guard in GUARDS.values() if f'"{guard.why}": [' not in source] == []
