"""How soon the pages are there, and what they weigh: the built page, on the real cloud, in Chromium.

`python -m tests.bench.bench_page [--runs 5]`

Each run is a browser profile of its own with nothing kept; who looks has signed in before. Prints medians:
bytes that came over the wire, the first paint with content, when the live list (the phone: its tabs) stood
there, all from the begin of the navigation; and the weight of each page's first load out of the built files.
"""

from __future__ import annotations

import argparse
import json
import statistics

from playwright.sync_api import Browser, sync_playwright

from tests.e2e.faces import FIRST, WORKER
from tests.e2e.fake_cloud import DIST
from tests.e2e.stage import Stage
from tests.e2e.wall_page import CHROMIUM, CHROMIUM_ARGUMENTS
from tests.e2e.weights import first_load

PAGES = {
    "wall": ("/", "index.html", FIRST, (1920, 1080), ".list .row"),
    "phone": ("/phone", "phone.html", WORKER, (390, 844), ".tabs"),
}
"""Address, file, who, window, and what stands there when it is of use."""
FIGURES = """() => {
  const all = performance.getEntriesByType('resource').concat(performance.getEntriesByType('navigation'));
  const sum = wanted => all.filter(wanted).reduce((bytes, one) => bytes + one.transferSize, 0);
  const font = one => /\\.woff2$/.test(one.name);
  const built = one => one.name.includes('/assets/') || one.entryType === 'navigation';
  return {
    page_kb: sum(one => built(one) && !font(one)) / 1000,
    fonts_kb: sum(font) / 1000,
    answers_kb: sum(one => one.name.includes('/api/')) / 1000,
    first_paint_ms: performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0,
  };
}"""


def visit(browser: Browser, stage: Stage, page: str) -> dict[str, float]:
    """One first load, figures by name."""
    address, _, who, (width, height), use = PAGES[page]
    context = browser.new_context(viewport={"width": width, "height": height})
    context.request.post(
        f"{stage.origin}/api/v1/session", data={"username": who, "password": stage.passwords[who]}
    )
    shown = context.new_page()
    shown.goto(stage.origin + address)
    shown.wait_for_selector(use)
    of_use = shown.evaluate("performance.now()")
    shown.wait_for_timeout(1500)
    found: dict[str, float] = shown.evaluate(FIGURES)
    context.close()
    return found | {"of_use_ms": of_use}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=5)
    runs = parser.parse_args().runs
    for name, (_, file, *_) in PAGES.items():
        weights = first_load(DIST, file)
        print(json.dumps({"page": name, "first_load_gzip_kb": round(sum(weights.values()) / 1000, 1)}))
    stage = Stage()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
            for name in PAGES:
                found = [visit(browser, stage, name) for _ in range(runs)]
                medians = {key: round(statistics.median(one[key] for one in found), 1) for key in found[0]}
                print(json.dumps({"page": name, "runs": runs} | medians), flush=True)
            browser.close()
    finally:
        stage.stop()


if __name__ == "__main__":
    main()
