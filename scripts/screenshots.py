"""Take the README's pictures of a running demo: the wall, and the same incident on a phone.

    .venv/bin/python scripts/screenshots.py http://127.0.0.1:8420/ var/demo [--point P05]

Needs what the tests need (Playwright's Python package and Debian's Chromium). Take them while a bicycle
stands there, within a minute of its first incident; `--point` says where.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Browser, sync_playwright

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"
CHROMIUM = "/usr/bin/chromium"
PATIENCE_MS = 20_000
SETTLE_MS = 2_500
"""For photos to load and the map to move."""


def main() -> int:
    """Take both pictures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("address", help="of the wall")
    parser.add_argument("state", type=Path, help="the demo's state directory, for the log-in")
    parser.add_argument("--point", default="P01", help="the point whose incident is shown (%(default)s)")
    options = parser.parse_args()
    name, password = log_in(options.state / "cloud" / "users.txt")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for picture, size, scale, quality in (("wall", (1920, 1080), 1, 82), ("phone", (390, 844), 2, 80)):
            data = shoot(browser, options, (name, password), size, scale)
            save(IMAGES / f"{picture}.webp", data, quality)
        browser.close()
    return 0


def log_in(users: Path) -> tuple[str, str]:
    """The leader's name and password."""
    for line in users.read_text(encoding="utf-8").splitlines():
        name, password, *_ = [*line.split(), "", ""]
        if name == "leader":
            return name, password
    raise SystemExit(f"{users}: no leader in it")


def shoot(
    browser: Browser, options: argparse.Namespace, who: tuple[str, str], size: tuple[int, int], scale: int
) -> bytes:
    """Log in, choose the incident, and take the picture as PNG."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, device_scale_factor=scale,
        timezone_id="Asia/Shanghai",
    )  # fmt: skip
    context.set_default_timeout(PATIENCE_MS)
    context.add_init_script("localStorage.setItem('gridwatch.language', 'zh')")
    page = context.new_page()
    page.goto(options.address)
    page.fill("[name=username]", who[0])
    page.fill("[name=password]", who[1])
    page.click("[type=submit]")
    page.wait_for_selector(".row")
    answer = page.evaluate("fetch('/api/v1/incidents?state=open&limit=200').then(answer => answer.json())")
    here = [one for one in answer["items"] if one["point"]["id"] == options.point and one["thumbnail_url"]]
    if not here:
        raise SystemExit(f"no open incident with a photo at {options.point}")
    page.locator(".row", has_text=here[0]["point"]["name"]["zh"]).first.click()
    page.wait_for_timeout(SETTLE_MS)
    data = page.screenshot()
    context.close()
    return data


def save(path: Path, png: bytes, quality: int) -> None:
    """As WebP, small enough for a page."""
    picture = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    path.write_bytes(cv2.imencode(".webp", picture, [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes())
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    sys.exit(main())
