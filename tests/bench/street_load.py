"""A year of a district in one database, for benches: a million incidents, five million alarms, in minutes.

    python -m tests.bench.street_load URL [--incidents 1000000]

Rows are made by the server itself, without indexes and triggers, which come back after; logs are chained by
the product's own code and copied in. The spread is over all points, grids and classes of the site that is
there, over a year, over states as a street closes them (1 % open, of the last days). Eight in ten cases are
seen by cameras and have 1 to 11 alarms, the others are told. What is left out: logs of nine in ten closed
cases, photos that retention would have deleted (older than 60 days), received ids, deadlines, notices,
anchors, marks, right check digits.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import asyncpg

from cloud.incidents import chain

LADDER = (
    ("verify", "verifying", "automatic"), ("accept", "accepted", "person"), ("file", "filed", "person"),
    ("dispatch", "dispatched", "person"), ("start", "in_progress", "person"),
    ("resolve", "resolved", "person"), ("await_check", "checking", "automatic"),
    ("close", "closed", "person"), ("rate", "evaluated", "person"),
)  # fmt: skip
"""Action, state and cause of each line after those that open and join."""
STATES = ("detected", *(state for _, state, _ in LADDER))
ASIDE = {
    "suspended": ("suspend", 2),
    "false_alarm": ("false_alarm", 0),
    "void": ("void", 2),
    "rejected": ("reject", 2),
}
"""States beside the ladder: the action, and how many steps of it were gone before."""
TABLES = ("incident", "incident_event", "alarm", "evidence", "incident_party")

_CASES = """
    CREATE UNLOGGED TABLE load_case AS
    WITH site AS (
        SELECT array_agg(p.id ORDER BY p.position) AS points, array_agg(p.grid ORDER BY p.position) AS grids,
               array_agg(a.parent ORDER BY p.position) AS communities,
               array_agg(p.node ORDER BY p.position) AS nodes
        FROM point p JOIN area a ON a.id = p.grid),
    class AS (SELECT array_agg(code ORDER BY position) AS codes FROM event_class WHERE active),
    dice AS (
        SELECT i, now() - interval '365 days' + i * (interval '364 days' / $1) AS at,
               {r1} AS r1, {r2} AS r2, {r3} AS r3, {r4} AS r4, {r5} AS r5, {r6} AS r6
        FROM generate_series(1, $1::bigint) AS i)
    SELECT i, at, {uuid} AS id, 1 + floor(r1 * cardinality(points))::int AS p,
        points[1 + floor(r1 * cardinality(points))::int] AS point,
        grids[1 + floor(r1 * cardinality(points))::int] AS grid,
        communities[1 + floor(r1 * cardinality(points))::int] AS community,
        nodes[1 + floor(r1 * cardinality(points))::int] AS node,
        codes[1 + floor(r2 * r2 * cardinality(codes))::int] AS event_class,
        CASE WHEN i > $1 * 0.97 AND r3 < 0.34 THEN
            (ARRAY['detected','detected','accepted','accepted','filed','dispatched','dispatched','dispatched',
                   'in_progress','in_progress','in_progress','resolved','checking','suspended'])
            [1 + floor(r4 * 14)::int]
        ELSE CASE WHEN r4 < 0.55 THEN 'evaluated' WHEN r4 < 0.88 THEN 'closed'
                  WHEN r4 < 0.95 THEN 'false_alarm' WHEN r4 < 0.98 THEN 'void'
                  ELSE 'rejected' END END AS state,
        CASE WHEN r5 < 0.05 THEN 0 WHEN r5 < 0.2 THEN 1 WHEN r5 < 0.7 THEN 2 ELSE 3 END AS severity,
        CASE WHEN r5 < 0.8 THEN 'edge' WHEN r5 < 0.9 THEN 'hotline' WHEN r5 < 0.95 THEN 'worker'
             ELSE 'citizen' END AS source,
        CASE WHEN r5 < 0.8 THEN 1 + floor(r6 * 10.5)::int ELSE 0 END AS alarms, r6
    FROM dice, site, class
