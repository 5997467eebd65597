"""The runner of the benches: what fails is not measured."""

from __future__ import annotations

import os

import pytest

from tests.bench import __main__ as runner
from tests.bench.proc import busy_seconds, cpu_seconds, memory


def test_a_bench_that_fails_is_not_measured() -> None:
    (line,) = runner.run("that_is_not_there")
    assert "bench_that_is_not_there" in str(line["not measured"])


def test_a_bench_that_takes_too_long_is_ended_and_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(runner.LIMITS, "sensors", 0.5)
    *_, last = runner.run("sensors")
    assert last == {"bench": "sensors", "not measured": "took more than 0.5 s"}


def test_what_is_no_json_is_passed_on_as_text() -> None:
    assert runner.read("x", '{"a": 1}\n') == {"bench": "x", "a": 1}
    assert runner.read("x", "queue 1 alarm\n") == {"bench": "x", "text": "queue 1 alarm"}
    assert runner.read("x", "12\n") == {"bench": "x", "text": "12"}


def test_the_table_shows_every_line() -> None:
    rows = list(runner.table([{"bench": "a", "text": "words"}, {"bench": "long", "n": 1, "m": None}]))
    assert rows == ["a     words", "long  n 1, m None"]


def test_a_process_is_measured_and_one_that_ended_is_not() -> None:
    before = cpu_seconds(os.getpid())
    busy = busy_seconds()
    while cpu_seconds(os.getpid()) <= before:
        sum(range(10_000))
    assert busy_seconds() >= busy
    assert (memory(os.getpid())["pss_mib"] or 0) > 0
    nobody = 2**22 + 1
    assert cpu_seconds(nobody) == 0.0
    assert memory(nobody) == {"rss_mib": None, "peak_mib": None, "pss_mib": None}
