"""`photo` and `look_again`: asked for on the link's thread, seen to on the thread that looks at frames."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from uuid import UUID

from devices.link import Command, LookAgainBody, PhotoBody, Verdict
from devices.messages import EvidenceKind
from devices.stream import Frame
from edge.judge.again import again, unsure
from edge.judge.panel import Notes, Post
from edge.judge.shelf import cases_of
from edge.keep import NodeStore
from edge.keep.drawing import annotated
from edge.link.desk import Done
from edge.node.photo import Photo, photo_of, saved
from edge.see.eye import LOOK_WIDTH
from edge.see.view import View

PATIENCE = 15.0
"""Seconds for a camera to show what is asked for; a smart codec may send a key frame every 10 s."""
GRACE = 3.0
"""Seconds more for the look under way."""


@dataclass(frozen=True, slots=True)
class Look:
    """What is known after one look at one camera."""

    frame: Frame
    view: View
    posts: tuple[Post, ...]
    notes: tuple[Notes, ...]


@dataclass(slots=True)
class _Errand:
    camera: str
    decide: Callable[[Look], Verdict | None]
    condition: UUID | None
    until: float
    done: threading.Event = field(default_factory=threading.Event)
    verdict: Verdict | None = None
    photo: Photo | None = None


class Errands:
    """Two handlers, and where each look is shown to them."""

    def __init__(
        self,
        store: NodeStore,
        new_id: Callable[[], UUID],
        wake: Callable[[str], None],
        ill: Callable[[str, UUID], bool],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """`wake` asks a camera for a picture soon; `ill`: a condition is an open one of a camera's health."""
        self._store, self._new_id, self._wake, self._ill = store, new_id, wake, ill
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._waiting: list[_Errand] = []
        self._cameras: frozenset[str] = frozenset()
        self._closed = False

    def know(self, cameras: Iterable[str]) -> None:
        """These are the node's cameras."""
        self._cameras = frozenset(cameras)

    def photo(self, command: Command) -> Done:
        """A photo of the next picture that is looked at."""
        body = PhotoBody.model_validate(command.body)
        if body.camera not in self._cameras:
            return Done(reason=f"{body.camera} is no camera of this node")
        errand = self._wait(body.camera, lambda _: Verdict.PRESENT, None)
        if errand.photo is None:
            return Done(reason=f"no picture came from {body.camera} within {PATIENCE:g} s")
        return self._done(errand.photo, command, body.condition_id or command.id, body.camera)

    def look_again(self, command: Command) -> Done:
        """Whether what a condition is about is still there, with a photo of what was seen."""
        body = LookAgainBody.model_validate(command.body)
        condition = body.condition_id
        if body.camera not in self._cameras:
            return Done(reason=f"{body.camera} is no camera of this node")
        if self._ill(body.camera, condition):
            errand = self._wait(body.camera, lambda _: Verdict.PRESENT, None)
            verdict = Verdict.PRESENT
        else:
            errand = self._wait(body.camera, lambda look: again(condition, look.notes, look.view), condition)
            verdict = errand.verdict or Verdict.BLIND
        if errand.photo is None:
            return Done({"verdict": verdict})
        return self._done(errand.photo, command, condition, body.camera, verdict=verdict)

    def seen(self, camera: str, seen: Look) -> None:
        """A camera was looked at. On the looking thread."""
        now = self._monotonic()
        with self._lock:
            mine = [one for one in self._waiting if one.camera == camera]
        for one in mine:
            verdict = one.decide(seen)
            if verdict is None and now >= one.until:
                verdict = unsure(seen.view)
            if verdict is not None:
                one.verdict, one.photo = verdict, _shown(seen, one.condition)
                one.done.set()

    def close(self) -> None:
        """Nobody waits any more."""
        with self._lock:
            self._closed = True
            for one in self._waiting:
                one.done.set()

    def _wait(self, camera: str, decide: Callable[[Look], Verdict | None], condition: UUID | None) -> _Errand:
        errand = _Errand(camera, decide, condition, self._monotonic() + PATIENCE)
        with self._lock:
            self._waiting.append(errand)
            if self._closed:
                errand.done.set()
        self._wake(camera)
        errand.done.wait(PATIENCE + GRACE)
        with self._lock:
            self._waiting.remove(errand)
        return errand

    def _done(self, photo: Photo, command: Command, condition: UUID, camera: str, **more: str) -> Done:
        """The photo on the disk, named in the answer."""
        evidence = saved(self._store, photo, self._new_id(), condition, EvidenceKind.FRESH, camera)
        result = {
            **more, "sha256": evidence.sha256, "captured_at": photo.at.isoformat(),
            "width": photo.width, "height": photo.height,
        }  # fmt: skip
        return Done(result, (evidence,))


def _shown(look: Look, condition: UUID | None) -> Photo:
    """The picture; with the zone and box of the condition that it was taken for."""
    picture = look.frame.colour(min(LOOK_WIDTH, look.frame.width))
    for post, notes in zip(look.posts, look.notes, strict=True):
        for case in cases_of(notes):
            if case.id == condition:
                picture = annotated(picture, post.zone.polygon, case.box)
    return photo_of(look.frame, picture)
