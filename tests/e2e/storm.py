"""A storm: every point of the street raises five alarms a second, one of all is critical, and a wall watches.

The wall is the real one in Chromium on the real cloud. Run it to see figures: `python -m tests.e2e.storm`.
"""

from __future__ import annotations

import argparse
import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from devices.ids import uuid7
from devices.messages import Change, Condition, ConditionState, Event, Severity
from devices.site.model import Point
from tests.e2e.faces import Face, Visitor
from tests.e2e.stage import Stage
from tests.e2e.wall_page import CHROMIUM, CHROMIUM_ARGUMENTS

KINDS = (
    ("05-06-081", Severity.MEDIUM), ("01-02", Severity.MEDIUM), ("01-04", Severity.LOW),
    ("01-99-081", Severity.LOW), ("05-05-081", Severity.HIGH),
)  # fmt: skip
"""What a point raises in turns: its five alarms of each second."""
PLACES = 12
"""Places of each kind at a point: what comes after twelve seconds joins the open case of its place."""
CRITICAL = "04-99-080"
CRITICAL_POINT = "P05"
PATIENCE_MS = 120_000

WATCH = """() => {
  window.storm = {blocks: [], shown: 0, gap: 0};
  new PerformanceObserver(list =>
    storm.blocks.push(...list.getEntries().map(one => [one.startTime, one.duration])))
    .observe({type: 'longtask'});
  let last = performance.now();
  const beat = new MessageChannel();
  beat.port1.onmessage = () => {
    const now = performance.now();
    storm.gap = Math.max(storm.gap, now - last);
    last = now;
    setTimeout(() => beat.port2.postMessage(0), 5);
  };
  beat.port2.postMessage(0);
  new MutationObserver(() => {
    if (!storm.shown && document.querySelector('.list .row .mark')?.classList.contains('mark-critical')) {
      storm.shown = performance.timeOrigin + performance.now();
    }
  }).observe(document.querySelector('.list'), {subtree: true, childList: true, attributes: true});
}"""
"""Note each long task, the longest silence of the event loop, and when the worst row first is critical."""

SHOWN = """patience => new Promise((done, late) => {
  const end = performance.now() + patience;
  const look = () =>
    storm.shown ? done() : performance.now() > end ? late('not shown') : setTimeout(look, 50);
  look();
})"""
"""Playwright's own waiting evaluates text in the page, which its policy forbids."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One storm as the wall saw it."""

    alarms: int
    """Sent and taken."""
    rate: float
    """Of them a second."""
    to_cloud_ms: float
    """From before the critical one was sent to the cloud's answer that it has it."""
    to_screen_ms: float
    """From the same moment to its row on top."""
    longest_block_ms: float
    """The longest long task of the page's main thread; those of less than 50 ms are none."""
    loop_gap_ms: float
    """The longest time in which the page's event loop answered nobody; the ordered collection is among it."""
    heap_early_mb: float
    heap_late_mb: float
    """What is used after a collection: a third into the storm, and at its end."""
    rows: int
    """Rows that the page holds at the end."""
    behind_s: float
    """How long after the last alarm the wall was still taking up what the storm had told."""


def batches(stage: Stage, second: int) -> dict[str, list[Event]]:
    """What each node sends in a second: five new conditions of each of its points."""
    found: dict[str, list[Event]] = {node.id: [] for node in stage.site.nodes}
    now = datetime.now(UTC)
    for point in stage.site.points:
        for kind, (event_class, severity) in enumerate(KINDS):
            place = f"{point.id}-storm-{kind}-{second % PLACES}"
            body = condition(point, place, event_class, severity, now)
            found[point.node].append(stage.nodes.senders[point.node].wrap(body, now))
    return found


def condition(point: Point, place: str, event_class: str, severity: Severity, now: datetime) -> Condition:
    """A condition that a camera has just found."""
    return Condition(
        condition_id=uuid7(), rev=1, change=Change.OPENED, state=ConditionState.OPEN, node=point.node,
        point=point.id, device=point.cameras[0].id, zone=None, rule="storm", place=place,
        event_class=event_class, label="bicycle", score=0.8, severity=severity, since=now, changed_at=now,
    )  # fmt: skip


