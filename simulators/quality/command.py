"""`gridwatch eval`: labelled scenes past the edge's seeing and judging, and what came of it."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import cv2

from devices.errors import DevicesError
from edge.errors import EdgeError
from edge.see.detector import DEFAULT, Detector, detector_from
from simulators.errors import SimulatorsError
from simulators.quality.match import Fault, Verdict, verdict
from simulators.quality.pictures import Shot, life_shots, miss_shots, sheet
from simulators.quality.report import Report, as_html, as_text, into_page
from simulators.quality.score import by_condition, figures
from simulators.quality.watching import watch
from simulators.scenes.labelled import labelled_scene
from simulators.scenes.labelled.model import APART, CONDITIONS, JUDGING_FROM, TURNS, Condition, split_of
from simulators.scenes.stock.load import load_stock
from simulators.scenes.stock.model import Stock

SEEDS = range(JUDGING_FROM, JUDGING_FROM + 10 * len(TURNS))
"""Ten scenes of each condition: minutes; the published figures take more."""
LIVES, OF = 3, 8
"""Of so many scenes of a condition, those whose told conditions are pictured: the first ones."""


@dataclass(frozen=True, slots=True)
class Task:
    """One scene to show."""

    seed: int
    condition: Condition | None
    misses_pictured: bool
    lives_pictured: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one scene."""

    verdict: Verdict
    misses: tuple[tuple[Fault, Shot], ...]
    lives: tuple[Shot, ...]


class Worker:
    """Shows scenes, one after another, in one process."""

    def __init__(self, stock: Stock, detector: Detector) -> None:
        self._stock = stock
        self._detector = detector

    def show(self, task: Task) -> Outcome:
        """Show one scene and hold what was told against its truth."""
        scene = labelled_scene(task.seed, self._stock, task.condition)
        told, reckoned = watch(scene, self._detector)
        found = verdict(scene, told, reckoned)
        wanted = found.misses if task.misses_pictured else ()
        shots = miss_shots(scene, wanted, told) if wanted else []
        misses = tuple((miss.fault, shot) for miss, shot in zip(wanted, shots, strict=True))
        lives = life_shots(scene, told) if task.lives_pictured else []
        return Outcome(found, misses, tuple(lives))


def planned(seeds: range, condition: Condition | None, misses: bool, lives: bool) -> list[Task]:
    """One task a seed; `misses` and `lives` say which pictures are wanted.

    Without a `condition` seeds take turns, and at each turn's first one the conditions apart are shown, too.
    """
    turns = len(TURNS) if condition is None else 1
    tasks = []
    for number, seed in enumerate(seeds):
        pictured = lives and number // turns % OF < LIVES
        tasks.append(Task(seed, condition, misses, pictured))
        if condition is None and number % turns == 0:
            tasks += [Task(seed, apart, misses, pictured) for apart in APART]
    return tasks


_worker: Worker | None = None


def _begin(assets: Path | None, model: str) -> None:
    global _worker
    cv2.setNumThreads(1)
    _worker = Worker(load_stock(assets), detector_from(model))


def _show(task: Task) -> Outcome:
    assert _worker is not None
    return _worker.show(task)


def outcomes(tasks: list[Task], assets: Path | None, model: str, jobs: int) -> Iterator[Outcome]:
    """Show all scenes, `jobs` at a time; in the order of the tasks."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(jobs, len(tasks)), context, _begin, (assets, model)) as pool:
        yield from pool.map(_show, tasks)


def configure(parser: argparse.ArgumentParser) -> None:
    """The command's options."""
    parser.add_argument(
        "--seeds",
        type=_seeds,
        default=SEEDS,
        metavar="A-B",
        help=f"which scenes, both ends among them ({SEEDS.start}-{SEEDS.stop - 1}); "
        f"below {JUDGING_FROM} they tune, from there on they judge, with other cut-outs and backgrounds",
    )
    parser.add_argument(
        "--condition", choices=CONDITIONS, help="all scenes in this one; else they take turns"
    )
    parser.add_argument(
        "--assets", type=Path, metavar="DIR", help="further backgrounds and cut-outs, never seen before"
    )
    parser.add_argument("--model", default=DEFAULT, metavar="NAME", help=f"which detector ({DEFAULT})")
    parser.add_argument("--json", action="store_true", help="one JSON object: `overall` and each condition")
    parser.add_argument("--html", type=Path, metavar="FILE", help="a page with each miss's picture")
    parser.add_argument(
        "--markdown",
        type=Path,
        metavar="FILE",
        help="the table as Markdown, between its marks if FILE has them",
    )
    parser.add_argument("--sheets", type=Path, metavar="DIR", help="a sheet of alarms and clears a condition")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes (one a core)")


def _seeds(text: str) -> range:
    first, dash, last = text.partition("-")
    try:
        seeds = range(int(first), int(last if dash else first) + 1)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r}: write A-B, for instance 50000-50139") from None
    if not seeds or seeds.start < 0:
        raise argparse.ArgumentTypeError(f"{text!r}: B must not be below A, and A not below 0")
    return seeds


def run(options: argparse.Namespace) -> int:
    """Show the scenes and print the figures; 1 when something needed is missing."""
    tasks = planned(
        options.seeds, options.condition, bool(options.html), bool(options.html or options.sheets)
    )
    found: list[Outcome] = []
    try:
        for file in (options.html, options.markdown):
            if file:
                file.parent.mkdir(parents=True, exist_ok=True)
        if options.sheets:
            options.sheets.mkdir(parents=True, exist_ok=True)
        load_stock(options.assets)
        detector_from(options.model)
        for number, outcome in enumerate(
            outcomes(tasks, options.assets, options.model, max(1, options.jobs)), 1
        ):
            found.append(outcome)
            if sys.stderr.isatty() or number % 50 == 0 or number == len(tasks):
                print(f"{number} of {len(tasks)} scenes", file=sys.stderr, flush=True)
    except (DevicesError, EdgeError, SimulatorsError, OSError) as error:
        print(f"gridwatch eval: {error}", file=sys.stderr)
        return 1
    verdicts = [one.verdict for one in found]
    seeds = f"{options.seeds.start}-{options.seeds.stop - 1}"
    kind = " and ".join(sorted({split_of(seed) for seed in options.seeds}))
    report = Report(seeds, figures(verdicts), by_condition(verdicts), kind, options.model)
    _write(report, found, options)
    print(json.dumps(report.as_json()) if options.json else as_text(report))
    return 0


def _write(report: Report, found: list[Outcome], options: argparse.Namespace) -> None:
    if options.markdown:
        page = options.markdown.read_text(encoding="utf-8") if options.markdown.exists() else ""
        options.markdown.write_text(into_page(page, report), encoding="utf-8")
    if options.html:
        misses = [shot for one in found for shot in one.misses]
        lives = [shot for one in found for shot in one.lives][: 12 * len(CONDITIONS)]
        options.html.write_text(as_html(report, misses, lives), encoding="utf-8")
    if options.sheets:
        for name in report.conditions:
            lives = [shot for one in found if one.verdict.condition == name for shot in one.lives][:36]
            if lives:
                cv2.imwrite(str(options.sheets / f"{name}.jpg"), sheet(lives, 6))
