"""Every operation of the API, asked by schemathesis for what its document allows and for what it forbids."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import StopReason, events, from_schema
from schemathesis.openapi.checks import RejectedPositiveData
from schemathesis.python import asgi

from cloud.link import stills
from cloud.people.limits import Limits
from cloud.problems import KINDS, MEDIA_TYPE
from cloud.settings import Settings
from tests.cloud.api_world_for_tests import Asked

OFTEN = (10**9, 1000.0)

LEFT_OUT = {"openStream": "never ends; tests/cloud/test_cloud_stream.py reads it"}
"""Operations that are not asked. WebSockets are in no OpenAPI document; test_link.py holds that of nodes."""

OFF = {
    # GET of this address is GET /alarms/{alarm_id} with an id that is none: 422
    "judgeAlarms": "unsupported_method",
    # the same with GET /reports/{kind}/{period}, which asks for a session first: 401
    "tellPhoto": "unsupported_method",
    # each event of a batch is judged by itself: a bad one is refused inside of a 200, its neighbours go on
    "ingest": "negative_data_rejection",
}
"""Operation -> the check that cannot hold of it."""


def by_schema(body: Any) -> bool:
    """Whether a 422 says that the form is wrong, not that something does not fit what is there.

    Names that must be there, spans of time, hashes of bytes, one field that forbids another: no schema says
    those, and an operation may refuse them. A form that the document allows must be taken.
    """
    faults = body.get("errors") or []
    formal = (
        body["code"] == "invalid" and re.fullmatch(r"\d+ fault\(s\); see errors", body["detail"]) is not None
    )
    return formal and not all(fault["detail"].startswith("Value error, ") for fault in faults)


@schemathesis.check
def refusal_is_a_problem(ctx: Any, response: Any, case: Any) -> None:
    """Every refusal is a problem of its status, with a code that the document names at that status."""
    if response.status_code < 400 or case.method == "HEAD":
        return
    assert response.headers["content-type"] == [MEDIA_TYPE], response.headers["content-type"]
    body = json.loads(response.content)
    code = body["code"]
    assert body["status"] == response.status_code == KINDS[code].status
    assert body["type"] == f"/problems/{code}"
    documented = case.operation.definition.raw["responses"].get(str(response.status_code))
    if case.method == case.operation.method.upper() and documented is not None:
        assert f"`{code}`" in documented["description"], f"{code} is not named at {response.status_code}"


@dataclass
class Found:
    """What a run did and found."""

    operations: set[str] = field(default_factory=set)
    cases: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    failures: dict[str, str] = field(default_factory=dict)

    def take(self, event: events.EngineEvent) -> None:
        """One event of the engine."""
        if isinstance(event, events.NonFatalError):
            self.failures[f"{event.label}: {event.value!r}"] = ""
        if isinstance(event, events.EngineFinished) and event.stop_reason is not StopReason.COMPLETED:
            self.failures[f"the run stopped: {event.stop_reason}"] = ""
        if not isinstance(event, events.ScenarioFinished):
            return
        for case_id, node in event.recorder.cases.items():
            operation = node.value.operation
            self.operations.add(operation.definition.raw["operationId"])
            self.cases[event.phase] += 1
            answer = event.recorder.find_response(case_id=case_id)
            if answer is not None:
                self.statuses[answer.status_code] += 1
            for check in event.recorder.checks.get(case_id, ()):
                if check.failure_info is not None:
                    failure = check.failure_info.failure
                    what = f"{operation.label}: {check.name}: {failure.title}: {failure.message[:200]}"
                    text = answer.text[:300] if answer is not None else ""
                    self.failures.setdefault(what, f"{check.failure_info.code_sample[:900]}\n{text}")


def config(asked: Asked, **phases: Any) -> SchemathesisConfig:
    values = asked.values()
    # 413: no schema says how long a body is
    positive = {"expected-statuses": ["2xx", "3xx", 401, 403, 404, 409, 410, 412, 413, 429, 503, 507]}
    return SchemathesisConfig.from_dict(
        {
            "seed": 1,
            "suppress-health-check": ["all"],
            "generation": {"database": "none", "no-shrink": True},
            "dictionaries": {name: {"values": found} for name, found in values.items()},
            "parameters": {f"path.{name}": {"dictionary": name, "probability": 0.7} for name in values},
            "checks": {
                "positive_data_acceptance": positive,
                # a missing If-Match is 428
                "missing_required_header": {"expected-statuses": [400, 401, 403, 406, 415, 422, 428]},
                "negative_data_rejection": {"expected-statuses": ["4xx", "5xx"]},
            },
            "operations": [
                {"include-operation-id": operation, "checks": {check: {"enabled": False}}}
                for operation, check in OFF.items()
            ],
            "phases": {
                name: {"enabled": bool(phases.get(name)), **(phases.get(name) or {})} for name in PHASES
            },
        }
    )


PHASES = ("examples", "coverage", "fuzzing", "stateful")


@pytest.fixture
def asked(street: Any, store_photo: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Asked]:
    monkeypatch.setattr(stills, "PATIENCE", 0.2)  # no node is there that could answer
    settings = Settings(state=tmp_path, page=tmp_path / "dist", limits=Limits(OFTEN, OFTEN, OFTEN))
    yield Asked(lambda: street(settings), store_photo)
    asgi.shutdown_lifespans()


@pytest.fixture
def ask(asked: Asked) -> Callable[..., Found]:
    """Ask every operation by these phases."""

    def run(**phases: Any) -> Found:
        schemathesis.openapi.from_asgi("/openapi.json", asked)  # the street is there from here on
        schema = schemathesis.openapi.from_asgi("/openapi.json", asked, config=config(asked, **phases))
        schema.auth.providers.append(asked)

        @schema.hook
        def after_call(context: Any, case: Any, response: Any) -> None:
            asked.after_call(case, response)

        @schema.hook
        def filter_failure(context: Any, failure: Any, case: Any, response: Any) -> bool:
            refused = isinstance(failure, RejectedPositiveData) and response.status_code == 422
            return not refused or by_schema(json.loads(response.content))

        found = Found()
        for event in from_schema(schema.exclude(operation_id=list(LEFT_OUT))).execute():
            found.take(event)
        report = "\n".join(f"{what}\n    {how}" for what, how in sorted(found.failures.items()))
        print(
            f"{len(found.operations)} operations, cases {dict(found.cases)}, answers {dict(found.statuses)}"
        )
        assert not asked.faults, "\n".join(asked.faults)
        assert not found.failures, f"{len(found.failures)} differ from the document:\n{report}"
        everything = {
            one["operationId"] for item in schema.raw_schema["paths"].values() for one in item.values()
        }
        assert found.operations == everything - LEFT_OUT.keys()
        return found

    return run


def test_every_operation_does_what_its_document_says(ask: Callable[..., Found]) -> None:
    ask(
        examples={"enabled": True},
        coverage={"generation": {"mode": "positive"}},
        fuzzing={"generation": {"max-examples": 2}},
    )


# what it draws may be long, and what it prints of that is no fault of the API
@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisWarning")
@pytest.mark.long
@pytest.mark.timeout(7200)
def test_every_operation_does_what_its_document_says_whatever_it_is_asked(ask: Callable[..., Found]) -> None:
    """Hundreds of random requests of each operation, then chains of them along their links."""
    ask(
        examples={"enabled": True},
        coverage={"enabled": True},
        fuzzing={"generation": {"max-examples": 300}},
        stateful={"generation": {"max-examples": 300}},
    )
