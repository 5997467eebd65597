"""Any JSON, or a bare value, by the site's `mapping`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo

from devices.sensors.decoders.base import Incoming, Post, Report
from devices.sensors.decoders.parts import json_or_text, measured


class Mapped:
    """For devices of which only their site knows where their values stand."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone

    def topics(self, post: Post) -> tuple[str, ...]:
        """None: the site gives them."""
        return ()

    def decode(self, message: Incoming, posts: Sequence[Post]) -> Iterable[Report]:
        """One report for each sensor that is heard under the topic."""
        body = json_or_text(message.payload)
        return [measured(body, post, self._zone).report(post) for post in posts]
