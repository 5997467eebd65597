"""What a page weighs: what its first load fetches, compressed, out of the built files themselves."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

_OF_HTML = re.compile(r'(?:src|href)="/(assets/[^"]+\.(?:js|css))"')
_STATIC = re.compile(r'(?:\bfrom|\bimport)\s*"\./([^"]+\.js)"')
"""Imports that are fetched with the file; `import("./x.js")` comes when it is asked for."""


def first_load(dist: Path, html: str) -> dict[str, int]:
    """Bytes by file, each compressed as gzip does at its best, of what `html` cannot do without."""
    page = dist / html
    found = {html: _weight(page)}
    waiting = [dist / name for name in _OF_HTML.findall(page.read_text(encoding="utf-8"))]
    while waiting:
        file = waiting.pop()
        if file.name in found:
            continue
        found[file.name] = _weight(file)
        if file.suffix == ".js":
            waiting += [file.parent / name for name in _STATIC.findall(file.read_text(encoding="utf-8"))]
    return found


def _weight(file: Path) -> int:
    return len(gzip.compress(file.read_bytes(), 9))