"""
_STEPS = "array_position(ARRAY[{states}], state) - 1".format(states=",".join(f"'{one}'" for one in STATES))
_VERSION = (
    f"greatest(alarms, 1) + coalesce({_STEPS},"
    " CASE state WHEN 'suspended' THEN 3 WHEN 'false_alarm' THEN 1 ELSE 3 END)"
)
_OPEN = "state NOT IN ('closed', 'evaluated', 'rejected', 'void', 'false_alarm')"
_INCIDENTS = f"""
    INSERT INTO incident (id, number, place, event_class, state, suspended_from, version, severity, point,
        grid, community, opened_at, updated_at, closed_at, area_version, planned_version, source, level,
        handler, organisation, description, anchored_version, marked_version)
    SELECT id, to_char(at, 'YYYYMMDD') || '-' || lpad(i::text, 9, '0') || '-0',
        CASE WHEN {_OPEN} THEN point || '-now-' || i ELSE point || '-Z' || (i % 40) END, event_class, state,
        CASE WHEN state = 'suspended' THEN 'accepted' END, {_VERSION}, severity, point, grid, community, at,
        least(at + interval '3 hours', now() - interval '25 hours'),
        CASE WHEN NOT ({_OPEN}) THEN at + interval '3 hours' END,
        (SELECT max(version) FROM area_version), {_VERSION}, source, 'grid',
        CASE WHEN state IN ('in_progress', 'closed') THEN 'worker' || (i % 60) END,
        CASE WHEN i % 5 = 0 THEN 'D' || (i % 19) END,
        CASE WHEN source <> 'edge' THEN 'told by somebody, in a sentence of usual length' END,
        {_VERSION}, {_VERSION}
    FROM load_case
"""
_ALARMS = f"""
    INSERT INTO alarm (id, incident_id, version, rev, state, node, point, device, zone, rule, place,
        event_class, label, score, severity, since, at_least, box, count, opened_at, changed_at,
        cleared_at, received_at, verdict, verdict_at)
    SELECT {{uuid}}, incident_id, 1, 1 + n % 7, CASE WHEN {_OPEN} THEN 'open' ELSE 'cleared' END, node, point,
        point || '-C1', point || '-C1-Z1', 'rule', point || '-Z' || (i % 40), event_class, 'bicycle',
        0.5 + r6 / 2, (ARRAY['critical','high','medium','low'])[severity + 1], at, false,
        '[0.1, 0.2, 0.3, 0.4]', 1 + n, at, at + interval '9 minutes',
        CASE WHEN NOT ({_OPEN}) THEN at + interval '9 minutes' END, at,
        CASE WHEN r6 < 0.05 THEN 'true' WHEN r6 < 0.07 THEN 'false' END, CASE WHEN r6 < 0.07 THEN at END
    FROM (SELECT c.*, c.id AS incident_id, n FROM load_case c, generate_series(1, c.alarms) AS n) AS one
"""
_EVIDENCE = """
    INSERT INTO evidence (id, condition_id, kind, camera, captured_at, sha256, size, width, height)
    SELECT md5(a.id::text)::uuid, a.id, 'present', a.device, a.opened_at,
        encode(sha256(a.id::text::bytea), 'hex'), 60000, 640, 360
    FROM alarm a WHERE a.opened_at > now() - interval '60 days' AND a.rev = 2
"""
_PARTIES = """
    INSERT INTO incident_party SELECT id, party FROM incident, unnest(ARRAY[
        'organisation:' || organisation, 'person:' || handler]) AS party WHERE party IS NOT NULL
"""
_LOGGED = f"""
    SELECT id, at, state, greatest(alarms, 1) AS first, source FROM load_case WHERE {_OPEN} OR i % $1 = 0
