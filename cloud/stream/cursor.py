"""The place of a change in the stream: (transaction id, row id), in the order in which it is safe to read."""

from __future__ import annotations

from typing import NamedTuple

from cloud.errors import Problem


class Cursor(NamedTuple):
    """Everything up to and with this was sent."""

    xid: int
    id: int

    def __str__(self) -> str:
        return f"{self.xid}-{self.id}"


def parse_cursor(text: str) -> Cursor:
    """What a browser sends back as `Last-Event-ID`.

    Raises:
        Problem: `invalid`, not `<xid>-<id>`.
    """
    xid, dash, row = text.partition("-")
    numbers = dash and text.isascii() and xid.isdigit() and row.isdigit()
    if not numbers or int(xid) >= 2**64 or int(row) >= 2**63:
        fault = {"pointer": "/header/Last-Event-ID", "detail": "the `id` of an event of this stream"}
        raise Problem("invalid", "Last-Event-ID: not a cursor of this stream", errors=[fault])
    return Cursor(int(xid), int(row))
