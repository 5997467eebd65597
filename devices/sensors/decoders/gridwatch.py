"""Our own JSON on our own topics (`devices.sensors.decode`, `devices.sensors.topics`)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo

from devices.sensors.decode import bound, report_of
from devices.sensors.decoders.base import Incoming, Post, Report
from devices.sensors.presence import decode_presence
from devices.sensors.topics import Channel, filters


class Gridwatch:
    """Canonical JSON: `tele` and `event` measure, `state` says who is there, `birth` is for people."""

    def __init__(self, zone: tzinfo) -> None:
        """Its times carry their zone."""

    def topics(self, post: Post) -> tuple[str, ...]:
        """One subscription covers a point."""
        return filters([post.point])

    def decode(self, message: Incoming, posts: Sequence[Post]) -> Iterable[Report]:
        """See `devices.sensors.decode`."""
        where = bound(message.topic, {post.sensor: post.point for post in posts})
        post = next(post for post in posts if post.sensor == where.device)
        if where.channel is Channel.STATE:
            said = decode_presence(message.topic, message.payload, {where.device: where.point})
            return [Report(post, online=said.online, boot=said.boot, connection=said.connection)]
        if where.channel is Channel.BIRTH:
            return []
        return [report_of(message.payload, post)]
