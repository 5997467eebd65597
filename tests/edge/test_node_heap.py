"""What was freed goes back to the system, from a heap that all threads share."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROBE = """
import threading
from edge.node.heap import give_back, share_one_heap

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * 4096 / 2**20

assert share_one_heap()
kept = []

def work():
    many = [bytes(50_000) for _ in range(2_000)]
    kept.append(bytearray(60_000))

threads = [threading.Thread(target=work) for _ in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
before = resident()
assert give_back()
print(before, resident())
"""


def test_what_threads_freed_is_given_back():
    command = [sys.executable, "-c", PROBE]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    before, after = map(float, done.stdout.split())
    assert after < before - 20
