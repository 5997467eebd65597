"""The demo's own process killed: nothing stays behind, and the next start finds what was there."""

from __future__ import annotations

import os
import signal

import psutil

from simulators.install import listens
from tests.e2e.demo_process import DemoProcess
from tests.e2e.processes import until


def parts(demo: DemoProcess) -> list[psutil.Process]:
    """All processes of the demo but its own."""
    found = psutil.Process(demo.process.process.pid).children(recursive=True)
    return [*found, psutil.Process(demo.pid("postgres"))]


def test_a_killed_supervisor_leaves_nothing_behind_and_the_next_start_finds_yesterdays_incidents(
    demo: DemoProcess,
) -> None:
    demo.cameras_up(within=180)
    demo.order("put P36-C1")
    demo.incident_at("P36", within=180)
    before = {one["id"] for state in ("open", "closed") for one in demo.incidents(state)}
    passwords = demo.users
    left = parts(demo)
    assert len(left) >= 8

    os.kill(demo.process.process.pid, signal.SIGKILL)
    demo.process.process.wait(60)
    psutil.wait_procs(left, timeout=30)
    assert [one.name() for one in left if one.is_running() and one.status() != "zombie"] == []
    until(lambda: not any(map(listens, demo.ports())), 30, "all ports are free")

    demo.start()
    print(f"second start: wall and all cameras after {demo.printed_after:.1f} s")
    assert demo.printed_after < 150  # generous: a busy machine took 102
    assert demo.users == passwords
    after = {one["id"] for state in ("open", "closed") for one in demo.incidents(state)}
    assert before <= after
    demo.cameras_up(within=180)
    until(lambda: not demo.missing(), 60, "no number is missing")
    demo.stop()  # what is tested after this needs the processor
