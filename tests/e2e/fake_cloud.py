"""A small stand-in for the cloud: the API of the wall with a dozen incidents, on loopback, in this process.

Run it to look at the page: `python -m tests.e2e.fake_cloud`.
"""

from __future__ import annotations

import json
import mimetypes
import queue
import threading
from base64 import b64encode
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha1
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from devices.site.geojson import to_geojson
from tests.e2e import fake_desk, fake_telemetry, fake_upkeep
from tests.e2e.fake_care import FakeCare
from tests.e2e.fake_street import ODD, SCENES, Scene, Street, stamp
from tests.edge.fake_cloud import PatientServer

DIST = Path(__file__).parents[2] / "cloud" / "web" / "dist"
USER, PASSWORD, CSRF = "liwei", "street-demo-2026", "csrf-of-the-fake"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "connect-src 'self'; font-src 'self'; manifest-src 'self'; worker-src 'self'; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
OPEN = (
    "detected",
    "verifying",
    "accepted",
    "filed",
    "dispatched",
    "in_progress",
    "resolved",
    "checking",
    "suspended",
)
FORWARD = {
    "detected": {"accept": "accepted", "reject": "rejected"},
    "accepted": {"file": "filed", "dispatch": "dispatched", "reject": "rejected", "suspend": "suspended"},
    "filed": {"dispatch": "dispatched", "suspend": "suspended"},
    "dispatched": {"start": "in_progress", "suspend": "suspended"},
    "in_progress": {"resolve": "resolved", "suspend": "suspended"},
    "checking": {"close": "closed", "check_failed": "in_progress"},
    "suspended": {"resume": "dispatched"},
    "closed": {"rate": "evaluated"},
}


HISTORY = (
    ("open", None, "detected", "n2", None),
    ("accept", "detected", "accepted", "李伟", None),
    ("dispatch", "accepted", "dispatched", "王芳", "请共享单车运维到场清理"),
    ("start", "dispatched", "in_progress", "赵敏", None),
    ("seen_gone", "in_progress", "checking", "system", None),
    ("close", "checking", "closed", "王芳", None),
)
"""The ordinary life: action, from, to, who, reason."""
ENDS = {"filed": "file", "suspended": "suspend", "false_alarm": "false_alarm"}


