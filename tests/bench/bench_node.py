"""What seeing costs: an edge node before simulated cameras, and others with the same streams in the same run.

    python -m tests.bench.bench_node                                  every leg once, about half an hour
    python -m tests.bench.bench_node --legs ours-38-main cv2-4-main   those alone
    python -m tests.bench.bench_node --repeat 5 --json FILE           medians of five, as published

JSON lines, one a run of a leg, and tables at the end. CPU is user and system time of `/proc/<pid>/stat`;
`ms` is CPU milliseconds for one camera during one second of its stream. The simulated cameras and the
stand-in cloud are processes of their own and stand apart. The order of the legs turns from round to round.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from statistics import median

from tests.bench import alone, ours, peers
from tests.bench.legs import LEGS, Figures, Leg, NotRun, Times, Who
from tests.bench.proc import load, machine
from tests.bench.streams import prepare
from tests.bench.tables import tables

RUNS: Mapping[Who, Callable[[Leg, Times, Path], Figures]] = {
    "ours": ours.run,
    "cv2": peers.run,
    "ffmpeg": peers.run,
    "motion": peers.run,
    "detector": alone.run,
    "clip": alone.run,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print; 1 when a leg failed (a program that is not installed is only told so)."""
    known = {leg.name: leg for leg in LEGS}
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench.bench_node", description="Measure and print."
    )
    parser.add_argument("--legs", nargs="+", metavar="LEG", help=f"of {', '.join(known)}; all unless told")
    parser.add_argument("--repeat", type=int, default=1, metavar="N", help="rounds; tables show medians (1)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also everything as one JSON object")
    for one in fields(Times):
        option = f"--{one.name.replace('_', '-')}"
        parser.add_argument(
            option, type=float, default=one.default, metavar="S", help="seconds (%(default)s)"
        )
    options = parser.parse_args(arguments)
    unknown = sorted(set(options.legs or ()) - set(known))
    if unknown:
        parser.error(f"there is no leg {', '.join(unknown)}; choose of {', '.join(known)}")
    legs = [known[name] for name in options.legs or known]
    return bench(
        legs, Times(*(getattr(options, one.name) for one in fields(Times))), options.repeat, options.json
    )


def bench(legs: Sequence[Leg], times: Times, repeat: int, file: Path | None) -> int:
    """Every leg in every round, then the tables."""
    prepare(sorted({leg.stream for leg in legs}))
    began = {"bench": "node", **machine()}
    say(began)
    runs: dict[str, list[Figures]] = {leg.name: [] for leg in legs}
    for turn in range(repeat):
        first = turn % len(legs)
        for leg in (*legs[first:], *legs[:first]):
            found = {"bench": f"node.{leg.name}", "load": load()[0], **measure(leg, times)}
            say(found)
            runs[leg.name].append(found)
    medians = {name: middle(found) for name, found in runs.items()}
    if file is not None:
        whole = {"machine": began, "repeat": repeat, "medians": medians, "runs": runs}
        file.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    for line in tables(legs, medians):
        print(line, flush=True)
    if left := [leg.name for leg in LEGS if leg not in legs]:
        print(f"\nnot run: {', '.join(left)}", flush=True)
    return int(any("failed" in found for each in runs.values() for found in each))


def measure(leg: Leg, times: Times) -> Figures:
    """One run of one leg."""
    with tempfile.TemporaryDirectory(prefix="gridwatch-bench-") as folder:
        try:
            return RUNS[leg.who](leg, times, Path(folder))
        except NotRun as why:
            return {"not run": str(why)}
        except (RuntimeError, OSError) as error:
            return {"failed": str(error)}


def middle(found: Sequence[Figures]) -> Figures:
    """The median of each figure over all runs that have it, and of each part of a figure that has parts."""
    whole: Figures = {}
    for name in {name: None for one in found for name in one}:
        values = [one[name] for one in found if one.get(name) is not None]
        if values and all(isinstance(value, dict) for value in values):
            whole[name] = middle(values)
        elif values and all(isinstance(value, int | float) for value in values):
            whole[name] = round(median(values), 3)
        else:
            whole[name] = values[0] if values else None
    return whole


def say(what: Figures) -> None:
    """One line of JSON."""
    print(json.dumps(what, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    sys.exit(main())
