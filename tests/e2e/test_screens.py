"""Pictures of the screens are taken as the documents show them."""

from __future__ import annotations

from pathlib import Path

import cv2
import pytest
from playwright.sync_api import Browser

from tests.e2e.screens import LARGEST, SCREENS, VIEWS, take
from tests.e2e.stage import Stage

pytestmark = pytest.mark.browser


@pytest.mark.long
def test_a_screen_is_a_small_picture_in_each_size(chromium: Browser, stage: Stage, tmp_path: Path) -> None:
    written = take(chromium, stage, tmp_path, ["live"])
    assert [file.name for file in written] == [f"live-{view}.webp" for view, *_ in VIEWS]
    for file, (_, (width, height), _, _) in zip(written, VIEWS, strict=True):
        assert file.stat().st_size <= LARGEST
        assert cv2.imread(str(file)).shape[:2] == (height, width)


def test_the_pictures_of_the_screens_are_small() -> None:
    pictures = list(SCREENS.glob("*.webp"))
    assert pictures
    assert max(file.stat().st_size for file in pictures) <= LARGEST
    assert sum(file.stat().st_size for file in pictures) <= 4_000_000
