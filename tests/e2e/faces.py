"""Every page as a test finds it: out of the page's own register, each with somebody who may see it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Route, ViewportSize

from tests.e2e.fake_street import BIKES, Scene
from tests.e2e.stage import Stage
from tests.e2e.wall_page import SOON

WEB = Path(__file__).parents[2] / "cloud" / "web"
REGISTER = WEB / "src" / "wall" / "pages.ts"
PHONE = WEB / "src" / "phone" / "App.tsx"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
LOG_INS = {"grid_worker": "worker", "grid_leader": "gridleader", "administrator": "admin"}
"""Who has the role, where the log-in is not called like the role."""
FIRST, WORKER = "leader", "worker"
"""Sees most pages; others are asked for what they alone see."""
NARROW = ViewportSize(width=390, height=844)
QUIET_MS = 400
"""A page is settled when nothing more has been loaded for so long."""
ASKED = re.compile(r"the server responded with a status of (401|422)|registration blocked by Playwright")
"""Whether somebody is signed in is found out by asking, and so is what is no link out of a message: the
browser logs the answers. Without a service worker every request is seen here."""


@dataclass(frozen=True, slots=True)
class Face:
    """One page: its name, its address, and who looks at it (None: nobody is signed in)."""

    name: str
    address: str
    who: str | None
    narrow: bool = False
    """It is a page for a phone, and for nothing wider."""


@dataclass(frozen=True, slots=True)
class Opening:
    """A form or dialog of a page: how it is opened, and where it is then; Escape closes it."""

    name: str
    open: Callable[[Page], object]
    within: str
    narrow: bool = False


def by_key(name: str, key: str, within: str = "form.reason") -> Opening:
    """What a key opens."""
    return Opening(name, lambda page: page.keyboard.press(key), within)


def by_click(name: str, button: str, within: str, *, narrow: bool = False) -> Opening:
    """What the first of these buttons opens."""
    return Opening(name, lambda page: page.locator(button).first.click(), within, narrow)


OPENINGS: Mapping[str, Sequence[Opening]] = {
    "live": (
        by_click("menu", ".menu-open", "dialog.menu", narrow=True),
        by_click("a case with photos", ".row.waiting:has(img)", ".detail .photos"),
        by_key("photo", "KeyO", "dialog.picture"),
        by_key("false", "Digit2"),
        by_key("another class", "Digit3"),
        by_key("dispatch", "KeyD", "form.dispatch"),
        by_key("whistle", "KeyW"),
        by_key("shelve", "KeyS"),
        by_click("reason", ".actions .action-row .aside:last-child", "form.reason"),
        by_key("live picture", "KeyL", ".now-live"),
        by_key("mute", "KeyM", "dialog.mute"),
        by_key("help", "Shift+Slash", "dialog.help"),
    ),
    "case": (by_click("step", ".case-do .action-row + .action-row button", ".case-form"),),
    "nodes": (by_click("out of service", ".row-tools button", "form.form"),),
    "flood": (by_click("out of service", ".flood-tools button:last-child", "form.reason"),),
}
"""By the page's name. Escape leads from a page to the wall: another page's is the last thing done there."""


def about(stage: Stage) -> dict[str, Callable[[], str]]:
    """What the pages that are about one thing are shown of: the rest of their address."""
    return {"charts": lambda: "point/P05", "case": lambda: _case(stage)}


def faces(stage: Stage) -> list[Face]:
    """All of them: the public's, the wall's, the phone's."""
    found = [Face("sign-in", "/", None), Face("track", "/track", None), Face("report", "/report", None)]
    found.append(Face("live", "/#/", FIRST))
    rests = about(stage)
    for name, roles, hidden in register():
        who = FIRST if not roles or FIRST in roles else LOG_INS.get(roles[0], roles[0])
        rest = f"/{rests[name]()}" if hidden and name in rests else ""
        found.append(Face(name, f"/#/{name}{rest}", who))
    found.append(Face("phone-sign-in", "/phone", None, narrow=True))
    found.append(Face("phone", "/phone#/", WORKER, narrow=True))
    for name in phone_pages():
        rest = {"task": lambda: f"/{_task(stage)}", "notice": lambda: "/none"}.get(name, str)()
        found.append(Face(f"phone-{name}", f"/phone#/{name}{rest}", WORKER, narrow=True))
    return found


def phone_pages() -> list[str]:
    """The pages of the phone beside its list of tasks."""
    return re.findall(r'\bpage === "(\w+)"', PHONE.read_text(encoding="utf-8"))


def register() -> Iterator[tuple[str, tuple[str, ...], bool]]:
    """Name, roles and whether it is hidden, of each page in the page's register."""
    text = REGISTER.read_text(encoding="utf-8")
    entries = re.findall(r"^  \{\n(.*?)^  \},", text, re.MULTILINE | re.DOTALL)
    assert len(entries) == len(re.findall(r"^    load:", text, re.MULTILINE)), (
        "a page's entry looks unlike the others"
    )
    constants = dict(re.findall(r"^const (\w+)[^=\n]*= (\[.*?\]);", text, re.MULTILINE | re.DOTALL))
    for entry in entries:
        name = re.search(r'^    name: "(\w+)"', entry, re.MULTILINE)
        roles = re.search(r"^    roles: (\[.*?\]|\w+),", entry, re.MULTILINE | re.DOTALL)
        assert name, entry
        listed = constants.get(roles[1], roles[1]) if roles else ""
        yield name[1], tuple(re.findall(r'"(\w+)"', listed)), "hidden: true" in entry


