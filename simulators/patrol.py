"""The patrol room's API as a program uses it: log in, ask, act. For the demo's own lines, and for tests."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http.client import HTTPException
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

from simulators.errors import PatrolError

TIMEOUT = 10.0


class Patrol:
    """Somebody at the wall; logs in when it must. Not safe for several threads."""

    def __init__(self, address: str, username: str, password: str) -> None:
        """`address`: of the wall, `http://127.0.0.1:8420/`."""
        self.username = username
        self._api = f"{address.rstrip('/')}/api/v1"
        self._password = password
        self._csrf = ""
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))

    def get(self, path: str) -> Any:
        """What stands at `path`, as `/incidents?state=open`.

        Raises:
            PatrolError: no answer, or a refusal.
        """
        return json.loads(self._logged_in("GET", path, None, {}))

    def photo(self, url: str) -> bytes:
        """A photo's JPEG, by its `url` in an evidence.

        Raises:
            PatrolError: no answer, or a refusal.
        """
        return self._logged_in("GET", url.removeprefix("/api/v1"), None, {})

    def act(self, incident: str, action: str, reason: str | None = None) -> Any:
        """Do something to an incident as it stands now; answers the incident.

        Raises:
            PatrolError: no answer, or a refusal.
        """
        version = self.get(f"/incidents/{incident}")["version"]
        body = {"action": action} | ({} if reason is None else {"reason": reason})
        path = f"/incidents/{incident}/transitions"
        return json.loads(self._logged_in("POST", path, body, {"If-Match": f'"v{version}"'}))

    def _logged_in(self, method: str, path: str, body: Any, headers: dict[str, str]) -> bytes:
        if not self._csrf:
            self._log_in()
        try:
            return self._send(method, path, body, headers | {"X-CSRF-Token": self._csrf})
        except PatrolError as error:
            if error.status != 401:
                raise
        self._log_in()
        return self._send(method, path, body, headers | {"X-CSRF-Token": self._csrf})

    def _log_in(self) -> None:
        who = {"username": self.username, "password": self._password}
        self._csrf = str(json.loads(self._send("POST", "/session", who, {}))["csrf"])

    def _send(self, method: str, path: str, body: Any, headers: dict[str, str]) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self._api}{path}", data, headers, method=method)  # noqa: S310
        request.add_header("Content-Type", "application/json")
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                text = error.read().decode("utf-8", "replace")
            raise PatrolError(f"{method} {path}: {error.code} {text[:300]}", error.code) from error
        except (OSError, HTTPException) as error:
            raise PatrolError(f"{method} {path}: {error}") from error


def log_ins(users: Path) -> dict[str, str]:
    """User name -> password, out of the file in which the cloud keeps an install's first users."""
    lines = users.read_text(encoding="utf-8").splitlines()
    words = [line.split() for line in lines if line and not line.startswith("#")]
    return {name: password for name, password, *_ in words}
