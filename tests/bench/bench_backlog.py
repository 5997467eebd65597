"""Four nodes drain a backlog of an outage while live alarms arrive. Prints; asserts nothing.

.venv/bin/python -m tests.bench.bench_backlog [--alarms 10000]
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from pathlib import Path

from tests.bench.backlog import drain, load


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--alarms", type=int, default=10_000, help="of each node (%(default)s)")
    options = parser.parse_args()
    print(load())
    directory = Path(tempfile.mkdtemp(prefix="gridwatch-backlog-"))
    try:
        seen = drain(directory, options.alarms)
    finally:
        shutil.rmtree(directory)
    worst = sorted(seen.live_s, reverse=True)
    print(f"{seen.alarms} alarms in {seen.took_s:.1f} s: {seen.alarms / seen.took_s:,.0f} a second")
    print(
        f"{len(worst)} live alarms to the stream: median {worst[len(worst) // 2]:.2f} s, worst "
        + ", ".join(f"{one:.2f}" for one in worst[:3])
    )
    print(f"called for history: {seen.called}; ledgers: {seen.ledgers}")
    print(load())


if __name__ == "__main__":
    main()
