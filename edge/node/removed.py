"""Conditions whose rule, sensor or camera is no longer in the site: told as cleared when the node starts."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from devices.messages import Change, Condition, ConditionState, Measured, Severity
from devices.site.model import Camera, HealthKind, Point, Sensor
from devices.site.sensor_rules import SensorRule
from edge.errors import StoreError
from edge.judge.case import Case
from edge.judge.duties import Duty
from edge.judge.health import health_from_json
from edge.judge.panel import Post, about_people
from edge.judge.shelf import cases_of, ledger_from_json, level_from_json
from edge.keep import NodeStore

log = logging.getLogger(__name__)

Kept = dict[str, Mapping[str, Any]]
"""What the store holds of one kind, by key."""


def key_of(camera: Camera, post: Post) -> str:
    """Under which a zone rule's ledger is kept."""
    return f"{camera.id}|{post.zone.id}|{post.rule.id}"


def level_key(sensor: Sensor, rule: SensorRule) -> str:
    """Under which a sensor rule's level is kept."""
    return f"{sensor.id}|{rule.id}"


def described(point: Point, post: Post) -> dict[str, Any]:
    """What is kept beside a ledger, to tell of its conditions when the site no longer has the rule."""
    return {
        "point": point.id,
        "place": post.zone.place or post.zone.id,
        "event_class": post.rule.event_class,
        "severity": post.rule.severity,
        "outline": post.zone.polygon,
        "people": about_people(post.rule),
    }


def described_sensor(duty: Duty) -> dict[str, Any]:
    """The same, beside a level."""
    return {
        "point": duty.point.id,
        "place": duty.place,
        "event_class": duty.rule.event_class,
        "severity": duty.rule.severity,
        "unit": duty.unit,
        "kind": duty.rule.kind,
        "quantity": duty.rule.quantity,
    }


def described_camera(point: Point, camera: Camera, classes: Mapping[HealthKind, str]) -> dict[str, Any]:
    """The same, beside a camera's health."""
    return {"point": point.id, "classes": dict(classes), "severity": camera.health.severity}


def close_removed(store: NodeStore, kind: str, node: str, known: Mapping[str, Post], now: datetime) -> Kept:
    """The ledgers kept as `kind` for the zone rules `known`; those of all others are closed and forgotten.

    A rule that now is about people and was about things (or the other way round) is another rule. When the
    store fails nothing is forgotten: the next start tells it.
    """

    def stays(key: str, raw: Mapping[str, Any]) -> bool:
        post = known.get(key)
        return post is not None and about_people(post.rule) is bool(raw.get("people"))

    def cleared(key: str, raw: Mapping[str, Any]) -> Iterable[Condition]:
        camera, zone, rule = key.split("|")
        for case in cases_of(ledger_from_json(raw, 0.0)):
            yield _last_word(node, camera, rule, raw["post"], case, now, zone=zone)

    return _close(store, kind, stays, cleared, now)


def close_removed_sensors(
    store: NodeStore, kind: str, node: str, known: Mapping[str, Duty], now: datetime
) -> Kept:
    """The same for the levels of sensor rules; one of another kind or quantity is another rule."""

    def stays(key: str, raw: Mapping[str, Any]) -> bool:
        duty, post = known.get(key), raw["post"]
        if duty is None:
            return False
        was = post.get("kind", "threshold"), post.get("quantity", duty.rule.quantity)
        return was == (duty.rule.kind, duty.rule.quantity)

    def cleared(key: str, raw: Mapping[str, Any]) -> Iterable[Condition]:
        sensor, rule = key.split("|")
        post, case = raw["post"], level_from_json(raw, 0.0).case
        if case is None or case.value is None:
            return
        limit = post["limit"] if case.limit is None else case.limit
        measured = Measured(quantity=case.label, value=case.value, unit=post["unit"], limit=limit)
        yield _last_word(node, sensor, rule, post, case, now, measured=measured)

    return _close(store, kind, stays, cleared, now)


def close_removed_cameras(
    store: NodeStore, kind: str, node: str, known: Collection[str], now: datetime
) -> Kept:
    """The same for the health of cameras, by camera; kinds switched off are cleared by who judges them."""

    def cleared(camera: str, raw: Mapping[str, Any]) -> Iterable[Condition]:
        classes = raw["post"]["classes"]
        for health, case in health_from_json(raw["ledger"], 0.0).cases.items():
            post = {**raw["post"], "place": camera, "event_class": classes.get(health, health.value)}
            yield _last_word(node, camera, f"health.{health}", post, case, now)

    return _close(store, kind, lambda camera, _: camera in known, cleared, now)


def _close(
    store: NodeStore,
    kind: str,
    stays: Callable[[str, Mapping[str, Any]], bool],
    cleared: Callable[[str, Mapping[str, Any]], Iterable[Condition]],
    now: datetime,
) -> Kept:
    """What is kept as `kind` and `stays`; of the rest the last words are queued, and it is forgotten."""
    kept: Kept = {}
    gone: Kept = {}
    for key, state in store.states(kind).items():
        raw = json.loads(state)
        (kept if stays(key, raw) else gone)[key] = raw
    if not gone:
        return kept
    try:
        with store.transaction() as tx:
            for key, raw in gone.items():
                tx.delete_state(kind, key)
                for condition in cleared(key, raw) if "post" in raw else ():
                    tx.queue(condition, now)
                    log.info("%s: %s is over, it is no longer in the site", key, condition.label)
    except StoreError as error:
        log.error("conditions of removed rules cannot be cleared: %s", error)
    return kept


def _last_word(
    node: str,
    device: str,
    rule: str,
    post: Mapping[str, Any],
    case: Case,
    now: datetime,
    *,
    zone: str | None = None,
    measured: Measured | None = None,
) -> Condition:
    """The last word on a case whose times are UTC seconds; `post` as described above."""
    return Condition(
        condition_id=case.id,
        rev=case.rev + 1,
        change=Change.CLEARED,
        state=ConditionState.CLEARED,
        node=node,
        point=post["point"],
        device=device,
        zone=zone,
        rule=rule,
        place=post["place"],
        event_class=post["event_class"],
        label=case.label,
        score=case.score,
        severity=Severity.LOW if case.quiet else case.severity or post["severity"],
        since=datetime.fromtimestamp(case.since, UTC),
        at_least=case.at_least,
        changed_at=now,
        box=case.box,
        outline=post.get("outline"),
        count=case.count,
        count_error=case.count_error,
        suspected=case.suspected,
        measured=measured,
        reopens=case.reopens,
        ended="rule_removed",
    )
