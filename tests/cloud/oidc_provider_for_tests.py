"""A small OpenID provider: real HTTP on a loopback port, real RSA keys, and the faults that tests ask for."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "gridwatch", "a secret: of the+client"


@cache
def rsa(number: int, kid: str) -> RSAKey:
    """One of a few keys: making one takes its time."""
    return RSAKey.generate_key(2048, {"kid": kid, "number": str(number)})


def _part(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).decode().rstrip("=")


@dataclass
class FakeProvider:
    """What it knows and does; `claims` and `header` replace what a token would hold."""

    now: Any
    issuer: str = ""
    key: RSAKey = field(default_factory=lambda: rsa(1, "k1"))
    published: list[RSAKey] = field(default_factory=list)
    claims: dict[str, Any] = field(default_factory=dict)
    signed: str = "RS256"
    fails: dict[str, int] = field(default_factory=dict)
    """Path -> the status that it answers with."""
    configuration: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def let_in(self, address: str) -> str:
        """What a browser is redirected to when the person there agreed: our callback with code and state."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["response_type"] == "code"
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(16)
        self.codes[code] = query
        return f"{query['redirect_uri']}?code={code}&state={query['state']}"

    def answer(self, method: str, path: str, headers: Any, form: dict[str, str]) -> tuple[int, Any]:
        self.asked.append(path)
        if path in self.fails:
            return self.fails[path], {"error": "on purpose"}
        match method, path:
            case "GET", "/.well-known/openid-configuration":
                places = {
                    "authorization_endpoint": "authorize",
                    "token_endpoint": "token",
                    "jwks_uri": "keys",
                }
                said = {name: f"{self.issuer}/{place}" for name, place in places.items()}
                return 200, {"issuer": self.issuer} | said | self.configuration
            case "GET", "/keys":
                return 200, {"keys": [key.as_dict(private=False) for key in self.published or [self.key]]}
            case "POST", "/token":
                return self._token(headers, form)
        return 404, {}

    def _token(self, headers: Any, form: dict[str, str]) -> tuple[int, Any]:
        query = self.codes.pop(form.get("code", ""), None)
        basic = base64.b64encode(b"gridwatch:a+secret%3A+of+the%2Bclient").decode()
        if headers.get("Authorization") != f"Basic {basic}":
            return 401, {"error": "invalid_client"}
        if query is None or form["redirect_uri"] != query["redirect_uri"]:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if _part(digest) != query["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "x", "token_type": "Bearer", "id_token": self._signed(query["nonce"])}

    def _signed(self, nonce: str) -> str:
        at = int(self.now().timestamp())
        claims = {
            "iss": self.issuer, "aud": CLIENT, "sub": "u-1", "iat": at, "exp": at + 300, "nonce": nonce,
        }  # fmt: skip
        claims = {name: value for name, value in (claims | self.claims).items() if value is not None}
        header = {"alg": self.signed, "kid": self.key.kid}
        if self.signed == "none":
            return ".".join([*(_part(json.dumps(part).encode()) for part in (header, claims)), ""])
        if self.signed == "HS256":  # the public key as a shared secret: the classic confusion
            parts = [_part(json.dumps(part).encode()) for part in (header, claims)]
            secret = self.key.as_pem(private=False)
            mark = hmac.new(secret, ".".join(parts).encode(), hashlib.sha256).digest()
            return ".".join([*parts, _part(mark)])
        return jwt.encode(header, claims, self.key, algorithms=[self.signed])


@contextmanager
def provider(now: Any) -> Iterator[FakeProvider]:
    """One that runs."""
    found = FakeProvider(now)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._say(*found.answer("GET", self.path, self.headers, {}))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._say(*found.answer("POST", self.path, self.headers, form))

        def _say(self, status: int, body: Any) -> None:
            text = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
