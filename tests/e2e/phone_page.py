"""The phone's page as a test sees it: narrow, touched, with a camera and a position, and its faults."""

from __future__ import annotations

import asyncio
import base64
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
from playwright.sync_api import Browser, ConsoleMessage, Playwright, Route, expect
from sqlalchemy import select
from sqlalchemy.ext.asyncio import create_async_engine

from cloud.database.embedded import EmbeddedServer
from cloud.people.passwords import hash_token, random_token
from cloud.push.store import keep_link
from cloud.push.tables import notice
from tests.e2e.stage import Stage
from tests.e2e.wall_page import CHROMIUM, CHROMIUM_ARGUMENTS, SOON

INSECURE = "phone.test"
"""A name of this machine to which a browser gives no secure context over plain HTTP."""
ARGUMENTS = [
    *CHROMIUM_ARGUMENTS, "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
    f"--host-resolver-rules=MAP {INSECURE} 127.0.0.1",
]  # fmt: skip
AGENT = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Mobile"
EXPECTED = re.compile(
    r"the server responded with a status of|net::ERR_|Opener-Policy header has been ignored"
)
"""The browser logs what is refused or does not arrive; these tests see to both."""
WORKER = "worker"
COUNT_POSITIONS = """
window.positionsAsked = 0;
const geo = Object.getPrototypeOf(navigator.geolocation);
for (const name of ["watchPosition", "getCurrentPosition"]) {
  const real = geo[name];
  geo[name] = function (...given) { window.positionsAsked += 1; return real.apply(this, given); };
}
"""


def launch(playwright: Playwright) -> Browser:
    """Debian's Chromium with a made-up camera."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)


class Phone:
    """One person's phone: a profile of its own, kept through `again`."""

    def __init__(
        self,
        browser: Browser,
        stage: Stage,
        *,
        size: tuple[int, int] = (390, 844),
        language: str | None = None,
        theme: str | None = None,
        host: str = "127.0.0.1",
    ) -> None:
        self.stage = stage
        self.origin = f"http://{host}:{stage.port}"
        self.faults: list[str] = []
        where = stage.site.points[0].position
        self.context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            has_touch=True,
            user_agent=AGENT,
            timezone_id="Asia/Shanghai",
            reduced_motion="reduce",
            permissions=["camera", "geolocation"],
            geolocation={"longitude": where.lon, "latitude": where.lat, "accuracy": 8},
        )
        self.context.set_default_timeout(SOON)
        self.context.add_init_script(COUNT_POSITIONS)
        for key, value in (("language", language), ("phone.theme", theme)):
            if value:
                self.context.add_init_script(f"localStorage.setItem('gridwatch.{key}', '{value}')")
        self.context.route("**/*", self._guard)
        self.open()

    def open(self) -> None:
        """A window, on nothing yet."""
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("console", self._console)

    def close(self) -> None:
        self.context.close()

    def visit(self, address: str = "/phone") -> None:
        self.page.goto(self.origin + address)

    def log_in(self, username: str = WORKER) -> None:
        self.page.fill("[name=username]", username)
        self.page.fill("[name=password]", self.stage.passwords[username])
        self.page.click("[type=submit]")
        self.page.wait_for_selector(".tabs")

    def show(self, username: str = WORKER, address: str = "/phone") -> None:
        """Log in and wait for what the page shows."""
        self.visit(address)
        self.log_in(username)

    def kill(self) -> None:
        """End the page as a system does that needs the memory: nothing of it runs on."""
        self.page.close(run_before_unload=False)

    def task(self, incident: dict[str, Any]) -> None:
        self.page.evaluate("id => { location.hash = `#/task/${id}`; }", incident["id"])
        self.page.wait_for_selector(".task-head")

    def take(self, incident: dict[str, Any]) -> None:
        """Open a task, with all that its page shows."""
        self.task(incident)
        expect(self.page.locator(".log")).to_be_visible()

    def go(self, tab: str) -> None:
        """To one of the pages below."""
        self.page.locator(".tabs a", has_text=tab).click()

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def submit(self, name: str) -> None:
        """Send a form off; it is on this phone when the form is gone."""
        self.press(f"提交：{name}")
        expect(self.page.locator(".act-form")).to_have_count(0)

    def shoot(self, name: str = "拍照") -> None:
        """Take a photo with the page's own camera."""
        self.page.get_by_role("button", name=name).click()
        self.page.locator(".shutter").click()
        expect(self.page.locator(".camera")).to_have_count(0)

    def queue(self) -> list[dict[str, Any]]:
        """What waits on this phone, as it is kept."""
        found: list[dict[str, Any]] = self.page.evaluate(
            """() => new Promise((done, fail) => {
              const opening = indexedDB.open("gridwatch-phone");
              opening.onerror = () => fail(opening.error);
              opening.onsuccess = () => {
                const base = opening.result;
                const all = base.transaction("items").objectStore("items").getAll();
                all.onsuccess = () => { base.close(); done(all.result); };
              };
            })"""
        )
        return found

    def photo(self, sha256: str) -> bytes:
        """A photo that waits on this phone, as it is sent."""
        text: str = self.page.evaluate(
            """sha256 => new Promise((done, fail) => {
              const opening = indexedDB.open("gridwatch-phone");
              opening.onerror = () => fail(opening.error);
              opening.onsuccess = () => {
                const asked = opening.result.transaction("photos").objectStore("photos").get(sha256);
                asked.onsuccess = () => {
                  const reader = new FileReader();
                  reader.onload = () => { opening.result.close(); done(reader.result.split(",")[1]); };
                  reader.readAsDataURL(asked.result.small);
                };
              };
            })""",
            sha256,
        )
        return base64.b64decode(text)

    def wait_for_queue(self, count: int) -> None:
        """Until so many items wait; the badge says how many."""
        self.page.wait_for_selector(".tabs")
        badge = self.page.locator(".tabs .count")
        if count:
            expect(badge).to_have_text(str(count))
        else:
            expect(badge).to_have_count(0)

    def _guard(self, route: Route) -> None:
        if route.request.url.startswith((self.origin + "/", "data:", "blob:")):
            route.fallback()
        else:
            self.faults.append(f"asked for {route.request.url}")
            route.abort()

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning") and not EXPECTED.search(message.text):
            self.faults.append(f"console: {message.text}")


