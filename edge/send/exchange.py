"""Enrolment and rotation as the node does them. Each may die at any point and be begun again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import requests
from pydantic import BaseModel, ValidationError

from devices.tls import certificate_fault
from edge.errors import CloudRefused, CloudStalled, CloudUnreachable, CredentialTrouble, UplinkError
from edge.send.credential import Credential, digest, held, load, new_token, store
from edge.send.token import bearer
from edge.send.trust import Trust

TIMEOUTS_S = (5.0, 20.0)
"""To connect, and for each piece of the answer."""
_LARGEST = 64 * 1024


class Door(Protocol):
    """What the exchange needs of the cloud. Both raise `UplinkError` when it does not do as asked."""

    def enrol(self, code: str, token_sha256: str) -> str:
        """Exchange a code; the node it is for."""
        ...

    def rotate(self, held_token: str, token_sha256: str) -> bool:
        """Come with one token and name a hash; True when it is that token's own, now confirmed."""
        ...


def enrol(state: Path, code: str, door: Door) -> str:
    """Make this directory the node's that `code` was made for; its id. Begun again, it goes on.

    Raises:
        UplinkError: the cloud cannot be asked, or does not take the code.
        CredentialTrouble: the directory cannot be written.
    """
    with held(state):
        before = load(state) or Credential()
        # One left over from a try whose answer was lost: the code was paid for it. It may be void, too.
        for token in (before.next, new_token()) if before.next else (new_token(),):
            store(state, replace(before, next=token))
            try:
                node = door.enrol(code, digest(token))
            except CloudRefused as error:
                refused = error
            else:
                store(state, Credential(node=node, token=token))
                return node
        store(state, before)
        raise refused


def rotate(state: Path, door: Door, order: str = "") -> str:
    """Exchange the node's token for a new one; its id. What an earlier try left unfinished is finished.

    What was done for an `order` is not done again for the same one, whatever died after it.

    Raises:
        UplinkError: the cloud cannot be asked, or takes neither the present token nor the next.
        CredentialTrouble: the node is not enrolled here, or the directory cannot be written.
    """
    with held(state):
        mine = load(state)
        if mine is None or not mine.token:
            raise CredentialTrouble("this node is not enrolled here; run gridwatch edge enrol first")
        if order and mine.order == order and not mine.next:
            return mine.node
        if not mine.next or not _is_taken(door, mine.next):
            mine = replace(mine, next=mine.next or new_token(), order=order or mine.order)
            store(state, mine)
            door.rotate(mine.token, digest(mine.next))
            if not door.rotate(mine.next, digest(mine.next)):
                raise CloudStalled("the cloud does not confirm the new token; try again")
        store(state, Credential(node=mine.node, token=mine.next, order=order or mine.order))
        return mine.node


def _is_taken(door: Door, token: str) -> bool:
    """Whether a token left over from an earlier try is good already; it is the only one then."""
    try:
        return door.rotate(token, digest(token))
    except CloudRefused:
        return False


class _Problem(BaseModel):
    code: str = ""
    title: str = ""
    detail: str = ""


class HttpDoor:
    """The cloud's two addresses for it, over HTTP(S)."""

    def __init__(self, url: str, trust: Trust) -> None:
        """`url`: scheme, host and port, checked by `devices.site.model.Uplink`."""
        self._url = url.rstrip("/")
        self._trust = trust

    def enrol(self, code: str, token_sha256: str) -> str:
        """`POST /api/v1/enrolment`."""
        answer = self._ask("POST", "/api/v1/enrolment", {"code": code, "token_sha256": token_sha256}, None)
        node = answer.get("node")
        if not isinstance(node, str) or not node:
            raise CloudStalled(f"what answers at {self._url} does not speak as Gridwatch's cloud does")
        return node

    def rotate(self, held_token: str, token_sha256: str) -> bool:
        """`PUT /api/v1/node-credential`."""
        answer = self._ask("PUT", "/api/v1/node-credential", {"token_sha256": token_sha256}, held_token)
        return answer.get("confirmed") is True

    def _ask(self, method: str, path: str, body: dict[str, str], token: str | None) -> dict[str, Any]:
        headers = {"Accept": "application/json"} | ({} if token is None else {"Authorization": bearer(token)})
        try:
            with (
                self._trust.session() as session,
                session.request(
                    method, self._url + path, json=body, headers=headers, timeout=TIMEOUTS_S,
                    allow_redirects=False, stream=True,
                ) as response,
            ):  # fmt: skip
                status, content = response.status_code, next(response.iter_content(_LARGEST), b"")
        except requests.exceptions.ReadTimeout:
            raise CloudStalled(f"{self._url} takes the request and does not answer") from None
        except (requests.exceptions.RequestException, OSError) as error:
            fault = certificate_fault(error)
            raise CloudUnreachable(
                f"{self._url} {fault}" if fault else f"nobody answers at {self._url}, or it broke off"
            ) from None
        if status != 200:
            raise _trouble(status, content, self._url)
        try:
            found: dict[str, Any] = _Answer.model_validate_json(content).model_dump()
        except ValidationError:
            raise CloudStalled(
                f"what answers at {self._url} does not speak as Gridwatch's cloud does"
            ) from None
        return found


class _Answer(BaseModel):
    node: str | None = None
    confirmed: bool | None = None


def _trouble(status: int, content: bytes, url: str) -> UplinkError:
    try:
        problem = _Problem.model_validate_json(content)
    except ValidationError:
        problem = _Problem()
    if problem.code in ("bad_code", "bad_token", "node_revoked", "forbidden"):
        return CloudRefused(f"{problem.title}: {problem.detail}")
    if problem.code:
        return CloudStalled(f"the cloud answers: {problem.title}: {problem.detail}")
    return CloudStalled(f"what answers at {url} does not speak as Gridwatch's cloud does (HTTP {status})")
