"""The tables of the node's two database files.

`node.db` holds what the node decided: the judge's state, and the series of alarms, evidence and
health. `telemetry.db` holds the readings of sensors and their series: however much that grows, breaks
or waits, alarms are kept beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

from devices.messages import Series

_LEDGER = """
    CREATE TABLE meta (
        key TEXT PRIMARY KEY,
        value TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE series (
        name TEXT PRIMARY KEY,
        next INTEGER NOT NULL DEFAULT 1 CHECK (next >= 1),
        accepted INTEGER NOT NULL DEFAULT 0 CHECK (accepted >= 0)
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE outbox (
        series TEXT NOT NULL REFERENCES series (name),
        seq INTEGER NOT NULL CHECK (seq >= 1),
        event_id TEXT NOT NULL UNIQUE,
        at TEXT NOT NULL,
        photo TEXT,
        event TEXT NOT NULL,
        PRIMARY KEY (series, seq)
    ) STRICT;
    CREATE INDEX outbox_photo ON outbox (photo) WHERE photo IS NOT NULL;

    CREATE TABLE refused (
        series TEXT NOT NULL REFERENCES series (name),
        seq INTEGER NOT NULL CHECK (seq >= 1),
        event_id TEXT NOT NULL UNIQUE,
        at TEXT NOT NULL,
        photo TEXT,
        event TEXT NOT NULL,
        refused_at TEXT NOT NULL,
        code TEXT NOT NULL,
        reason TEXT NOT NULL,
        PRIMARY KEY (series, seq)
    ) STRICT;
    CREATE INDEX refused_photo ON refused (photo) WHERE photo IS NOT NULL;
"""

_STATE = """
    CREATE TABLE state (
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        value BLOB NOT NULL,
        PRIMARY KEY (kind, key)
    ) STRICT;
"""

_HEARD = """
    CREATE TABLE heard (
        sensor TEXT NOT NULL,
        boot TEXT NOT NULL,
        top INTEGER NOT NULL,
        seen BLOB NOT NULL,
        turn INTEGER NOT NULL,
        PRIMARY KEY (sensor, boot)
    ) STRICT, WITHOUT ROWID;
"""

_GAPS = """
    ALTER TABLE series ADD COLUMN refused INTEGER NOT NULL DEFAULT 0 CHECK (refused >= 0);
    ALTER TABLE series ADD COLUMN evicted INTEGER NOT NULL DEFAULT 0 CHECK (evicted >= 0);
    UPDATE series SET refused = (SELECT count(*) FROM refused WHERE series = name);
    ALTER TABLE outbox ADD COLUMN kind TEXT NOT NULL DEFAULT '';
    ALTER TABLE outbox ADD COLUMN condition TEXT;
    UPDATE outbox SET
        kind = CASE series WHEN 'evidence' THEN coalesce(json_extract(event, '$.data.kind'), '') ELSE '' END,
        condition = json_extract(event, '$.data.condition_id')
        WHERE json_valid(event);
    CREATE INDEX outbox_kind ON outbox (series, kind, seq);
    CREATE INDEX outbox_condition ON outbox (condition) WHERE condition IS NOT NULL;
    CREATE INDEX refused_at ON refused (refused_at);
"""

_NO_TELEMETRY = "DELETE FROM series WHERE name = 'telemetry';"
"""It was never used there."""

_READINGS = """
    CREATE TABLE reading (
        id INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        reading TEXT NOT NULL
    ) STRICT;
"""


_DELIVERED = """
    CREATE TABLE delivered (
        series TEXT NOT NULL REFERENCES series (name),
        seq INTEGER NOT NULL CHECK (seq >= 1),
        event_id TEXT NOT NULL UNIQUE,
        at TEXT NOT NULL,
        photo TEXT,
        event TEXT NOT NULL,
        kind TEXT NOT NULL,
        condition TEXT,
        delivered_at TEXT NOT NULL,
        PRIMARY KEY (series, seq)
    ) STRICT;
    CREATE INDEX delivered_photo ON delivered (photo) WHERE photo IS NOT NULL;
    CREATE INDEX delivered_at ON delivered (delivered_at);
"""


@dataclass(frozen=True, slots=True)
class Shape:
    """One kind of database file."""

    file: str
    migrations: tuple[str, ...]
    """Each brings `user_version` up by one; one that was released is never changed."""
    series: tuple[Series, ...]
    kept: frozenset[Series] = frozenset()
    """Series whose messages stay some days after the cloud took them."""


NODE = Shape(
    "node.db",
    (
        _LEDGER + _STATE + _HEARD,
        _GAPS + _NO_TELEMETRY,
        _DELIVERED,
    ),
    (Series.ALARM, Series.EVIDENCE, Series.HEALTH),
    frozenset({Series.ALARM, Series.EVIDENCE}),
)
TELEMETRY = Shape("telemetry.db", (_LEDGER + _HEARD + _READINGS + _GAPS,), (Series.TELEMETRY,))
SHAPES = (NODE, TELEMETRY)
