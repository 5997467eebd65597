"""Fuzz decoders for as long as you like: `python -m tests.fuzz --seconds 600 [DECODER ...]`.

A message that breaks one is kept in `tests/fuzz/corpus` and replayed by the tests from then on.
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.fuzz.decoders import ALL, fuzz


def main() -> int:
    """One seed after the other, a part of the time for each decoder."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument(
        "decoders", nargs="*", metavar="DECODER", help=f"of {', '.join(ALL)}; all unless given"
    )
    parser.add_argument("--seconds", type=float, default=60.0, help="in all (60)")
    parser.add_argument(
        "--seed", type=int, default=int(time.time()), help="the first; the clock unless given"
    )
    asked = parser.parse_args()
    names = asked.decoders or list(ALL)
    if unknown := [name for name in names if name not in ALL]:
        parser.error(f"no decoder is called {unknown[0]}")
    for name in names:
        done = fuzz(name, asked.seed, seconds=asked.seconds / len(names))
        print(f"{name}: {done} messages, seed {asked.seed}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
