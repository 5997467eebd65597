"""Requests and their answers over one connection, with proof of the password where the camera asks for it."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping

from devices.credentials import Credentials
from devices.errors import StreamDropped, StreamRefused, StreamUnreachable
from devices.reasons import Reason
from devices.stream.rtsp_client import messages
from devices.stream.rtsp_client.connection import Connection
from devices.stream.rtsp_client.digest import Challenge, authorization, challenge
from devices.stream.rtsp_client.messages import Message, Outgoing

MOST_TRIES = 3
"""How often one request is sent: without proof, with it, and with another nonce when that one was too old.
Many cameras lock an account after five wrong log-ins; a wrong password is shown once."""
ANSWERED = {"OPTIONS", "GET_PARAMETER", "SET_PARAMETER", "ANNOUNCE"}
"""Requests from the camera that are answered with 200."""


class Dialogue:
    """Asks, and is asked. `connection` is to be set before anything else."""

    connection: Connection

    def __init__(self, credentials: Credentials | None, patience: float, *, basic: bool) -> None:
        """`patience`: seconds for each answer. `basic`: whether the password may be sent in the open."""
        self.session = ""
        """The session's id, once there is one."""
        self._credentials = credentials
        self._patience = patience
        self._basic = basic
        self._number = 0
        self._reply: Message | None = None
        self._asked: Challenge | None = None
        self._proven = False  # a request was taken with the challenge at hand
        self._uses = 0

    async def ask(self, method: str, uri: str, headers: Mapping[str, str] | None = None) -> Message:
        """Send a request and wait for the answer, whatever its status (but not 401).

        Raises:
            StreamUnreachable: no answer in time.
            StreamRefused: the credentials are missing or wrong.
            StreamDropped: the connection ended.
        """
        for _ in range(MOST_TRIES):
            self.tell(method, uri, headers)
            reply = await self._answer()
            if reply.status == 403:
                raise StreamRefused("the camera refuses the user or the password")
            if reply.status != 401:
                self._proven = self._asked is not None
                return reply
            self.learn(reply)
        raise StreamRefused("the camera refuses the user or the password, and says each time it was too late")

    def tell(self, method: str, uri: str, headers: Mapping[str, str] | None = None) -> None:
        """Send a request; its answer can be had from `heard`.

        Raises:
            StreamDropped: the connection ended.
        """
        self._number += 1
        self._reply = None
        self.connection.send(self._written(method, uri, headers or {}))

    def heard(self) -> Message | None:
        """The answer to the latest request, once."""
        reply, self._reply = self._reply, None
        return reply

    def learn(self, reply: Message) -> None:
        """Take the challenge of a 401, so that the next request meets it.

        Raises:
            StreamRefused: it cannot be met, or was met, in vain.
        """
        asked = challenge(reply.headers.get("www-authenticate", ()))
        if self._credentials is None:
            raise StreamRefused("the camera asks for a user and a password")
        if asked is None:
            raise StreamRefused("the camera asks for a log-in of a kind that is not understood")
        if asked.algorithm == "basic" and not self._basic:
            raise StreamRefused("a camera redirected to another host, which wants the password in the open")
        if self._asked is not None and not self._proven and not asked.stale:
            raise StreamRefused("the camera refuses the user or the password")
        self._asked, self._proven, self._uses = asked, False, 0

    def on_message(self, message: Message) -> None:
        """What the camera said: an answer, or a request of its own.

        Raises:
            StreamDropped: it ends the session.
        """
        if message.method:
            self._be_asked(message)
        elif message.status >= 200 and message.number in (None, self._number):
            self._reply = message

    def _be_asked(self, message: Message) -> None:
        known = message.method in ANSWERED or message.method in ("TEARDOWN", "REDIRECT")
        status, reason = (200, "OK") if known else (501, "Not Implemented")
        headers = {"Session": message.header("session")}
        if message.method == "OPTIONS":
            headers["Public"] = ", ".join(sorted(ANSWERED))
        self.connection.send(messages.reply(status, reason, message.header("cseq") or "0", headers))
        if message.method == "TEARDOWN":
            raise StreamDropped("the camera ended the session")
        if message.method == "REDIRECT":
            raise StreamDropped("the camera sends its viewers elsewhere")

    async def _answer(self) -> Message:
        late = False
        try:
            async with asyncio.timeout(self._patience):
                while (reply := self.heard()) is None:
                    await self.connection.wait()
                return reply
        except TimeoutError:
            late = True
        assert late
        raise StreamUnreachable(
            f"it takes the connection, but no answer within {self._patience:g} s", Reason.HUNG
        )

    def _written(self, method: str, uri: str, headers: Mapping[str, str]) -> Outgoing:
        lines = dict(headers)
        if self.session:
            lines["Session"] = self.session
        if self._asked is not None and self._credentials is not None:
            self._uses += 1
            cnonce = secrets.token_hex(8)
            lines["Authorization"] = authorization(
                self._asked, self._credentials, method, uri, count=self._uses, cnonce=cnonce
            )
        return messages.request(method, uri, self._number, lines)
