"""How well each model names parked things in crops, and what a look costs. Prints figures, asserts nothing.

Run: python -m tests.bench.bench_detector [--looks N] [--seed N] [--assets DIR] [--no-stock] [--weights DIR]

For every model that is here and every crop (how much of the place's size is shown around it): the share of
bicycles and of other things that get their name and that get a wrong one, the share of empty places that get
any, and CPU-ms a look. Then, for the crops in use: by size, by floor, and the vote over three looks.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path

from edge.see import naming
from edge.see.detector import Colour, Detection, Network, find, known, weights_folder
from edge.see.naming import CROPS, Name, name_place
from edge.see.votes import UNKNOWN, VEHICLES, Votes
from tests.bench.crops import SIZES, Look, kit, looks

CONTEXTS = (0.1, 0.25, 0.4, 0.6, 1.0, 2.0)
FLOORS = (0.3, 0.4, 0.5, 0.6, 0.7)
MOTOR = VEHICLES - {"bicycle", "motorcycle"}
Named = Callable[[Look], str | None]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_detector")
    parser.add_argument("--looks", type=int, default=200)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--assets", type=Path, help="further cut-outs and backgrounds")
    parser.add_argument("--no-stock", action="store_true", help="without the stock of labelled scenes")
    parser.add_argument(
        "--weights", type=Path, action="append", default=[], help="further folders of weights"
    )
    asked = parser.parse_args()
    shown = list(looks(kit(asked.assets, stock=not asked.no_stock), asked.looks, asked.seed))
    for network in networks([weights_folder(), *asked.weights]):
        measure(network, shown)


def networks(folders: list[Path]) -> Iterable[Network]:
    """Every model whose weights are in one of the folders."""
    shared = Path(os.environ.get("GRIDWATCH_FOOTAGE", "../shared/data")) / "models"
    done = set()
    for folder in (*folders, shared):
        for name, (model, at) in known(folder).items():
            if name not in done and (at / model.file).is_file():
                done.add(name)
                yield Network(*find(name, folder))


def measure(network: Network, shown: list[Look]) -> None:
    """All figures of one model."""
    name, used = network.model.name, naming.CROPS
    for context in CONTEXTS:
        naming.CROPS = ((context, False),)
        began, counting = time.process_time(), Counting(network)
        said = {id(look): ask(counting, look, 0) for look in shown}
        cost = round(1000 * (time.process_time() - began) / counting.looks, 1)
        tell(model=name, context=context, cpu_ms=cost, **rates(shown, label(said, 0.0)))
        if context == used[0][0]:
            for low, high in itertools.pairwise(SIZES):
                part = [look for look in shown if low <= look.size < high]
                tell(model=name, context=context, size=f"{low}-{high}", **rates(part, label(said, 0.0)))
            for floor in FLOORS:
                tell(model=name, context=context, floor=floor, **rates(shown, label(said, floor)))
    naming.CROPS = used
    counting = Counting(network)
    votes = {id(look): vote(counting, look) for look in shown}
    tell(
        model=name,
        vote_of=len(CROPS),
        runs_a_look=round(counting.looks / len(CROPS) / len(shown), 2),
        **rates(shown, lambda look: votes[id(look)]),
    )


class Counting:
    """A detector that counts how often it is asked."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.looks = 0

    def detect(self, picture: Colour, floor: float) -> list[Detection]:
        """As the model does."""
        self.looks += 1
        return self._network.detect(picture, floor)


def ask(detector: Counting, look: Look, turn: int) -> Name | None:
    """The name that one look gives the place; the analysed picture is half as large as the coloured."""
    shape = look.picture.shape[0] // 2, look.picture.shape[1] // 2
    x0, y0, x1, y1 = (side // 2 for side in look.box)
    return name_place(detector, look.picture, (x0, y0, max(x1, x0 + 1), max(y1, y0 + 1)), shape, turn)


def vote(detector: Counting, look: Look) -> str | None:
    """The name after all the crops that are used in turn."""
    votes = Votes()
    for turn in range(len(CROPS)):
        name = ask(detector, look, turn)
        votes = votes.with_look(None, 0.0) if name is None else votes.with_look(name.label, name.score)
    verdict, _ = votes.verdict()
    return None if verdict == UNKNOWN else verdict


def label(said: dict[int, Name | None], floor: float) -> Named:
    """The names with at least that score."""

    def named(look: Look) -> str | None:
        name = said[id(look)]
        return None if name is None or name.score < floor else name.label

    return named


def rates(shown: list[Look], named: Named) -> dict[str, object]:
    """Shares right and wrong; motor vehicles may be called by each other's names."""
    counts: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for look in shown:
        kind = {None: "empty", "bicycle": "bicycle", UNKNOWN: UNKNOWN}.get(look.label, "other")
        name = named(look)
        right = name == look.label or (look.label in MOTOR and name in MOTOR)
        counts[kind][0] += 1
        counts[kind][1] += right
        counts[kind][2] += name is not None and not right
    told: dict[str, object] = {}
    for kind, (many, right, wrong) in sorted(counts.items()):
        told[kind] = f"{right / many:.2f}/{wrong / many:.2f} of {many}"
    return told


def tell(**figures: object) -> None:
    """One line; `0.82/0.03 of 122`: named rightly, named wrongly. Of empty places and unknown things every
    name is wrong.
    """
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
