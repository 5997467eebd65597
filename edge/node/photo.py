"""One picture as JPEG, and as evidence of a condition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from devices.messages import Evidence, EvidenceKind
from devices.stream import Frame
from edge.keep import NodeStore
from edge.keep.drawing import jpeg
from edge.see.detector import Colour


@dataclass(frozen=True, slots=True)
class Photo:
    """One picture as JPEG."""

    at: datetime
    jpeg: bytes
    width: int
    height: int


def photo_of(frame: Frame, picture: Colour) -> Photo:
    """`picture` (out of `frame`, perhaps drawn upon) as JPEG."""
    return Photo(frame.taken_at, jpeg(picture), picture.shape[1], picture.shape[0])


def saved(
    store: NodeStore, photo: Photo, evidence_id: UUID, condition_id: UUID, kind: EvidenceKind, camera: str
) -> Evidence:
    """Put the photo onto the disk; its message, to be queued.

    Raises:
        StoreError: it could not be written.
    """
    sha256, _ = store.save_photo(photo.jpeg)
    return Evidence(
        evidence_id=evidence_id,
        condition_id=condition_id,
        kind=kind,
        camera=camera,
        captured_at=photo.at,
        sha256=sha256,
        size=len(photo.jpeg),
        width=photo.width,
        height=photo.height,
    )