class Visitor:
    """Somebody with a browser of their own; what goes wrong on any page is kept in `faults`."""

    def __init__(
        self, browser: Browser, stage: Stage, who: str | None, *, language: str, theme: str,
        size: tuple[int, int] = (1920, 1080),
    ) -> None:  # fmt: skip
        self.stage = stage
        self.size = ViewportSize(width=size[0], height=size[1])
        self.faults: list[str] = []
        self.context: BrowserContext = browser.new_context(
            viewport=self.size,
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            service_workers="block",
        )
        self.context.set_default_timeout(SOON)
        self.context.route("**/*", self._guard)
        self.context.add_init_script(
            f"localStorage.setItem('gridwatch.language', '{language}');"
            f"localStorage.setItem('gridwatch.theme', '{theme}');"
            f"localStorage.setItem('gridwatch.phone.theme', '{theme}');"
            "performance.setResourceTimingBufferSize(9999)"
        )
        self.context.add_init_script(path=AXE)
        if who:
            answer = self.context.request.post(
                f"{stage.origin}/api/v1/session",
                data={"username": who, "password": stage.passwords[who]},
            )
            assert answer.ok, answer.text()
        self.page: Page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("console", self._console)

    def close(self) -> None:
        self.context.close()

    def visit(self, face: Face) -> None:
        """Show it, and wait until it is settled."""
        self.page.set_viewport_size(NARROW if face.narrow else self.size)
        self.page.goto(self.stage.origin + face.address)
        self.page.wait_for_selector("main")
        self.settle()

    def settle(self) -> None:
        """Wait until nothing more loads, its typeface neither."""
        self.page.evaluate(
            """quiet => new Promise(done => {
                 let count = -1, since = 0;
                 const look = () => {
                   const loaded = performance.getEntriesByType('resource').length;
                   const busy = document.fonts.status === 'loading' || document.querySelector('.loading')
                     || /正在载入|Loading…/.test(document.querySelector('main')?.innerText);
                   if (busy || loaded !== count) {
                     [count, since] = [loaded, performance.now()];
                   }
                   if (performance.now() - since >= quiet) done(); else setTimeout(look, 50);
                 };
                 look();
               })""",
            QUIET_MS,
        )

    def findings(self, within: str = "body") -> list[str]:
        """What axe-core finds serious or critical on the page, or in a part of it, as it is now."""
        found: list[dict[str, Any]] = self.page.evaluate(
            "async part => (await axe.run(part, {resultTypes: ['violations']})).violations"
            ".filter(one => ['serious', 'critical'].includes(one.impact))"
            ".map(one => ({id: one.id, help: one.help, at: one.nodes.map(node => node.target.join(' ') + ' ' "
            "+ (node.any[0] ?? node.all[0] ?? node.none[0])?.message)}))",
            within,
        )
        return [f"{one['id']}: {one['help']}: {at}" for one in found for at in one["at"]]

    def opened(self, face: Face, *, narrow: bool = False) -> list[str]:
        """What is found in each form and dialog of the page, opened one after the other."""
        found: list[str] = []
        for one in OPENINGS.get(face.name, ()):
            if one.narrow is not narrow:
                continue
            one.open(self.page)
            self.page.wait_for_selector(one.within)
            found += [f"{one.name}: {each}" for each in self.findings(one.within)]
            if one.within != ".detail .photos":
                self.page.keyboard.press("Escape")
                self.page.wait_for_selector(one.within, state="detached")
        return found

    def sideways(self) -> list[str]:
        """What makes the page wider than its window: nothing may."""
        wide: list[str] = self.page.evaluate(
            "() => [document.documentElement, ...document.querySelectorAll('main')]"
            ".filter(one => one.scrollWidth > one.clientWidth)"
            ".map(one => `${one.tagName} ${one.className} is ${one.scrollWidth} px wide`)"
        )
        return wide

    def _guard(self, route: Route) -> None:
        if route.request.url.startswith((self.stage.origin + "/", "data:", "blob:")):
            route.continue_()
        else:
            self.faults.append(f"asked for {route.request.url}")
            route.abort()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not ASKED.search(message.text):
            self.faults.append(f"console: {message.text}")


def _case(stage: Stage) -> str:
    with closing(stage.log_in(FIRST)) as leader:
        return str(stage.incident(leader, "P12")["id"])


def _task(stage: Stage) -> str:
    """A case that the grid worker was given and has said so: it does not ring any more."""
    with closing(stage.log_in(WORKER)) as worker, closing(stage.log_in(FIRST)) as leader:
        if had := worker.get("/incidents").json()["items"]:
            return str(had[0]["id"])
        stage.nodes.raise_alarm(Scene("P01", BIKES, "medium", "detected", 2400, "bicycle", 7))
        incident = stage.incident(leader, "P01")
        path = f"/incidents/{incident['id']}"
        for action, more in (("accept", {}), ("dispatch", {"handler": WORKER})):
            version = leader.get(path).headers["ETag"]
            done = leader.post(
                f"{path}/transitions", json={"action": action} | more, headers={"If-Match": version}
            )
            assert done.is_success, done.text
        assert worker.post(f"{path}/notes", json={"kind": "received", "words": "收到"}).is_success
        return str(incident["id"])
