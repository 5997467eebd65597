"""The words around a demo: orders to its street, and starts that cannot be."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from simulators.errors import SimulatorsError
from simulators.install import SHIFT, free_ports, listens
from tests.e2e.demo_process import SITE, DemoProcess, free_shift
from tests.e2e.processes import ROOT, Process


def gridwatch(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "gridwatch", *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)


def test_a_bicycle_is_put_and_taken_by_an_order_on_the_command_line(demo: DemoProcess) -> None:
    street = ["simulate", "--state", str(demo.state / "street"), "--order"]
    put = gridwatch(*street, "put P11-C1")
    assert (put.returncode, put.stdout) == (0, "P11-C1: a bicycle is being left\n")
    taken = gridwatch(*street, "take P11-C1")
    assert (taken.returncode, taken.stdout) == (0, "P11-C1: the bicycle is being taken\n")
    wrong = gridwatch(*street, "put P99-C1")
    assert (wrong.returncode, wrong.stdout) == (1, "")
    assert "'P99-C1' is none of P01-C1 to P38-C1" in wrong.stderr


def test_an_order_to_no_street_says_where_it_looked(tmp_path: Path) -> None:
    done = gridwatch("simulate", "--state", str(tmp_path), "--order", "put P01-C1")
    assert done.returncode == 1
    assert f"no street runs with --state {tmp_path}" in done.stderr


def test_a_second_demo_in_the_same_place_is_refused(demo: DemoProcess) -> None:
    done = gridwatch("demo", "--state", str(demo.state))
    assert done.returncode == 1
    assert f"a demo runs already with --state {demo.state}" in done.stderr
    assert demo.runs


@pytest.mark.parametrize("word", [["demo"], ["simulate"], ["edge", "--node", "n1"], ["cloud"]])
def test_a_bad_site_file_is_told_with_its_line_and_the_fix_and_starts_nothing(
    tmp_path: Path, word: list[str]
) -> None:
    for name in ("areas.geojson", "event_classes.yaml"):
        (tmp_path / name).write_bytes((SITE.parent / name).read_bytes())
    site = tmp_path / "site.yaml"
    site.write_text(SITE.read_text("utf-8").replace("  grid: G01\n", "  grid: G99\n", 1), "utf-8")
    done = gridwatch(*word, "--site", str(site), "--state", str(tmp_path / "state"))
    assert (done.returncode, done.stdout) == (1, "")
    assert re.search(r"site\.yaml:\d+.*points.*grid.*G99", done.stderr, re.DOTALL), done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "state" / "pg").exists()


def test_taken_ports_are_passed_over_unless_they_were_asked_for() -> None:
    free = free_ports(1)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", free.broker))
        taken.listen()
        assert free_ports(1).broker == free.broker + SHIFT
        with pytest.raises(SimulatorsError, match=rf"port {free.broker} is taken.*--shift"):
            free_ports(1, free.broker - 21883)


def test_a_demo_that_is_interrupted_while_it_starts_ends_cleanly(tmp_path: Path) -> None:
    shift = free_shift()
    words = ["demo", "--site", str(SITE), "--state", str(tmp_path / "state"), "--shift", str(shift)]
    process = Process(tmp_path / "demo.log", *words)
    process.says(r"^broker +pid", 30)
    assert process.end(signal.SIGINT, within=40) == 1
    assert re.search(r"gridwatch demo: interrupted while \w+ came up", process.text), process.text
    assert "Traceback" not in process.text
    assert not any(listens(port + shift) for port in (8420, 21883, 20554, 21001))
