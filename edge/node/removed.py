"""Conditions whose rule is no longer in the site: told as cleared when the node starts, with the reason."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from devices.messages import Change, Condition, ConditionState
from devices.site.model import Camera, Point
from edge.errors import StoreError
from edge.judge.case import Case
from edge.judge.panel import Post, about_people
from edge.judge.shelf import cases_of, ledger_from_json
from edge.keep import NodeStore

log = logging.getLogger(__name__)


def key_of(camera: Camera, post: Post) -> str:
    """Under which a rule's ledger is kept."""
    return f"{camera.id}|{post.zone.id}|{post.rule.id}"


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


def close_removed(
    store: NodeStore, kind: str, node: str, known: Mapping[str, Post], now: datetime
) -> dict[str, Mapping[str, Any]]:
    """The ledgers kept as `kind` for the rules `known`; those of all others are closed and forgotten.

    A rule that now is about people and was about things (or the other way round) is another rule. When the
    store fails nothing is forgotten: the next start tells it.
    """
    kept: dict[str, Mapping[str, Any]] = {}
    gone: dict[str, Mapping[str, Any]] = {}
    for key, state in store.states(kind).items():
        raw = json.loads(state)
        post = known.get(key)
        same = post is not None and about_people(post.rule) is bool(raw.get("people"))
        (kept if same else gone)[key] = raw
    if not gone:
        return kept
    try:
        with store.transaction() as tx:
            for key, raw in gone.items():
                tx.delete_state(kind, key)
                for case in cases_of(ledger_from_json(raw, 0.0)) if "post" in raw else ():
                    tx.queue(_cleared(node, key, raw["post"], case, now), now)
                    log.info("%s: %s is over, its rule is no longer in the site", key, case.label)
    except StoreError as error:
        log.error("conditions of removed rules cannot be cleared: %s", error)
    return kept


def _cleared(node: str, key: str, post: Mapping[str, Any], case: Case, now: datetime) -> Condition:
    """The last word on a case whose times are UTC seconds."""
    camera, zone, rule = key.split("|")
    return Condition(
        condition_id=case.id,
        rev=case.rev + 1,
        change=Change.CLEARED,
        state=ConditionState.CLEARED,
        node=node,
        point=post["point"],
        device=camera,
        zone=zone,
        rule=rule,
        place=post["place"],
        event_class=post["event_class"],
        label=case.label,
        score=case.score,
        severity=post["severity"],
        since=datetime.fromtimestamp(case.since, UTC),
        at_least=case.at_least,
        changed_at=now,
        box=case.box,
        outline=post["outline"],
        count=case.count,
        count_error=case.count_error,
        suspected=case.suspected,
        reopens=case.reopens,
        ended="rule_removed",
    )
