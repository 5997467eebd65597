"""`make bench`: every bench in a process of its own, bounded in time. JSON lines, then a table of them.

    python -m tests.bench              all of them
    python -m tests.bench node outbox  those alone

A bench is a module `bench_*.py`, run as `python -m`. What it prints as JSON is passed on, any other line as
`text`. What failed or took too long is told as "not measured": a figure that is missing never passes.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent
LIMIT = 240.0
LIMITS = {"node": 5400.0, "sensors": 900.0, "cloud_loaded": 2400.0}
"""Seconds a bench may take; that of the node has twenty legs, and encodes its streams the first time.
That of the loaded cloud fills a database of 6 GB first, and deletes it."""
GRACE = 30.0
"""Seconds to end by itself, once it was told to."""
Line = dict[str, object]


def main() -> int:
    """Run the benches that were asked for; 1 when one of them could not be measured."""
    known = sorted(path.stem.removeprefix("bench_") for path in FOLDER.glob("bench_*.py"))
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description="Measure and print.")
    parser.add_argument("bench", nargs="*", help=f"of {', '.join(known)}; all unless told")
    asked = parser.parse_args().bench or known
    unknown = sorted(set(asked) - set(known))
    if unknown:
        parser.error(f"there is no bench {', '.join(unknown)}; choose of {', '.join(known)}")
    lines: list[Line] = []
    for name in asked:
        for line in run(name):
            print(json.dumps(line, ensure_ascii=False), flush=True)
            lines.append(line)
    print()
    for row in table(lines):
        print(row)
    return 1 if any("not measured" in line for line in lines) else 0


def run(name: str) -> Iterator[Line]:
    """What one bench says, as it says it."""
    began, limit = time.monotonic(), LIMITS.get(name, LIMIT)
    child = subprocess.Popen(
        [sys.executable, "-m", f"tests.bench.bench_{name}"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True,
    )  # fmt: skip
    overdue = threading.Event()
    watch = threading.Timer(limit, lambda: (overdue.set(), end(child)))
    watch.start()
    complaints: list[str] = []
    with child:
        assert child.stdout is not None
        assert child.stderr is not None
        listening = threading.Thread(target=complaints.extend, args=(child.stderr,), daemon=True)
        listening.start()
        try:
            for text in child.stdout:
                if text.strip():
                    yield read(name, text)
            child.wait()
        finally:
            watch.cancel()
            if child.poll() is None:
                end(child)
            watch.join()
            listening.join(GRACE)
    took = round(time.monotonic() - began, 1)
    if overdue.is_set():
        yield {"bench": name, "not measured": f"took more than {limit:g} s"}
    elif child.returncode != 0:
        said = next((text.strip() for text in reversed(complaints) if text.strip()), "it said nothing")
        yield {"bench": name, "not measured": said[:200]}
    else:
        yield {"bench": name, "took_s": took}


def end(child: subprocess.Popen[str]) -> None:
    """Let it end its own processes; by force when it does not."""
    child.send_signal(signal.SIGINT)
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def read(name: str, text: str) -> Line:
    """One line that a bench printed."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        found = None
    return {"bench": name, **found} if isinstance(found, dict) else {"bench": name, "text": text.rstrip()}


def table(lines: list[Line]) -> Iterator[str]:
    """The same for people: a bench, and what it found."""
    width = max((len(str(line["bench"])) for line in lines), default=0)
    for line in lines:
        figures = {key: value for key, value in line.items() if key != "bench"}
        words = figures.get("text") or ", ".join(f"{key} {value}" for key, value in figures.items())
        yield f"{line['bench']!s:{width}}  {words}"


if __name__ == "__main__":
    sys.exit(main())
