"""Pictures of every screen into docs/screens: `make screens`, or `python -m tests.e2e.screens [NAME ...]`.

Each page on a wall's screen by night, on a desk's by day in English, and on a phone. The street is the seeded
one, so that two runs differ by their ages alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from tests.e2e.faces import FIRST, Face, Visitor, faces
from tests.e2e.stage import Stage
from tests.e2e.stage_stills import stills_of
from tests.e2e.wall_page import CHROMIUM, CHROMIUM_ARGUMENTS

SCREENS = Path(__file__).parents[2] / "docs" / "screens"
VIEWS = (
    ("wall", (1920, 1080), "dark", "zh"),
    ("desk", (1366, 768), "light", "en"),
    ("phone", (390, 844), "dark", "zh"),
)
"""Name, size, light and language. A page for a phone is taken as one alone, and for the sun."""
LARGEST = 120_000
"""Bytes of one picture."""
SHOWN = "学府路地铁站A口", "Xuefu Road metro, exit A"
"""The case that the live wall shows: bicycles, with photos and a clip."""


def moments() -> dict[str, tuple[Face, Callable[[Page], object]]]:
    """Screens that are no page of their own: what leads to them."""
    live = Face("live", "/#/", FIRST)
    return {
        "help": (live, lambda page: page.keyboard.press("Shift+Slash")),
        "menu": (replace(live, narrow=True), lambda page: page.locator(".menu-open").click()),
    }


def sit(visitor: Visitor) -> None:
    """Take a free seat, so that the wall is one that somebody answers for; on a phone only watch."""
    offered = visitor.page.locator(".seat-bar button:visible")
    if offered.count():
        offered.first.click()
        visitor.settle()


def choose(page: Page) -> None:
    """On the live wall, a case that has pictures, and how its place looks now."""
    rows = page.locator(".row", has_text=SHOWN[0]).or_(page.locator(".row", has_text=SHOWN[1]))
    if page.viewport_size and page.viewport_size["width"] > 900:
        rows.first.click()
        page.wait_for_selector(".now img")


def wait_for_stills(page: Page) -> None:
    """On the page of video, until each tile has its picture."""
    page.wait_for_function(
        "() => { const of = what => document.querySelectorAll(what).length;"
        " return of('.tile') > 0 && of('.tile') === of('.tile img') }"
    )


def take(browser: Browser, stage: Stage, into: Path, only: Iterable[str] = ()) -> list[Path]:
    """Take those that `only` names, or all; gives the files written."""
    with stills_of(stage):
        return _take(browser, stage, into, only)


def _take(browser: Browser, stage: Stage, into: Path, only: Iterable[str]) -> list[Path]:
    into.mkdir(parents=True, exist_ok=True)
    wanted = set(only)
    shots: list[tuple[str, Face, Callable[[Page], object] | None]] = [
        (face.name, face, {"live": choose, "video": wait_for_stills}.get(face.name))
        for face in faces(stage)
        if face.name != "phone-notice"  # without a message behind it, it only says so
    ]
    shots += [(name, face, act) for name, (face, act) in moments().items()]
    written = []
    for view, size, theme, language in VIEWS:
        visitors: dict[tuple[str | None, str], Visitor] = {}
        stage.nodes.all_well()
        for name, face, act in shots:
            if (wanted and name not in wanted) or (face.narrow and view != "phone"):
                continue
            light = "light" if name.startswith("phone") else theme
            key = (face.who, light)
            if key not in visitors:
                visitors[key] = Visitor(browser, stage, face.who, language=language, theme=light, size=size)
            visitor = visitors[key]
            visitor.visit(face)
            sit(visitor)
            if act:
                act(visitor.page)
                visitor.settle()
            file = into / f"{name}-{view}.webp"
            save(file, visitor.page.screenshot())
            written.append(file)
            visitor.page.keyboard.press("Escape")
        for visitor in visitors.values():
            visitor.close()
    return written


def save(file: Path, png: bytes) -> None:
    """As WebP, as good as fits."""
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    for quality in (80, 65, 50, 35, 20):
        data = cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes()
        if len(data) <= LARGEST:
            break
    file.write_bytes(data)


def main() -> None:
    """Take them."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", help="of screens; all unless told")
    parser.add_argument("--into", type=Path, default=SCREENS)
    options = parser.parse_args()
    stage = Stage()
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGUMENTS)
            written = take(browser, stage, options.into, options.names)
            browser.close()
    finally:
        stage.stop()
    total = sum(file.stat().st_size for file in written)
    print(f"{len(written)} pictures, {total / 1e6:.1f} MB, in {options.into}")


if __name__ == "__main__":
    main()
