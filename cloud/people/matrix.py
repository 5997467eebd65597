"""The authorisation matrix: every route, one line each. It is what the door goes by, not a description of it.

A route of people that has no row here is refused by the door. `tests/cloud/test_access_matrix.py` asks every
row as every role for what is theirs and what is not; the table in `docs/design/access.md` is made from it.

To add a route, add its line: `Row("operationId", WHO, Of.ONE)`. `Of.ONE` and `Of.LIST` also need the query to
take `visible(scope)`. Where the request needs a body or query to be let through, give one in `ask`; words
like `{incident_id}`, `{alarm_id}`, `{point}`, `{camera}` are filled in, once for a thing in scope and once
for one out of it.
"""

from __future__ import annotations

from collections.abc import Mapping

from cloud.escalation.levels import HANDS_UP
from cloud.incidents.transitions import ACTIONS, TABLE
from cloud.link.models import ROLES
from cloud.people.permissions import (
    ADMINISTER,
    ALL,
    AUDIT,
    CALLERS,
    DEVICES,
    FIELD,
    FIGURES,
    MEASURES,
    NODES,
    PICTURES,
    PUBLIC,
    SEE,
    STEER,
    WATCH,
    Of,
    Row,
    Who,
)
from cloud.people.roles import OF_STREET, Role
from devices.link import CommandKind

_IF_MATCH = {"If-Match": '"v{version}"'}
WORKERS = Who("grid workers and leaders", frozenset({Role.GRID_WORKER, Role.GRID_LEADER}))
_ASIDE = {"until": "{soon}", "reason": "because"}
_SOMEBODY = {"username": "s{fresh}", "name": {"zh": "x", "en": "x"}, "roles": ["auditor"]}
_SERIES = {"device": "{device}", "quantity": "smoke_obscuration"}
_WORKS = Who("those who work on cases", SEE.roles - {Role.AUDITOR})
_TRIAGE = Who("those who triage", FIELD.roles - {Role.GRID_WORKER})
_NAMES = {"zh": "x", "en": "x"}
_COUNCIL = Who("grid leader, community, shift leader, street", CALLERS.roles | {Role.GRID_LEADER})
WATCHERS = Who(
    "patrol room; street, community, grid leader with a reason",
    WATCH.roles | {Role.STREET, Role.COMMUNITY, Role.GRID_LEADER},
)
_LOOK = Who("those who see inspections", SEE.roles - {Role.DEPARTMENT})
KEEP = Who("street, administrator", frozenset({Role.STREET, Role.ADMINISTRATOR}))
"""Who writes the registry."""
_FOUND = {"event_class": "05-06", "lon": 120.005, "lat": 30.005, "words": "x"}


def _steps() -> tuple[Row, ...]:
    """The one door of cases: a row an action, with the roles of the table of transitions."""
    return tuple(
        Row(
            "changeIncident",
            Who(action, frozenset().union(*(rule.roles for rule in TABLE if rule.action == action))),
            Of.ONE,
            {"json": {"action": action, "reason": "because"}, "headers": _IF_MATCH},
            case=action,
        )
        for action in ACTIONS
    )


def _commands() -> tuple[Row, ...]:
    """What nodes are asked for, by kind."""
    bodies = {
        CommandKind.PHOTO: {"camera": "{camera}"},
    }
    return tuple(
        Row(
            "askNode",
            Who(kind, ROLES[kind]),
            Of.ONE if kind is CommandKind.PHOTO else Of.ALL,
            {"json": {"kind": kind, "body": bodies.get(kind, {})}, "headers": {"Idempotency-Key": "{fresh}"}},
            case=kind,
            hidden=422,
        )
        for kind in (CommandKind.PHOTO, CommandKind.ROTATE)
    )


