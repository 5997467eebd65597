"""The leg of `gridwatch edge`: one node before N cameras, quiet and then busy, with a stand-in cloud."""

from __future__ import annotations

import re
import sys
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from devices.messages import Condition, Event, Evidence
from simulators.broker import free_port
from tests.bench.cameras import names
from tests.bench.children import Child, cameras_child
from tests.bench.legs import Figures, Leg, Times
from tests.bench.plan import Visit, expected, judge
from tests.bench.proc import cpu_seconds, memory, waited_seconds
from tests.bench.site import NODE, RULE, site
from tests.edge.fake_cloud import FakeCloud

TOKEN = "bench"
STAGES: tuple[tuple[str, str], ...] = (
    ("reception", "receive"),
    ("decode", "decode"),
    ("uplink", "send"),
)
"""What names of threads begin with, and their stages; the seeing thread's are `edge_child.STEPS`, and what is
left of all threads is the `rest`."""
LOOKS, SKIPPED = "gridwatch_camera_looks_total", 'gridwatch_pictures_skipped_total{before="looking"}'
THREADS, RING = "gridwatch_node_cpu_seconds_total", "gridwatch_node_ring_bytes"
THINNED = "gridwatch_node_thinning_step"
"""Names of the node's metrics."""
_SAMPLE = re.compile(r"^(gridwatch\w+(?:\{[^}]*\})?) (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Mark:
    """All counters at one time."""

    at: float
    cpu: float
    waited: float
    cameras_cpu: float
    keys: int
    told: Mapping[str, float]
    """The node's metrics."""
    steps: Mapping[str, Mapping[str, float]]
    """Seconds and calls of what the seeing thread does (`edge_child`)."""

    @property
    def looks(self) -> float:
        """Pictures that were decoded and not let go unseen."""
        return total(self.told, LOOKS) - total(self.told, SKIPPED)


class Heard:
    """What reached the stand-in cloud, and when."""

    def __init__(self) -> None:
        self.conditions: list[tuple[float, Condition]] = []
        self.photos = 0

    def note(self, event: Event) -> None:
        """Taken as the cloud's question whether to refuse it, which it never is."""
        body = event.body()
        if isinstance(body, Condition):
            self.conditions.append((time.time(), body))
        self.photos += isinstance(body, Evidence)


def run(leg: Leg, times: Times, folder: Path) -> Figures:
    """Start everything, warm up, measure quiet, measure busy, end, judge."""
    heard = Heard()
    paths = names(leg.cameras)
    with FakeCloud(TOKEN) as cloud:
        cloud.book.node = NODE
        cloud.book.refuse = heard.note
        with cameras_child(folder, leg.stream, leg.cameras, per_packet=leg.per_packet) as cameras:
            served = cameras.hear()
            (folder / "site.yaml").write_text(site(paths, served["port"], cloud.url), encoding="utf-8")
            metrics = free_port()
            with edge_child(folder, metrics) as edge:
                figures = cameras.ask("open")
                figures |= {name: served[name] for name in ("key_kb", "kbits")}
                time.sleep(times.warm_up)
                figures |= {"settled_s": settled(edge, metrics, times)}
                marks = [mark(edge, cameras, metrics)]
                time.sleep(times.quiet)
                marks.append(mark(edge, cameras, metrics))
                told = cameras.ask(f"busy {times.busy}")
                before = len(heard.conditions)
                time.sleep(times.busy)
                marks.append(mark(edge, cameras, metrics))
                figures |= memory(edge.pid) | {"ring_mib": round(total(marks[2].told, RING) / 2**20)}
    for name, begin, end in (("quiet", *marks[:2]), ("busy", *marks[1:])):
        figures |= span(name, leg.cameras, begin, end)
    calls = [one.steps["calls"]["detector"] for one in marks]
    figures |= {"stages": stages(marks[1], marks[2], leg.cameras), "detector_looks": calls[2] - calls[1]}
    truth = expected([Visit(**one) for one in told["visits"]], told["begins"], paths)
    judged = judge(truth, [one for one in heard.conditions[before:] if one[1].rule == RULE])
    others = sum(one.rule != RULE for _, one in heard.conditions) + before
    late = sorted(judged.late_s)
    return figures | {
        "candidates": len(told["visits"]),
        **{f"alarms_{name}": value for name, value in asdict(judged).items() if name != "late_s"},
        "alarms_other": others,
        "late_median_s": round(median(late), 2) if late else None,
        "late_worst_s": late[-1] if late else None,
        "photos": heard.photos,
    }


def edge_child(folder: Path, metrics: int) -> Child:
    """The node's process, which tells its counts on a port."""
    told = ["--site", str(folder / "site.yaml"), "--node", NODE, "--state", str(folder / "state")]
    command = [sys.executable, "-m", "tests.bench.edge_child", *told, "--metrics", str(metrics)]
    return Child(command, folder / "edge.log", {"GRIDWATCH_NODE_TOKEN": TOKEN})


def mark(edge: Child, cameras: Child, metrics: int) -> Mark:
    """Read all counters.

    Raises:
        RuntimeError: the node has ended.
    """
    if not edge.runs:
        raise RuntimeError(f"the node ended: {' '.join(edge.log.strip().splitlines()[-1:])}")
    told = scrape(metrics)
    keys, steps = cameras.ask("count")["keys"], edge.ask()
    used, waited = cpu_seconds(edge.pid), waited_seconds(edge.pid)
    return Mark(time.monotonic(), used, waited, cpu_seconds(cameras.pid), keys, told, steps)


def settled(edge: Child, metrics: int, times: Times) -> float | None:
    """Seconds since the warm-up began until no camera was thinned any more; None: some still are."""
    begun = time.monotonic()
    while edge.runs and time.monotonic() - begun <= times.settle:
        if total(scrape(metrics), THINNED) == 0:
            return round(times.warm_up + time.monotonic() - begun)
        time.sleep(1.0)
    return None


def span(name: str, cameras: int, begin: Mark, end: Mark) -> Figures:
    """What one window cost. `waited`: seconds a second that threads waited for a core others had."""
    passed = end.at - begin.at
    used, served = end.cpu - begin.cpu, end.cameras_cpu - begin.cameras_cpu
    looks, keys = end.looks - begin.looks, end.keys - begin.keys
    return {
        f"{name}_cores": round(used / passed, 3),
        f"{name}_ms": round(1000 * used / passed / cameras, 2),
        f"{name}_waited": round((end.waited - begin.waited) / passed, 3),
        f"{name}_server_ms": round(1000 * served / passed / cameras, 2),
        f"{name}_looks": round(looks / passed / cameras, 3),
        f"{name}_key_share": round(looks / keys, 3) if keys else None,
    }


def stages(begin: Mark, end: Mark, cameras: int) -> dict[str, float]:
    """CPU-ms per camera-second of each stage while busy."""
    found = dict.fromkeys((stage for _, stage in STAGES), 0.0)
    for name, used in end.told.items():
        if name.startswith(THREADS):
            thread = name.partition('"')[2].rstrip('"}')
            stage = next((stage for starts, stage in STAGES if thread.startswith(starts)), None)
            if stage is not None:
                found[stage] += used - begin.told.get(name, 0.0)
    for name, used in end.steps["seconds"].items():
        found[name] = used - begin.steps["seconds"][name]
    found["rest"] = max(0.0, end.cpu - begin.cpu - sum(found.values()))
    return {name: round(1000 * used / (end.at - begin.at) / cameras, 2) for name, used in found.items()}


def scrape(port: int) -> dict[str, float]:
    """The node's metrics, by name with labels.

    Raises:
        OSError: it does not answer.
    """
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
        return {name: float(value) for name, value in _SAMPLE.findall(answer.read().decode())}


def total(told: Mapping[str, float], name: str) -> float:
    """The sum over all labels that `name` leaves open."""
    return sum(value for each, value in told.items() if each == name or each.startswith(f"{name}{{"))