def blow(stage: Stage, seconds: int) -> Iterator[tuple[int, int]]:
    """Send the storm, second by second, all nodes at once; yields the second and how many alarms it had."""
    begun = time.monotonic()
    with ThreadPoolExecutor(len(stage.site.nodes)) as nodes:
        for second in range(seconds):
            told = batches(stage, second)
            list(nodes.map(lambda one: stage.nodes.send(one[0], *one[1]), told.items()))
            yield second, sum(map(len, told.values()))
            time.sleep(max(0.0, begun + second + 1 - time.monotonic()))


def raise_critical(stage: Stage) -> tuple[float, float]:
    """The one that matters; gives the moments before and after it was sent, in milliseconds since 1970."""
    point = next(one for one in stage.site.points if one.id == CRITICAL_POINT)
    now = datetime.now(UTC)
    body = condition(point, f"{point.id}-critical", CRITICAL, Severity.CRITICAL, now)
    event = stage.nodes.senders[point.node].wrap(body, now)
    before = time.time() * 1000
    stage.nodes.send(point.node, event)
    return before, time.time() * 1000


def weather(browser: Browser, stage: Stage, seconds: int) -> Seen:
    """One storm of so many seconds before one wall; the critical one comes when half of it is over."""
    stage.nodes.all_well()
    visitor = Visitor(browser, stage, "leader", language="zh", theme="dark")
    visitor.visit(Face("live", "/#/", "leader"))
    page = visitor.page
    page.wait_for_selector(".list .list-rows")
    heap = page.context.new_cdp_session(page)
    page.evaluate(WATCH)
    alarms, early, asked = 0, 0.0, (0.0, 0.0)
    moments: list[tuple[float, float]] = []
    begun = time.monotonic()
    for second, count in blow(stage, seconds):
        alarms += count
        if second == seconds // 3:
            since = page.evaluate("performance.now()")
            early = used(heap)
            asked = (since, page.evaluate("performance.now()"))
        if second == seconds // 2:
            critical = threading.Thread(target=lambda: moments.append(raise_critical(stage)))
            critical.start()
    critical.join()
    took = time.monotonic() - begun
    [(sent, taken)] = moments
    page.evaluate(SHOWN, PATIENCE_MS)
    behind = settled(page)
    seen: dict[str, Any] = page.evaluate("storm")
    found = Seen(
        alarms=alarms + 1, rate=round(alarms / took, 1), to_cloud_ms=round(taken - sent),
        to_screen_ms=round(seen["shown"] - sent),
        longest_block_ms=longest(seen["blocks"], asked), loop_gap_ms=round(seen["gap"]),
        heap_early_mb=early, heap_late_mb=used(heap), rows=page.locator(".list .row").count(),
        behind_s=round(behind, 1),
    )  # fmt: skip
    assert visitor.faults == []
    visitor.close()
    return found


def longest(blocks: list[tuple[float, float]], asked: tuple[float, float]) -> int:
    """The longest of `blocks` (start, duration), in ms; the collection ordered in `asked` is none of them."""
    return round(max((took for start, took in blocks if not asked[0] <= start <= asked[1]), default=0))


def used(session: CDPSession) -> float:
    """Megabytes of JavaScript's heap in use, once it is collected."""
    session.send("HeapProfiler.collectGarbage")
    return round(float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6, 1)


def settled(page: Page) -> float:
    """Seconds until the list of the wall stands still for two of them."""
    begun = time.monotonic()
    page.evaluate(
        """() => new Promise(done => {
             let last = performance.now();
             const count = () => document.querySelector('.tally').textContent;
             let before = count();
             const look = () => {
               const now = count();
               if (now !== before) [before, last] = [now, performance.now()];
               if (performance.now() - last > 2000) done(); else setTimeout(look, 100);
             };
             look();
           })"""
    )
    return max(0.0, time.monotonic() - begun - 2)


def main() -> None:
    """Storms one after another, each on a street of its own: a JSON line for each, then p50 and p99."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    found: list[Seen] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
        for _ in range(options.runs):
            stage = Stage(seeded=False)
            try:
                found.append(weather(browser, stage, options.seconds))
            finally:
                stage.stop()
            print(json.dumps(asdict(found[-1])), flush=True)
        browser.close()
    for name in ("to_cloud_ms", "to_screen_ms", "longest_block_ms", "loop_gap_ms"):
        values = sorted(float(getattr(one, name)) for one in found)
        print(json.dumps({name: {"p50": values[len(values) // 2], "p99": values[-1]}}), flush=True)


if __name__ == "__main__":
    main()
