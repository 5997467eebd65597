"""The cloud's side of enrolment and rotation, in memory: what `cloud.nodes` promises of both.

Faults of the line and ends of the process are made around it, by the tests.
"""

from __future__ import annotations

from edge.errors import CloudRefused
from edge.send.credential import digest


class FakeDoor:
    """Knows hashes only. `valid` are those that a request may come with."""

    def __init__(self, *tokens: str, codes: dict[str, str] | None = None) -> None:
        self.valid = {digest(token): True for token in tokens}
        """Hash -> confirmed."""
        self.codes = codes or {}
        self.paid: dict[str, str] = {}

    def takes(self, token: str) -> bool:
        return digest(token) in self.valid

    def enrol(self, code: str, token_sha256: str) -> str:
        if code not in self.codes or self.paid.get(code, token_sha256) != token_sha256:
            raise CloudRefused("bad_code")
        self.paid[code] = token_sha256
        self.valid = {token_sha256: True}
        return self.codes[code]

    def rotate(self, held_token: str, token_sha256: str) -> bool:
        held = digest(held_token)
        if held not in self.valid:
            raise CloudRefused("bad_token")
        if held == token_sha256:
            self.valid = {held: True}
            return True
        self.valid = {known: True for known, confirmed in self.valid.items() if confirmed}
        self.valid[token_sha256] = False
        return False
