"""When the cloud is away for long, a program of the machine's own says so; and says when it is back."""

from __future__ import annotations

import logging
import sys
import time
from pathlib import Path

import pytest

from edge.node.away import COMMAND, CloudAway


def told(file: Path, words: list[str]) -> None:
    until = time.monotonic() + 30
    while not file.exists() or file.read_text().split() != words:
        assert time.monotonic() < until, file.read_text() if file.exists() else "nothing"
        time.sleep(0.02)


@pytest.fixture
def program(tmp_path: Path) -> tuple[dict[str, str], Path]:
    script, said = tmp_path / "lamp.py", tmp_path / "said"
    script.write_text(f"import sys\nopen({str(said)!r}, 'a').write(sys.argv[1] + '\\n')\n")
    return {COMMAND: f"{sys.executable} '{script}'"}, said


def test_a_cloud_that_is_away_for_long_is_told_once_each_way(program):
    env, said = program
    away = CloudAway(env, after=0.1)
    away.tell(up=False)
    away.tell(up=False)
    told(said, ["away"])
    away.tell(up=False)
    away.tell(up=True)
    told(said, ["away", "back"])
    away.tell(up=True)
    away.tell(up=False)
    told(said, ["away", "back", "away"])
    away.close()


def test_a_cloud_that_is_soon_back_is_not_told(program):
    env, said = program
    away = CloudAway(env, after=60.0)
    away.tell(up=False)
    away.tell(up=True)
    away.close()
    assert not said.exists()


def test_a_program_that_fails_or_is_not_there_is_said_and_ends_nothing(tmp_path, caplog):
    with caplog.at_level(logging.WARNING, "edge.node.away"):
        for command in (str(tmp_path / "missing"), f"{sys.executable} -c 'raise SystemExit(3)'"):
            away = CloudAway({COMMAND: command}, after=0.0)
            away.tell(up=False)
            until = time.monotonic() + 30
            lines = len(caplog.records)
            while len(caplog.records) == lines and time.monotonic() < until:
                time.sleep(0.02)
    assert "FileNotFoundError" in caplog.text
    assert "ended with 3" in caplog.text


def test_without_the_variable_nothing_happens():
    away = CloudAway({}, after=0.0)
    away.tell(up=False)
    away.tell(up=True)
    away.close()