"""


def _dice(salt: int) -> str:
    return f"(hashint8extended(i, {salt}) & 1048575) / 1048576.0::float8"


def _uuid(salt: str) -> str:
    """A UUIDv7 of the time `at`."""
    random = f"md5(i || '-' || {salt})"
    return (
        "(lpad(to_hex(floor(extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7'"
        f" || substr({random}, 1, 3) || '8' || substr({random}, 4, 15))::uuid"
    )


async def load(address: str, incidents: int, tell: Callable[[str], object], logged: int = 10) -> None:
    """Fill the database at `address` (of a migrated install with its site), as a superuser."""
    connection = await asyncpg.connect(address)
    began = time.monotonic()

    async def run(what: str, statement: str, *values: Any) -> None:
        at = time.monotonic()
        await connection.execute(statement, *values)
        tell(f"{what}: {time.monotonic() - at:.0f} s")

    try:
        await connection.execute("SET session_replication_role = replica; SET maintenance_work_mem = '512MB'")
        await connection.execute("SET synchronous_commit = off; SET jit = off")
        indexes = await connection.fetch(
            "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = ANY($1) AND schemaname = 'public'"
            " AND NOT EXISTS (SELECT FROM pg_constraint WHERE conname = indexname)",
            TABLES,
        )
        for row in indexes:
            await connection.execute(f'DROP INDEX "{row["indexname"]}"')
        dice = {f"r{n}": _dice(n) for n in range(1, 7)}
        await run("cases", _CASES.format(uuid=_uuid("0"), **dice).replace("$1", str(incidents)))
        await run("incidents", _INCIDENTS)
        await run("alarms", _ALARMS.format(uuid=_uuid("n")))
        await run("photos", _EVIDENCE)
        await run("parties", _PARTIES)
        at = time.monotonic()
        lines = await _logs(connection, logged)
        tell(f"{lines} lines of logs: {time.monotonic() - at:.0f} s")
        at = time.monotonic()
        for row in indexes:
            await connection.execute(row["indexdef"])
        tell(f"{len(indexes)} indexes: {time.monotonic() - at:.0f} s")
        await connection.execute("SELECT setval('incident_number', $1)", incidents)
        await connection.execute("DROP TABLE load_case")
        for table in TABLES:
            await run(f"vacuum {table}", f"VACUUM ANALYZE {table}")
        size = await connection.fetchval("SELECT pg_database_size(current_database())")
        tell(f"all: {time.monotonic() - began:.0f} s, {size / 2**30:.1f} GiB")
    finally:
        await connection.close()


async def _logs(connection: Any, logged: int) -> int:
    columns = (*chain.FIELDS, "hash")
    cases = await connection.fetch(_LOGGED.replace("$1", str(logged)))
    count = 0
    for first in range(0, len(cases), 2000):
        rows = [
            tuple(line[name] for name in columns)
            for case in cases[first : first + 2000]
            for line in log_of(case)
        ]
        await connection.copy_records_to_table("incident_event", records=rows, columns=columns)
        count += len(rows)
    return count


def log_of(case: Any) -> Iterator[dict[str, Any]]:
    """The lines of one case, chained."""
    state, hash_ = None, None
    for version, (action, target, cause) in enumerate(_walk(case["state"], case["first"]), 1):
        person = cause == "person"
        line = {
            "incident_id": case["id"], "version": version, "at": case["at"],
            "actor_kind": "user" if person else "system", "actor_name": "leader" if person else "gridwatch",
            "action": action, "from_state": state, "to_state": target or state, "cause": cause,
            "reason": "seen to be so" if action in ("void", "reject", "suspend", "false_alarm") else None,
            "detail": "{}",
        }  # fmt: skip
        hash_ = chain.line_hash(line | {"detail": {}}, hash_)
        state = target or state
        yield line | {"hash": hash_}


def _walk(state: str, first: int) -> Sequence[tuple[str, str | None, str]]:
    action, before = ASIDE.get(state, ("", 0))
    steps = LADDER[: before if action else STATES.index(state)]
    last = [(action, state, "person")] if action else []
    return [("open", "detected", "condition"), *[("join", None, "condition")] * (first - 1), *steps, *last]


def main() -> None:
    """From the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("url", help="postgresql://...")
    parser.add_argument("--incidents", type=int, default=1_000_000, help="(%(default)s)")
    options = parser.parse_args()
    asyncio.run(load(options.url, options.incidents, print))


if __name__ == "__main__":
    main()
