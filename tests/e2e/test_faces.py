"""Every page for everybody: nothing serious, nothing in the console, no other host, no scrolling sideways."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser

from tests.e2e.faces import NARROW, WEB, Face, Visitor, about, faces, register
from tests.e2e.fake_cloud import DIST
from tests.e2e.stage import Stage

pytestmark = pytest.mark.browser
ICONS = WEB / "src" / "wall" / "icons.tsx"


@pytest.mark.parametrize(
    ("language", "theme"),
    [
        ("zh", "dark"),
        ("en", "light"),
        pytest.param("zh", "light", marks=pytest.mark.long),
        pytest.param("en", "dark", marks=pytest.mark.long),
    ],
)
def test_every_page_is_for_everybody(chromium: Browser, stage: Stage, language: str, theme: str) -> None:
    stage.nodes.all_well()
    found: list[str] = []
    visitors: dict[str | None, Visitor] = {}
    for face in faces(stage):
        if face.who not in visitors:
            visitors[face.who] = Visitor(chromium, stage, face.who, language=language, theme=theme)
        visitor = visitors[face.who]
        visitor.visit(face)
        wrong = visitor.findings()
        visitor.page.set_viewport_size(NARROW)
        wrong += visitor.sideways() + visitor.opened(face, narrow=True)
        visitor.page.set_viewport_size(visitor.size)
        wrong += visitor.opened(face)
        wrong += visitor.faults
        visitor.faults.clear()
        found += [f"{face.name}: {one}" for one in wrong]
    for visitor in visitors.values():
        visitor.close()
    assert not found, "\n".join(found)


def test_the_wall_asks_only_for_what_its_role_may_see(chromium: Browser, stage: Stage) -> None:
    found: list[str] = []
    for who in ("auditor", "community", "department"):
        visitor = Visitor(chromium, stage, who, language="zh", theme="dark")
        visitor.visit(Face("live", "/#/", who))
        found += [f"{who}: {one}" for one in visitor.faults]
        visitor.close()
    assert not found, "\n".join(found)


def test_a_page_about_one_thing_is_shown_of_one(stage: Stage) -> None:
    assert {name for name, _, hidden in register() if hidden} <= about(stage).keys()


def test_each_page_in_the_rail_has_a_drawing_of_its_own() -> None:
    drawn = re.findall(r"^  (\w+): \"M", ICONS.read_text(encoding="utf-8"), re.MULTILINE)
    assert {name for name, _, hidden in register() if not hidden} <= set(drawn)


def test_there_is_no_page_beside_the_wall_and_the_phone() -> None:
    assert {page.name for page in DIST.glob("*.html")} == {"index.html", "phone.html"}
