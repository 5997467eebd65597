"""The built phone page: what a cheap telephone loads first, and what its worker keeps for later."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from tests.e2e.fake_cloud import DIST

FIRST_LOAD = 150_000
"""Bytes, gzip, without map and fonts."""
LINKED = re.compile(r'(?:src|href)="/([^"]+\.(?:js|css))"')
IMPORTED = re.compile(r'(?:from|import)\s*["\']\./([^"\']+\.js)["\']')


@pytest.fixture(scope="module")
def page() -> str:
    file = DIST / "phone.html"
    assert file.exists(), "the page is not built: run `npm ci && npm run build` in cloud/web"
    return file.read_text(encoding="utf-8")


def first_files(page: str) -> set[Path]:
    """What the page loads by itself: what it names, and what that imports statically."""
    found, waiting = set(), [DIST / name for name in LINKED.findall(page)]
    while waiting:
        file = waiting.pop()
        if file in found:
            continue
        found.add(file)
        if file.suffix == ".js":
            waiting += [file.parent / name for name in IMPORTED.findall(file.read_text(encoding="utf-8"))]
    return found


def shell() -> list[str]:
    """The list in the built worker."""
    code = (DIST / "phone-worker.js").read_text(encoding="utf-8")
    assert "__SHELL__" not in code
    assert "__BUILD__" not in code
    found = re.search(r'\["/phone",[^\]]*\]', code)
    assert found is not None
    names: list[str] = json.loads(found.group())
    return names


def test_the_first_load_is_small(page: str) -> None:
    files = first_files(page)
    sizes = {one.name: len(gzip.compress(one.read_bytes())) for one in files}
    assert any(name.endswith(".css") for name in sizes)
    assert sum(sizes.values()) <= FIRST_LOAD, sizes
    assert not [name for name in sizes if "leaflet" in name], "the map is loaded when it is looked at"


def test_the_worker_keeps_every_file_of_the_page_and_only_what_is_there(page: str) -> None:
    kept = shell()
    missing = [name for name in kept[1:] if not (DIST / name.lstrip("/")).is_file()]
    assert missing == []
    needed = {f"/{one.relative_to(DIST)}" for one in first_files(page)}
    assert needed <= set(kept)
    assert any("SmallMap" in name for name in kept), "the map opens without network, too"
    assert not [name for name in kept if name.startswith("/api/")]


def test_the_worker_is_one_file_at_an_address_that_stays(page: str) -> None:
    code = (DIST / "phone-worker.js").read_text(encoding="utf-8")
    assert not IMPORTED.search(code)
    manifest = json.loads((DIST / "phone.webmanifest").read_text(encoding="utf-8"))
    assert manifest["start_url"] == manifest["scope"] == "/phone"
    assert all((DIST / icon["src"].lstrip("/")).is_file() for icon in manifest["icons"])
    assert 'rel="manifest"' in page