ROWS: tuple[Row, ...] = (
    # session
    Row("logIn", PUBLIC, ask={"json": {"username": "nobody", "password": "wrong"}}),
    Row("getSession", ALL),
    Row("logOut", ALL),
    Row("beginOidc", PUBLIC),
    Row("endOidc", PUBLIC, ask={"query": {"state": "x", "code": "x"}}),
    Row("changePassword", ALL, ask={"json": {"old": "x", "new": "a longer one"}}),
    # people
    Row("nameColleagues", ALL, ask={"query": {"username": "leader"}}),
    Row("listPeople", ADMINISTER),
    Row("getPerson", ADMINISTER),
    Row("addPerson", ADMINISTER, ask={"json": _SOMEBODY}),
    Row("changePerson", ADMINISTER, ask={"json": {"locked": False}, "headers": {"If-Match": '"v1"'}}),
    Row("resetPassword", ADMINISTER, ask={"headers": {"If-Match": '"v0"'}}),
    Row("linkPerson", ADMINISTER, ask={"json": {"subject": "x"}}),
    Row("listTokens", ALL),
    Row("makeToken", ALL, ask={"json": {"name": "x", "roles": ["auditor"]}}),
    Row("revokeToken", ALL),
    # cases
    Row("listIncidents", ALL, Of.LIST),
    Row("getIncident", SEE, Of.ONE),
    Row("getIncidentLog", SEE, Of.ONE),
    Row("listTransitions", SEE, Of.ONE),
    Row("listLinks", SEE, Of.ONE),
    Row("exportIncident", Who("shift leader, street, auditor", STEER.roles | {Role.AUDITOR}), Of.ONE),
    Row("proveIncident", SEE, Of.ONE),
    Row("verifyAudit", AUDIT),
    Row("getReplay", SEE, Of.LIST, {"query": {"day": "{day}"}}),
    *_steps(),
    Row(
        "escalate",
        Who("grid leader, community, shift leader, street", frozenset(HANDS_UP)),
        Of.ONE,
        {"json": {"reason": "too much for us"}, "headers": _IF_MATCH},
    ),
    Row(
        "whistle",
        CALLERS,
        Of.ONE,
        {"json": {"organisations": ["{organisation}"], "reason": "come"}, "headers": _IF_MATCH},
    ),
    Row("listCalls", SEE, Of.ONE),
    Row("listOpenCalls", SEE, Of.LIST),
    Row(
        "answerCall",
        CALLERS,
        Of.ONE,
        {"json": {"answer": "withdraw", "words": "not needed"}, "headers": {"If-Match": '"v1"'}},
        case="withdraw",
    ),
    Row(
        "answerCall",
        Who("department", frozenset({Role.DEPARTMENT})),
        Of.ONE,
        {"json": {"answer": "check_in"}, "headers": {"If-Match": '"v1"'}},
        case="check_in",
    ),
    Row(
        "rateCall",
        Who("community", frozenset({Role.COMMUNITY})),
        Of.ONE,
        {"json": {"score": 5, "words": "good"}},
    ),
    Row("getClocks", ALL, Of.LIST, {"query": {"incident": ["{own_incident}", "{other_incident}"]}}),
    Row("listUncleared", ALL, Of.LIST, {"query": {"clearing": "day", "day": "{day}"}}),
    Row("listAlarms", ALL, Of.LIST),
    Row("getAlarm", SEE, Of.ONE),
    Row("getAlarmLog", SEE, Of.ONE),
    Row("acknowledgeAlarm", WATCH, Of.ONE, {"headers": _IF_MATCH}),
    Row("unacknowledgeAlarm", WATCH, Of.ONE, {"headers": _IF_MATCH}),
    Row("shelveAlarm", WATCH, Of.ONE, {"json": _ASIDE, "headers": _IF_MATCH}),
    Row("unshelveAlarm", WATCH, Of.ONE, {"headers": _IF_MATCH}),
    Row("listShelves", WATCH),
    Row("listFalseReasons", ALL),
    Row("judgeAlarm", WATCH, Of.ONE, {"json": {"verdict": "true"}, "headers": _IF_MATCH}),
    Row("getPlaceHistory", SEE, Of.LIST, {"query": {"place": "zone1", "event_class": "05-06"}}),
    Row("judgeAlarms", WATCH, ask={"json": {"verdict": "true", "alarms": []}}),
    Row("getPrecision", FIGURES, Of.LIST),
    Row("getIndices", FIGURES, Of.LIST),
    Row("listIndexCases", FIGURES, Of.LIST),
    Row("listLedger", FIGURES, Of.LIST),
    Row("getLedgerXlsx", FIGURES, Of.LIST),
    Row("getLedgerCsv", FIGURES, Of.LIST),
    Row("listPeriodReports", Who("those who see the whole street", OF_STREET)),
    Row("getPeriodReport", Who("those who see the whole street", OF_STREET)),
    Row("listMissingGridLogs", FIGURES, Of.LIST, {"query": {"day": "{day}"}}),
    Row("getGridLog", FIGURES, Of.LIST, {"query": {"day": "{day}"}}),
    Row("addGridNote", FIELD, ask={"json": {"words": "x"}}),
    Row("getAlarmFigures", Who("those who see the whole street", OF_STREET)),
    Row("listOutOfService", WATCH, Of.LIST),
    Row("getService", WATCH, Of.ONE),
    Row("takeOutOfService", WATCH, Of.ONE, {"json": _ASIDE, "headers": _IF_MATCH}),
    Row("putBackInService", WATCH, Of.ONE, {"headers": _IF_MATCH}),
    Row("getMedia", PICTURES, Of.ONE),
    Row("listOriginalViews", AUDIT),
    Row("getCameraVideo", WATCHERS, Of.ONE, {"query": {"reason": "because"}}),
    Row("watch_live", WATCHERS, Of.ONE, {"query": {"reason": "because"}}),
    Row("watch_stills", WATCHERS, ask={"query": {"reason": "because"}}),
    Row("listLiveViews", AUDIT),
    Row("listDeletions", AUDIT),
    Row("getMediaFigures", AUDIT),
    Row("sendTrack", WORKERS, ask={"json": {"positions": [{"at": "{soon}", "lon": 120.0, "lat": 30.0}]}}),
    Row("getTrack", WORKERS),
    Row("deleteTrack", WORKERS),
    Row("openStream", ALL),
    # push
    Row("listNotices", SEE, Of.ONE),
    Row("noticeDelivered", ALL),
    Row("noticeRead", ALL),
    *(Row(one, ADMINISTER) for one in ("listSubscriptions", "listDeliveries", "removeSubscription")),
    *(Row(one, ADMINISTER) for one in ("enableSubscription", "renewSubscriptionSecret")),
    Row("replaySubscription", ADMINISTER, ask={"query": {"from": "0"}}),
    Row("addSubscription", ADMINISTER, ask={"json": {"address": "https://hooks.example.org/x"}}),
    Row("followLink", ALL, ask={"json": {"token": "x" * 43}}),
    # policies
    Row("listSops", ALL),
    *(Row(one, ADMINISTER) for one in ("listPolicies", "getPolicy", "getPolicySchema", "listPolicyVersions")),
    Row("getPolicyVersion", ADMINISTER),
    Row("putPolicy", ADMINISTER),
    # what people report
    Row("openIncident", FIELD, ask={"json": _FOUND}),
    Row("putPhoto", FIELD),
    Row("photoOffset", FIELD),
    Row("patchPhoto", FIELD),
    Row("listNearby", FIELD, Of.LIST, {"query": {"event_class": "05-06", "lon": "120.005", "lat": "30.005"}}),
    Row("listReports", SEE, Of.ONE),
    Row("listCandidates", SEE, Of.ONE),
    Row("addNote", _WORKS, Of.ONE, {"json": {"words": "x"}}),
    Row("listNotes", SEE, Of.ONE),
    Row("listTriage", FIELD, Of.LIST),
    Row("importHotline", STEER, ask={"content": "工单编号"}),
    Row("trackReport", PUBLIC),
    Row("track_page", PUBLIC),
    Row("track_page_of", PUBLIC),
    Row("track_style", PUBLIC),
    Row("report_page", PUBLIC),
    Row("send_report", PUBLIC),
    Row("report_script", PUBLIC),
    Row("tellReport", PUBLIC, ask={"json": _FOUND}),
    Row("tellPhoto", PUBLIC),
    Row("openDataCsv", PUBLIC, ask={"query": {"from": "2026-W40"}}),
    Row("openDataGeojson", PUBLIC, ask={"query": {"from": "2026-W40"}}),
    *(Row(f"open311_{one}", PUBLIC) for one in ("services", "service", "token", "request", "media")),
    *(Row(f"open311_{one}", PUBLIC) for one in ("report", "requests")),
    Row("decideReport", _TRIAGE, ask={"json": {"decision": "accept"}, "headers": {"If-Match": '"v1"'}}),
    # projects
    Row("listProjects", SEE, Of.LIST),
    Row("getProject", SEE, Of.ONE),
    Row(
        "openProject",
        _COUNCIL,
        Of.ONE,
        {"json": {"incidents": ["{incident_id}"], "name": _NAMES, "tasks": [_NAMES]}},
    ),
    Row(
        "stepTask",
        Who("those who work on projects", _COUNCIL.roles | WORKERS.roles | {Role.DEPARTMENT}),
        Of.ONE,
        {"json": {"step": "claim"}, "headers": {"If-Match": '"v1"'}},
    ),
    # inspections
    Row("listInspections", _LOOK, Of.LIST),
    Row("getInspection", _LOOK, Of.ONE),
    Row(
        "doInspection",
        Who("community, grid leaders and workers", WORKERS.roles | {Role.COMMUNITY}),
        Of.ONE,
        {"json": {"answers": [{"question": "x", "ok": True}]}, "headers": {"If-Match": '"v1"'}},
    ),
    # places and public assets
    Row("listAssetClasses", ALL),
    Row("listAssets", ALL, ask={"query": {"near": "120.005,30.005"}}),
    Row("getAsset", ALL),
    Row("getAssetHistory", ALL, Of.LIST),
    Row("putAsset", KEEP, ask={"json": {"class": "01-03"}, "headers": {"If-Match": '"v0"'}}),
    Row("importAssets", KEEP, ask={"headers": {"content-type": "text/csv"}, "content": "code"}),
    Row("listCaseAssets", SEE, Of.ONE),
    Row("linkAsset", _WORKS, Of.ONE),
    Row("unlinkAsset", _WORKS, Of.ONE),
    Row("listCameras", ALL),
    # what stands in the street
    Row("listAreas", ALL),
    Row("listAreaVersions", ALL),
    Row("findGrid", ALL, ask={"query": {"lon": 120.005, "lat": 30.005}}),
    Row("putAreas", ADMINISTER),
    Row("listEventClasses", ALL),
    Row("listPoints", ALL),
    Row("listNodes", ALL),
    Row("getNodeLedger", DEVICES),
    Row("listNodeDevices", DEVICES),
    Row("getSite", ADMINISTER),
    Row("listSiteChanges", ADMINISTER),
    Row("putSite", ADMINISTER),
    Row("getRuleForms", ADMINISTER),
    Row("listSiteCameras", ADMINISTER),
    Row("getCameraSite", ADMINISTER),
    Row("putCameraSite", ADMINISTER),
    Row("getSiteChange", ADMINISTER),
    Row("goBackToSite", ADMINISTER),
    Row("getSitePicture", ADMINISTER),
    Row("tryZones", ADMINISTER),
    Row("getTry", ADMINISTER),
    Row("cancelTry", ADMINISTER),
    Row("getTryPicture", ADMINISTER),
    Row("listSeries", MEASURES, Of.ONE, {"query": {"point": "{point}"}}),
    Row("getTelemetry", MEASURES, Of.ONE, {"query": _SERIES}),
    Row("getTelemetryCsv", MEASURES, Of.ONE, {"query": _SERIES}),
    # duty
    Row("getOnDuty", FIELD),
    Row("listDutyHoles", FIELD),
    Row("listSeats", WATCH),
    Row("takeSeat", WATCH),
    Row("leaveSeat", WATCH, ask={"json": {"reason": "because"}}),
    Row("offerHandover", WATCH, ask={"json": {"notes": "all quiet"}}),
    Row("getHandoverSheet", WATCH),
    Row("listHandovers", WATCH),
    Row("getHandover", WATCH),
    Row("signHandover", WATCH),
    Row("silenceWall", WATCH, ask={"json": {"reason": "because", "minutes": 1}}),
    Row("listMutes", WATCH),
    Row("endMute", WATCH),
    Row("listOrganisations", ALL),
    Row("listResponsibilities", ALL, ask={"query": {"unresolved": True}}),
    # nodes
    *_commands(),
    Row("listCommands", DEVICES, Of.LIST),
    Row("getCommand", DEVICES, Of.ONE),
    Row("getStill", WATCH, Of.ONE),
    Row("makeEnrolmentCode", ADMINISTER),
    Row("revokeNode", ADMINISTER, ask={"json": {"reason": "gone"}}),
    Row("listCredentials", ADMINISTER),
    # what nodes send
    Row("ingest", NODES),
    Row("putMedia", NODES),
    Row("mediaOffset", NODES),
    Row("patchMedia", NODES),
    Row("rotateCredential", NODES),
    Row("enrol", PUBLIC, ask={"json": {"code": "AAAA", "token_sha256": "0" * 64}}),
    Row("hold_link", NODES),
    *(Row(one, NODES) for one in ("bring_live", "bring_stills", "relay_live", "relay_stills")),
    # the page and what watches the process
    Row("wall", PUBLIC),
    Row("phone", PUBLIC),
    Row("asset", PUBLIC),
    Row("healthz", PUBLIC),
    Row("readyz", PUBLIC),
    Row("metrics", PUBLIC),
    Row("openapi", PUBLIC),
    Row("explain_problem", PUBLIC),
    Row("open_link", PUBLIC),
)

DOOR: Mapping[str, frozenset[Role]] = {
    row.operation: frozenset().union(*(each.who.roles for each in ROWS if each.operation == row.operation))
    for row in ROWS
}
"""What the door asks: operation -> the roles that are let in."""
