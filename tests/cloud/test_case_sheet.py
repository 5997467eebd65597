from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

import pytest

from cloud.incidents import chain, sheet
from cloud.incidents.guards import GUARDS
from cloud.incidents.transitions import ACTIONS, TABLE, State
from cloud.incidents.transitions import NOBODY as SYSTEM

PAGE = Path(__file__).parents[2] / "docs" / "design" / "cases.md"


def test_the_page_is_made_from_the_table_that_is_in_force() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert sheet.page_with(text) == text, "run: python -m cloud.incidents.sheet docs/design/cases.md"
    for action in ACTIONS:
        assert f"| `{action}`" in text
    diagram = text.partition("<!-- diagram -->")[2]
    assert all(f"\n{state}\n" in diagram for state in State)


def test_a_page_made_anew_is_the_same_page_and_an_old_one_is_brought_up_to_date() -> None:
    old = "a\n<!-- table -->\nOLD\n<!-- /table -->\nb\n<!-- diagram -->\n<!-- /diagram -->\nc\n"
    old += "<!-- guards -->\n<!-- /guards -->\n"
    new = sheet.page_with(old)
    assert "OLD" not in new
    assert sheet.page_with(new) == new
    assert new.startswith("a\n<!-- table -->\n| action |")
    assert "<!-- /table -->\nb\n" in new


def test_the_pages_example_has_the_hash_that_the_page_says() -> None:
    text = PAGE.read_text(encoding="utf-8")
    found = re.search(r"```json\n(.*?)\n```.*?hash `([0-9a-f]{64})`", text, re.DOTALL)
    assert found is not None
    assert hashlib.sha256(found[1].encode()).hexdigest() == found[2]
    line = json.loads(found[1])
    previous = bytes.fromhex(line.pop("previous"))
    assert chain.line_hash(line, previous).hex() == found[2]
    assert chain.line_hash(line, b"\1" * 32).hex() != found[2]


@pytest.mark.parametrize("rule", TABLE, ids=lambda rule: f"{rule.action}-{rule.sources[0]}")
def test_every_guard_of_a_row_is_known_and_every_closing_by_people_has_four_eyes(rule) -> None:
    assert set(rule.guards) <= GUARDS.keys()
    if rule.target is State.CLOSED and rule.roles != SYSTEM:
        assert {"four_eyes", "level", "feedback", "answered"} <= set(rule.guards)
