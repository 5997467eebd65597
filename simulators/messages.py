"""The message window: what robots and phones would have shown, as a page on this machine.

Whoever the cloud sends a message to is played by one HTTP server: the SMS hook and the groups' robots alike.
Each message is a line of a file, so that yesterday's are found again.
"""

from __future__ import annotations

import csv
import html
import json
import re
import threading
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from devices.site.model import Site
from simulators.errors import ListenError

MOST = 64 * 1024
"""Bytes of one message."""
SHOWN = 200
"""Messages on the page, the newest first."""
TAKEN = b'{"errcode": 0, "errmsg": "ok"}'
"""What WeCom and DingTalk answer when they took a message; the hook's answer is not read."""
_LINK = re.compile(r"https?://[^\s<]+")
_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
    ":root{color-scheme:light dark}"
    "article{border-top:1px solid #8886;padding:.8rem 0}pre{font:inherit;white-space:pre-wrap;margin:.3rem 0}"
    "time,small{opacity:.7}"
)


class MessageWindow:
    """Takes messages at `/CHANNEL` (POST) and shows them at `/`, until closed."""

    def __init__(self, file: Path, host: str, port: int, names: Mapping[str, str], zone: ZoneInfo) -> None:
        """Serve at once. `names`: what to show for a recipient's or channel's name.

        Raises:
            ListenError: the port is taken.
        """
        self._file, self._names, self._zone = file, names, zone
        self._lock = threading.Lock()
        try:
            self._server = ThreadingHTTPServer((host, port), self._handler())
        except OSError as error:
            raise ListenError(f"message window, port {port}: {error.strerror}") from error
        self.address = f"http://{host}:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, name="messages", daemon=True).start()

    def close(self) -> None:
        """End."""
        self._server.shutdown()
        self._server.server_close()

    def keep(self, channel: str, body: bytes) -> None:
        """Keep one message as its provider got it: an SMS hook's `to` and `text`, or a robot's content.

        Raises:
            ValueError: it is neither.
        """
        said = json.loads(body)
        text = said.get("text") if isinstance(said, dict) else None
        if isinstance(text, dict):
            text = text.get("content")
        if not isinstance(text, str):
            raise ValueError("no text")
        line = {
            "at": datetime.now(UTC).isoformat(),
            "channel": channel,
            "to": said.get("to", []),
            "text": text,
        }
        with self._lock, self._file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(line, ensure_ascii=False) + "\n")

    def page(self) -> str:
        """All that came, the newest first."""
        try:
            lines = self._file.read_text(encoding="utf-8").splitlines()[-SHOWN:]
        except FileNotFoundError:
            lines = []
        shown = "".join(self._shown(json.loads(line)) for line in reversed(lines))
        empty = "<p>还没有消息。No message yet: a ladder climbs when nobody accepts a case on the wall.</p>"
        return (
            '<!doctype html><html lang="zh"><meta charset="utf-8"><meta http-equiv="refresh" content="5">'
            '<meta name="viewport" content="width=device-width"><title>消息 Messages</title>'
            f"<style>{_STYLE}</style><h1>消息 Messages</h1>"
            "<p>The street's robots and phones, played by the demo: who was called, when, what they read.</p>"
            f"{shown or empty}"
        )

    def _shown(self, line: Mapping[str, Any]) -> str:
        at = datetime.fromisoformat(line["at"]).astimezone(self._zone)
        to = "、".join(self._named(one) for one in line["to"])
        text = _LINK.sub(lambda one: f'<a href="{one[0]}">{one[0]}</a>', html.escape(line["text"]))
        who = f"<b>{self._named(line['channel'])}</b>" + (f" → {to}" if to else "")
        return f"<article><time>{at:%m-%d %H:%M:%S}</time> {who}<pre>{text}</pre></article>"

    def _named(self, key: str) -> str:
        name = self._names.get(key)
        return html.escape(name) + f" <small>{html.escape(key)}</small>" if name else html.escape(key)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        window = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = self.headers.get("Content-Length", "")
                if not length.isdigit() or int(length) > MOST:
                    self._answer(413, b"", "text/plain")
                    return
                try:
                    window.keep(self.path.strip("/"), self.rfile.read(int(length)))
                except ValueError:
                    self._answer(400, b"", "text/plain")
                    return
                self._answer(200, TAKEN, "application/json")

            def do_GET(self) -> None:
                if self.path != "/":
                    self._answer(404, b"", "text/plain")
                    return
                self._answer(200, window.page().encode(), "text/html; charset=utf-8")

            def log_message(self, *_: Any) -> None:
                """What comes is in the file."""

            def _answer(self, status: int, body: bytes, kind: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
                self.end_headers()
                self.wfile.write(body)

        return Handler


def addresses(push: Mapping[str, Any], site: Site, window: str) -> dict[str, str]:
    """For the cloud's environment: each channel of a push policy led to the window, a grid's to its own path.

    Channels of places that the site file does not tell of (`{office}`, `{group}`) stay without an address.
    """
    found: dict[str, str] = {}
    for name, channel in push.get("channels", {}).items():
        pattern = channel["address"]
        for values in _fillings(site):
            try:
                variable = pattern.format(**{key: _capital(value) for key, value in values.items()})
            except KeyError:
                continue
            used = [value for key, value in values.items() if f"{{{key}}}" in pattern]
            found.setdefault(variable, window + "/".join([name, *used]))
    return found


def names_of(site: Site, folder: Path) -> dict[str, str]:
    """Names for recipients and channels, from the site and the files beside it."""
    names = {"sms": "短信 SMS", "centre": "值班室群 Patrol room's group"}
    names |= {
        f"grid/{area.id}": f"{area.name.zh}群 {area.name.en}" for area in site.areas if area.level == "grid"
    }
    if (people := folder / "people.csv").exists():
        with people.open(encoding="utf-8", newline="") as lines:
            names |= {f"person:{row['username']}": row["zh"] for row in csv.DictReader(lines)}
    if (known := folder / "organisations.yaml").exists():
        listed = yaml.safe_load(known.read_text(encoding="utf-8"))["organisations"]
        names |= {f"organisation:{one['id']}": one["name"]["zh"] for one in listed}
    return names


def _fillings(site: Site) -> Iterable[dict[str, str]]:
    for area in site.areas:
        if area.level == "grid":
            yield {"grid": area.id, "community": area.parent or ""}


def _capital(text: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", text.upper())