def step(who: httpx.Client, incident: dict[str, Any], action: str, **fields: Any) -> dict[str, Any]:
    """One step of a case by somebody without a browser; the case as it is then."""
    answer = who.post(
        f"/incidents/{incident['id']}/transitions",
        json={"action": action, **fields},
        headers={"If-Match": f'"v{incident["version"]}"'},
    )
    assert answer.status_code == 200, answer.text
    done: dict[str, Any] = answer.json()
    return done


def fresh(who: httpx.Client, incident: dict[str, Any]) -> dict[str, Any]:
    """The case as it is now."""
    found: dict[str, Any] = who.get(f"/incidents/{incident['id']}").json()
    return found


def log(who: httpx.Client, incident: dict[str, Any], action: str) -> list[dict[str, Any]]:
    """The lines of that action in a case's log."""
    lines = who.get(f"/incidents/{incident['id']}/events").json()["items"]
    return [one for one in lines if one["action"] == action]


def told(leader: httpx.Client, words: str) -> dict[str, Any]:
    """A case that somebody told of; a new one at each call."""
    answer = leader.post("/incidents", json={"event_class": "05-07", "point": "P01", "words": words})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = leader.get(f"/incidents/{answer.json()['incident_id']}").json()
    return found


def dispatched(leader: httpx.Client, worker: httpx.Client, words: str) -> dict[str, Any]:
    """A case given to the worker, who has said that they have it: it does not ring any more."""
    incident = step(leader, told(leader, words), "accept")
    incident = step(leader, incident, "dispatch", handler=WORKER)
    had = worker.post(f"/incidents/{incident['id']}/notes", json={"kind": "received", "words": "got it"})
    assert had.status_code == 201, had.text
    return fresh(leader, incident)


def link_to(stage: Stage, incident: dict[str, Any]) -> str:
    """A short link as a message would have it; of the tokens of real ones only the hash is kept."""
    token = random_token()

    async def keep() -> None:
        engine = create_async_engine(EmbeddedServer(stage.directory / "cloud" / "pg").url())
        async with engine.begin() as connection:
            about = select(notice.c.id).where(notice.c.incident_id == UUID(incident["id"])).limit(1)
            found = await connection.scalar(about)
            assert found is not None
            await keep_link(connection, hash_token(token), found, datetime.now(UTC) + timedelta(hours=1))
        await engine.dispose()

    with ThreadPoolExecutor(1) as other:  # the browser's driver has this thread's loop
        other.submit(asyncio.run, keep()).result()
    return f"/p/{token}"