@dataclass
class FakeCloud:
    """State and levers. `keep_alive` in seconds; `silent` stops every word on the stream."""

    keep_alive: float = 1.0
    silent: bool = False
    fail_next_transition: int = 0
    """A status to refuse the next transition with; 0: none."""
    hold: threading.Event = field(default_factory=threading.Event)
    """Cleared: transitions wait until it is set."""
    hold_answers: threading.Event = field(default_factory=threading.Event)
    """Cleared: transitions are done and told on the stream, but their answers wait until it is set."""
    transitions: list[dict[str, Any]] = field(default_factory=list)
    resumed_with: list[str] = field(default_factory=list)
    """The Last-Event-ID of each stream connection."""

    def __post_init__(self) -> None:
        self.hold.set()
        self.hold_answers.set()
        self.street = Street()
        self.care = FakeCare()
        now = datetime.now(UTC)
        self.incidents = {one["id"]: one for one in self.street.incidents(now)}
        self.log: dict[str, list[dict[str, Any]]] = {}
        for one in self.incidents.values():
            one["allowed_actions"] = self._allowed(one)
            self.log[one["id"]] = _history(one)
        self._sent: list[tuple[int, str, dict[str, Any]]] = []
        self._streams: list[queue.Queue[str | None]] = []
        self._lock = threading.Lock()

    def start(self, port: int = 0) -> None:
        """Serve at `origin` until `stop`."""
        handler = type("Handler", (_Handler,), {"cloud": self})
        self._server = PatientServer(("127.0.0.1", port), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.origin = f"http://127.0.0.1:{self._server.server_port}"

    def stop(self) -> None:
        self.cut()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def find(self, point: str, event_class: str) -> dict[str, Any]:
        """The incident at a point, of a class."""
        return next(
            one
            for one in self.incidents.values()
            if one["point"]["id"] == point and one["event_class"]["code"] == event_class
        )

    def appear(self, scene: Scene) -> dict[str, Any]:
        """A new incident, told on the stream."""
        one = self.street.incident(len(self.incidents) + 1, scene, datetime.now(UTC))
        one["allowed_actions"] = self._allowed(one)
        self.incidents[one["id"]] = one
        self.log[one["id"]] = _history(one)
        self.tell("incident", one)
        return one

    def change(
        self, one: dict[str, Any], action: str, state: str, who: str, reason: str | None = None
    ) -> dict[str, Any]:
        """A new version of `one`, told on the stream."""
        now = stamp(datetime.now(UTC))
        event = _event(one, len(self.log[one["id"]]), now, who, action, one["state"], state, reason)
        one = {**one, "state": state, "version": one["version"] + 1, "updated_at": now}
        if state not in OPEN:
            one["closed_at"] = now
        one["allowed_actions"] = self._allowed(one)
        self.incidents[one["id"]] = one
        self.log[one["id"]].append(event)
        self.tell("incident", one)
        return one

    def tell(self, name: str, data: dict[str, Any]) -> None:
        """Put an event on every stream."""
        with self._lock:
            number = len(self._sent) + 1
            self._sent.append((number, name, data))
            for stream in self._streams:
                stream.put(_frame(number, name, data))

    def cut(self) -> None:
        """Break every stream connection."""
        with self._lock:
            for stream in self._streams:
                stream.put(None)

    def listen(self, after: str) -> queue.Queue[str | None]:
        stream: queue.Queue[str | None] = queue.Queue()
        with self._lock:
            self.resumed_with.append(after)
            at = len(self._sent)
            stream.put(_frame(None, "hello", {"at": f"7-{at}", "server_time": stamp(datetime.now(UTC))}))
            if after:
                for number, name, data in self._sent[int(after.split("-")[1]) :]:
                    stream.put(_frame(number, name, data))
            self._streams.append(stream)
        return stream

    def deafen(self, stream: queue.Queue[str | None]) -> None:
        with self._lock:
            self._streams.remove(stream)

    def _allowed(self, one: dict[str, Any]) -> list[str]:
        actions = list(FORWARD.get(one["state"], {}))
        return [*actions, "false_alarm", "void"] if one["state"] in OPEN else actions


class _Handler(BaseHTTPRequestHandler):
    cloud: FakeCloud
    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Silent."""

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if not path.startswith("/api/v1/"):
            self._page(path)
        elif path == "/api/v1/session":
            self._json(200, _session()) if self._known() else self._problem(401, "unauthorized")
        elif not self._known():
            self._problem(401, "unauthorized")
        elif path == "/api/v1/stream":
            self._stream()
        elif path == "/api/v1/cameras/stills":
            self._stills()
        else:
            self._read(path.removeprefix("/api/v1/").split("/"), query)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"] or 0)) or b"null")
        path = self.path.removeprefix("/api/v1/").split("/")
        if path == ["session"]:
            if (body["username"], body["password"]) != (USER, PASSWORD):
                self._problem(401, "bad_credentials")
            else:
                self._json(
                    200, _session(), {"Set-Cookie": "gridwatch_session=x; HttpOnly; SameSite=Strict; Path=/"}
                )
        elif not self._known():
            self._problem(401, "unauthorized")
        elif self.headers["X-CSRF-Token"] != CSRF:
            self._problem(403, "csrf")
        elif path == ["alarms", "verdicts"]:
            self._json(200, fake_desk.judge(body, self.cloud.incidents))
        elif path[0] == "alarms" and path[2] == "acknowledge":
            self._json(200, fake_desk.acknowledge(path[1], self.cloud.incidents))
        elif path[0] == "nodes":
            self._json(201, self.cloud.care.ask(path[1], body, self.headers["Idempotency-Key"]))
        else:
            self._transition(path[1], body)

    def do_DELETE(self) -> None:
        self._send(204, b"", "text/plain", {"Set-Cookie": "gridwatch_session=; Max-Age=0; Path=/"})

    def _read(self, path: list[str], query: str) -> None:
        cloud = self.cloud
        match path:
            case ["incidents"]:
                wanted = "state=open" in query
                items = [one for one in cloud.incidents.values() if (one["state"] in OPEN) is wanted]
                self._json(200, {"items": items, "next": None})
            case ["incidents", key]:
                self._json(200, cloud.incidents[key])
            case ["incidents", key, "events"]:
                self._json(200, {"items": cloud.log[key]})
            case ["areas"]:
                self._json(200, {"version": 1} | to_geojson(cloud.street.site.areas))
            case ["points"]:
                self._json(200, cloud.street.points())
            case ["nodes"]:
                self._json(200, cloud.street.nodes(datetime.now(UTC)))
            case ["nodes", node, "ledger"]:
                self._json(200, fake_upkeep.ledger(node, datetime.now(UTC)))
            case ["nodes", node, "devices"]:
                self._json(200, fake_upkeep.devices(cloud.street.site, node, datetime.now(UTC)))
            case ["nodes", node, "commands"]:
                self._json(200, cloud.care.listed(node))
            case ["alarms"] | ["devices", "out-of-service"]:
                self._json(200, {"items": []})
            case ["precision"]:
                self._json(200, {"items": [], "advice": []})
            case ["telemetry", "series"]:
                self._json(200, fake_telemetry.series(cloud.street.site, query, datetime.now(UTC)))
            case ["telemetry"]:
                self._json(200, fake_telemetry.chart(cloud.street.site, query, datetime.now(UTC)))
            case ["media", name]:
                self._send(
                    200, cloud.street.media[name], "image/jpeg", {"Cache-Control": "private, immutable"}
                )
            case _:
                told = fake_desk.read(path, cloud.incidents)
                self._problem(404, "not_found") if told is None else self._json(200, told)

    def _transition(self, key: str, body: dict[str, Any]) -> None:
        cloud = self.cloud
        cloud.hold.wait(10)
        one = cloud.incidents[key]
        action = body["action"]
        cloud.transitions.append({"number": one["number"], **body, "if_match": self.headers["If-Match"]})
        if cloud.fail_next_transition:
            status, cloud.fail_next_transition = cloud.fail_next_transition, 0
            self._problem(status, "forced")
        elif self.headers["If-Match"] != f'"v{one["version"]}"':
            self._problem(412, "changed", version=one["version"])
        elif action not in one["allowed_actions"]:
            self._problem(409, "not_allowed", allowed_actions=one["allowed_actions"])
        else:
            state = FORWARD.get(one["state"], {}).get(action, {"void": "void"}.get(action, "false_alarm"))
            one = cloud.change(one, action, state, "李伟", body.get("reason"))
            cloud.hold_answers.wait(10)
            self._json(200, one, {"ETag": f'"v{one["version"]}"'})

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        stream = self.cloud.listen(self.headers.get("Last-Event-ID", ""))
        try:
            while True:
                try:
                    frame = stream.get(timeout=self.cloud.keep_alive)
                except queue.Empty:
                    frame = ": keep-alive\n\n"
                if frame is None:
                    break
                if not self.cloud.silent:
                    self.wfile.write(frame.encode())
                    self.wfile.flush()
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True
        finally:
            self.cloud.deafen(stream)
        self.close_connection = True

    def _stills(self) -> None:
        """A WebSocket on which nothing comes, for no node brings pictures; until the page closes it."""
        key = self.headers["Sec-WebSocket-Key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        self.send_response(101)
        self.send_header("Upgrade", "websocket")
        self.send_header("Connection", "Upgrade")
        self.send_header("Sec-WebSocket-Accept", b64encode(sha1(key.encode()).digest()).decode())
        self.end_headers()
        self.close_connection = True
        try:
            while len(head := self.rfile.read(2)) == 2 and head[0] & 15 != 8:
                length = head[1] & 127
                if length == 126:
                    length = int.from_bytes(self.rfile.read(2))
                self.rfile.read(4 + length)
        except ConnectionResetError:
            return

    def _page(self, path: str) -> None:
        file = DIST / ("index.html" if path in ("/", "/wall") else path.lstrip("/"))
        if not file.is_file():
            self._send(404, b"", "text/plain")
            return
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        self._send(
            200, file.read_bytes(), kind, {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
        )

    def _known(self) -> bool:
        return "gridwatch_session=x" in self.headers.get("Cookie", "")

    def _json(self, status: int, data: Any, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(data).encode(), "application/json", headers)

    def _problem(self, status: int, code: str, **more: Any) -> None:
        problem = {
            "type": f"/problems/{code}",
            "title": code,
            "status": status,
            "detail": code,
            "code": code,
            **more,
        }
        self._send(status, json.dumps(problem).encode(), "application/problem+json")

    def _send(self, status: int, data: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(data)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)


def _session() -> dict[str, Any]:
    user = {
        "id": "u1",
        "username": USER,
        "name": {"zh": "李伟", "en": "Li Wei"},
        "roles": ["operator", "leader"],
    }
    return {"user": user, "csrf": CSRF, "expires_at": stamp(datetime.now(UTC) + timedelta(hours=8))}


def _history(one: dict[str, Any]) -> list[dict[str, Any]]:
    """What led to the state the incident starts in."""
    opened = datetime.fromisoformat(one["opened_at"])
    walk = [HISTORY[0]]
    for step in HISTORY[1:]:
        if walk[-1][2] == one["state"] or one["state"] == "detected":
            break
        walk.append(step)
    if walk[-1][2] != one["state"]:
        walk = [*HISTORY[:2], (ENDS[one["state"]], "accepted", one["state"], "王芳", "现场已核对")]
    return [
        _event(one, n, stamp(opened + timedelta(seconds=35 * n)), who, action, source, target, reason)
        for n, (action, source, target, who, reason) in enumerate(walk)
    ]


def _event(
    one: dict[str, Any],
    n: int,
    at: str,
    who: str,
    action: str,
    source: str | None,
    target: str,
    reason: str | None,
) -> dict[str, Any]:
    kind = "node" if who.startswith("n") else "system" if who == "system" else "user"
    return {
        "id": n, "at": at, "actor": {"kind": kind, "name": who}, "action": action,
        "from_state": source, "to_state": target, "cause": "person", "reason": reason, "detail": {},
    }  # fmt: skip


def _frame(number: int | None, name: str, data: dict[str, Any]) -> str:
    head = f"id: 7-{number}\n" if number is not None else ""
    return f"{head}event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


if __name__ == "__main__":
    cloud = FakeCloud(keep_alive=5.0)
    for scene in ODD.values():
        cloud.appear(scene)
    cloud.start(8421)
    print(cloud.origin, USER, PASSWORD, f"{len(SCENES) + len(ODD)} incidents", flush=True)
    threading.Event().wait()
