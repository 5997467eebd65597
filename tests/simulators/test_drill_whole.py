"""A whole drill: the product's own processes, broken in every way, and counted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from simulators.drill.plan import KINDS, TIMES
from simulators.drill.sabotage import NAMES

ROOT = Path(__file__).parents[2]


def drilled(state: Path, *words: str, within: float) -> tuple[int, dict[str, Any]]:
    """The exit code of a drill and its report."""
    done = subprocess.run(
        [sys.executable, "-m", "gridwatch", "drill", "--json", "--state", str(state), *words],
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
        capture_output=True,
        text=True,
        timeout=within,
    )
    assert done.returncode in (0, 1), done.stderr[-3000:]
    return done.returncode, json.loads(done.stdout)


@pytest.mark.timeout(1000)
def test_whatever_breaks_once_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    words = ("--minutes", "0.4", "--nodes", "2", "--cameras", "0", "--seed", "5")
    code, told = drilled(tmp_path / "d", *words, within=900)
    kinds = {kind for kinds in KINDS.values() for kind in kinds}
    if told["not_done"] != ["faults of cameras: the drill has none"]:
        kinds -= {"disk_full"}
    assert (code, told["findings"]) == (0, [])
    assert {deed["did"] for deed in told["nemesis"]} == kinds
    assert told["truths"] >= 12
    assert told["incidents"] == told["alarms"] == told["truths"]
    assert (told["lost"], told["doubled"], told["false_clears"]) == (0, 0, 0)
    assert told["ledger_balanced"]
    assert told["ledger"]["numbered"] > told["alarms"]


@pytest.mark.long
@pytest.mark.timeout(1000)
def test_a_product_that_clears_early_fails_the_drill(tmp_path: Path) -> None:
    words = ("--minutes", "0.4", "--nodes", "1", "--cameras", "0", "--sabotage", "clear_early")
    code, told = drilled(tmp_path / "d", *words, within=900)
    assert code == 1
    assert told["false_clears"] > 0


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_ten_minutes_of_four_nodes_and_their_cameras_lose_and_double_nothing(tmp_path: Path) -> None:
    code, told = drilled(tmp_path / "d", within=1500)
    assert (code, told["findings"]) == (0, [])
    assert told["truths"] >= 200
    assert told["camera_truths"] >= 12
    assert told["truths_begin_or_end_in_a_fault"] * 3 >= told["truths"]
    counts = Counter((deed["to"].split()[0], deed["did"]) for deed in told["nemesis"])
    wanted = {(target, kind) for target, kinds in KINDS.items() for kind in kinds}
    assert {one for one in wanted if counts[one] < TIMES} == set()


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", NAMES)
def test_a_product_without_a_protection_fails_the_drill(tmp_path: Path, name: str) -> None:
    words = ("--minutes", "2", "--nodes", "2", "--cameras", "0", "--sabotage", name)
    code, told = drilled(tmp_path / "d", *words, within=500)
    assert code == 1
    assert told["lost"] or told["doubled"] or told["false_clears"] or not told["ledger_balanced"]
