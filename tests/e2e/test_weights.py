"""What people wait for on a slow line: the built files' weight."""

from __future__ import annotations

import pytest

from tests.e2e.fake_cloud import DIST
from tests.e2e.weights import first_load

LIMITS = {"phone.html": 150_000, "index.html": 200_000}
"""Bytes, compressed. The phone's is the promise; the wall's keeps other pages out of its first load."""


@pytest.mark.parametrize("page", LIMITS)
def test_a_page_is_there_after_few_bytes(page: str) -> None:
    found = first_load(DIST, page)
    assert len(found) > 2
    assert sum(found.values()) <= LIMITS[page], found


def test_neither_map_nor_typeface_is_in_the_phones_first_load() -> None:
    assert not [name for name in first_load(DIST, "phone.html") if "leaflet" in name or "fonts" in name]
