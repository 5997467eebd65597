"""What a camera's rules ask of its stream just now, and how much of it may be let go."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from devices.site.hours import open_at
from devices.site.model import Camera
from devices.site.rules import CameraRule
from devices.stream import FrameRequest
from edge.judge.panel import Notes
from edge.judge.shelf import cases_of
from edge.judge.watch import request_for
from edge.node.budget import Attention
from edge.see.view import View


def rules_of(camera: Camera) -> list[CameraRule]:
    """The rules of all its zones."""
    return [rule for zone in camera.zones for rule in zone.rules]


def request_at(camera: Camera, local: datetime) -> FrameRequest:
    """How often a camera must be looked at for the rules that hold at this time of the site's clock."""
    return request_for([rule for rule in rules_of(camera) if open_at(rule.schedule, local)])


def attention(view: View, notes: Iterable[Notes]) -> Attention:
    """What a camera has in view: the budget is never kept at the cost of what is open."""
    if any(cases_of(one) for one in notes):
        return Attention.OPEN
    return Attention.CANDIDATE if view.slots else Attention.NOTHING
