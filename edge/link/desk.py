"""Commands are done once: what one led to is kept with its answer in one transaction; repeats get that.

Two kinds are otherwise. An answer with pictures in it is not kept, since they are not to be: a repeat looks
anew. And what takes long is done aside: it is answered when it is done, or at a repeat after that.
"""

from __future__ import annotations

import json
import logging
import queue
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from pydantic import ValidationError

from devices.link import Answer, Command, Outcome, Shown
from devices.messages import Evidence, explain
from edge.errors import CredentialBusy, StoreError, UplinkError
from edge.keep import NodeStore

log = logging.getLogger(__name__)

COMMAND = "command"
"""Kind of state under which answers are kept, by the command's id."""
SPARE = 86400.0
"""Seconds for which an answer is kept beyond its command's life: the node's wall clock may be set anew."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a handler did. `evidence`: photos on the disk, to be queued with the answer."""

    result: Mapping[str, Any] = field(default_factory=dict)
    evidence: tuple[Evidence, ...] = ()
    reason: str | None = None
    """Why it could not be done; None: it was."""
    pictures: tuple[Shown, ...] = ()


class Handler(Protocol):
    """Does commands of one kind. It may take seconds; to begin anew before it was kept must be harmless."""

    def __call__(self, command: Command) -> Done | None:
        """Do it; None: it was begun, or is still being done, and whoever does it says `finished` to the desk.

        Raises:
            ValidationError: the body is not one of this kind.
            StoreError: what it found cannot be kept just now.
            UplinkError: the cloud did not do its part just now.
            CredentialBusy: nor can the node.
        """
        ...


class CommandDesk:
    """Does commands and remembers that it did; used by one thread."""

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        store: NodeStore,
        now: Callable[[], datetime],
        wake: Callable[[], None],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Go on where an earlier desk on this store stopped. `wake` is told that something was queued."""
        self._handlers = handlers
        self._store = store
        self._now = now
        self._wake = wake
        self._monotonic = monotonic
        kept = {key: json.loads(raw) for key, raw in store.states(COMMAND).items()}
        self._until = {key: float(raw["until"]) for key, raw in kept.items()}
        self._answers = {key: Answer.model_validate(raw["answer"]) for key, raw in kept.items()}
        self._late: queue.SimpleQueue[Answer] = queue.SimpleQueue()

    def handle(self, command: Command, came: float) -> Answer | None:
        """The answer to a command that `came` then (monotonic seconds); None: not now, send it again."""
        known = self._answers.get(str(command.id))
        if known is not None:
            return known
        left = command.expires_in - (self._monotonic() - came)
        if left <= 0:
            return Answer(id=command.id, outcome=Outcome.EXPIRED)
        try:
            done = self._do(command)
            if done is None:
                return None
            answer = _answer(command.id, done)
            if not done.pictures:
                self._keep(answer, done, left)
        except StoreError as error:
            log.error("command %s cannot be kept: %s", command.kind, error)
            return None
        except (UplinkError, CredentialBusy) as error:
            log.warning("command %s cannot be done just now: %s", command.kind, error)
            return None
        log.info("command %s %s", command.kind, answer.outcome)
        if done.evidence:
            self._wake()
        return answer

    def finished(self, command: UUID, done: Done) -> None:
        """What was done aside is done; any thread."""
        self._late.put(_answer(command, done))

    def late(self) -> Iterator[Answer]:
        """The answers to what was finished since."""
        while not self._late.empty():
            yield self._late.get()

    def _do(self, command: Command) -> Done | None:
        handler = self._handlers.get(command.kind)
        if handler is None:
            return Done(reason=f"this node's gridwatch does not know commands of the kind {command.kind!r}")
        try:
            return handler(command)
        except ValidationError as error:
            return Done(reason=explain(error, "body"))

    def _keep(self, answer: Answer, done: Done, left: float) -> None:
        now = self._now()
        key, until = str(answer.id), now.timestamp() + left + SPARE
        over = [one for one, end in self._until.items() if end < now.timestamp()]
        kept = {"until": until, "answer": answer.model_dump(mode="json")}
        try:
            with self._store.transaction() as tx:
                for one in over:
                    tx.delete_state(COMMAND, one)
                for photo in done.evidence:
                    tx.queue(photo, photo.captured_at)
                tx.put_state(COMMAND, key, json.dumps(kept, separators=(",", ":")).encode())
        except StoreError:
            for photo in done.evidence:
                self._store.discard_photo(photo.sha256)
            raise
        for one in over:
            del self._until[one], self._answers[one]
        self._until[key], self._answers[key] = until, answer


def _answer(command: UUID, done: Done) -> Answer:
    if done.reason is not None:
        return Answer(id=command, outcome=Outcome.FAILED, result={"reason": done.reason})
    return Answer(id=command, outcome=Outcome.DONE, result=dict(done.result), pictures=done.pictures)
