"""`POST /ingest`: what nodes send."""

from __future__ import annotations

from fastapi import APIRouter, Request

from cloud.alarms.policy import policy_in
from cloud.context import InContext
from cloud.errors import Problem
from cloud.ingest import records
from cloud.ingest.lateness import Ages, sent_at
from cloud.ingest.service import Intake
from cloud.people.identity import Sender
from cloud.problems import problems
from devices.errors import MessageError
from devices.messages import SENT_AT, Event, IngestAnswer, parse_batch

router = APIRouter(tags=["ingest"])

MAX_EVENTS = 500
STORE_AGAIN = "5"
"""Seconds after which a node may ask again when the store of telemetry is away."""
_BATCH = "application/cloudevents-batch+json"
_EVENT = Event.model_json_schema(ref_template="#/components/schemas/{model}")
del _EVENT["$defs"]  # what it names stands in the document's components, through IngestAnswer
_DESCRIPTION = """
A batch of at most 500 CloudEvents and 1 MiB. Each event is judged alone: `committed` numbers are durable,
`refused` ones will never be taken (except `media_missing`: PUT the photo, send again), what is in
neither must be sent again. Sending an event again is safe: it counts as committed, and under `duplicates`.
"""


@router.post(
    "/ingest",
    operation_id="ingest",
    summary="Send events (nodes)",
    description=_DESCRIPTION,
    responses=problems("bad_token", "too_large", "invalid", "unavailable", "store_away"),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {_BATCH: {"schema": {"type": "array", "items": _EVENT}}},
        }
    },
)
async def ingest(context: InContext, node: Sender, request: Request) -> IngestAnswer:
    """Store a batch."""
    try:
        events = parse_batch(await request.body())
    except MessageError as error:
        fault = {"pointer": "/body", "detail": str(error)[:2000]}
        raise Problem("invalid", "the body is not a batch of CloudEvents", errors=[fault]) from error
    if len(events) > MAX_EVENTS:
        raise Problem("too_large", f"{len(events)} events; send at most {MAX_EVENTS} at once")
    intake = Intake(
        context.engine, context.registry, context.media, context.history, context.tail, context.telemetry,
        policy_in(context.policies),
    )  # fmt: skip
    now = context.now()
    ages = Ages(now, sent_at(request.headers.get(SENT_AT)))
    await records.heard(context.engine, node.id, node.last_seen_at, now, ages.clock_offset_s)
    tally = await intake.take(node.id, events, now, ages)
    answer = tally.answer(context.ledger)
    if tally.waiting and not (answer.committed or answer.refused):
        raise Problem("store_away", "keep it and send it again", headers={"Retry-After": STORE_AGAIN})
    outcomes = {
        "committed": sum(map(len, tally.committed.values())),
        "duplicate": answer.duplicates,
        "refused": len(answer.refused),
    }
    for outcome, count in outcomes.items():
        context.metrics.ingest.labels(node.id, outcome).inc(count)
    if outcomes["committed"]:
        context.tail.changed()
    return answer
