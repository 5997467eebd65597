"""`/policies`: what is in force, who wrote which version, and a new one."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Header, Path, Query, Response

from cloud.context import Context, InContext
from cloud.errors import Problem
from cloud.etag import etag, version_of
from cloud.incidents import models as incidents
from cloud.incidents.store import Actor
from cloud.people.identity import Administrator, AdministratorViewer
from cloud.policies import store
from cloud.policies.doubting import doubts, misfits, sight
from cloud.policies.kind import Kind
from cloud.policies.kinds import BY_NAME, KINDS
from cloud.policies.models import (
    Policy,
    PolicyHead,
    PolicyInForce,
    PolicyList,
    PolicyTaken,
    PolicyVersions,
    WaitingFile,
)
from cloud.policies.reading import check
from cloud.problems import problems
from devices.site.source import Finding

router = APIRouter(prefix="/policies", tags=["policies"], responses=problems("unauthenticated", "forbidden"))

IfMatch = Annotated[
    str | None, Header(alias="If-Match", description='The version you saw, e.g. `"v3"`; `"v0"` for the first')
]
KindName = Annotated[str, Path(max_length=64, description="One of `GET /policies`.", examples=["deadlines"])]


@router.get("", operation_id="listPolicies", summary="Kinds of policy (administrator)")
async def list_policies(context: InContext, _: AdministratorViewer) -> PolicyList:
    """Each with its version in force."""
    async with context.engine.connect() as connection:
        there, waiting = await store.all_present(connection), await store.waiting(connection)
    return PolicyList(
        items=[_head(kind.name, there.get(kind.name), waiting=kind.name in waiting) for kind in KINDS]
    )


@router.get(
    "/{kind}",
    operation_id="getPolicy",
    summary="The policy in force (administrator)",
    description="The `ETag` is its version.",
    responses=problems("not_found", "invalid"),
)
async def get_policy(
    context: InContext, _: AdministratorViewer, kind: KindName, response: Response
) -> PolicyInForce:
    """With what is doubtful in it, and a file that waits beside it."""
    known = _known(kind)
    async with context.engine.connect() as connection:
        there = await store.present(connection, known.name)
        if there is None:
            raise Problem("not_found", f'{kind} has no document yet; put one with If-Match: "v0"')
        file = (await store.waiting(connection)).get(known.name)
        seen = await sight(connection, context.current, context.now())
    document, faults = check(known, there.body)
    told = [f"{known.name}: is not understood by this version of the cloud, so it is not in force"]
    response.headers["ETag"] = etag(there.version)
    return PolicyInForce(
        **_shown(there),
        doubts=told if document is None or faults else doubts(known, document, seen),
        waiting=None if file is None else WaitingFile(seen_at=file.seen_at, document=file.body),
    )


@router.get(
    "/{kind}/schema",
    operation_id="getPolicySchema",
    summary="The form of a kind of policy, as JSON Schema (administrator)",
    responses=problems("not_found", "invalid"),
)
async def get_schema(_: AdministratorViewer, kind: KindName) -> dict[str, Any]:
    """JSON Schema 2020-12."""
    found: dict[str, Any] = _known(kind).model.model_json_schema()
    return found


@router.get(
    "/{kind}/versions",
    operation_id="listPolicyVersions",
    summary="Who wrote which version of a policy, and when (administrator)",
    responses=problems("not_found", "invalid"),
)
async def list_versions(
    context: InContext,
    _: AdministratorViewer,
    kind: KindName,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> PolicyVersions:
    """Newest first."""
    name = _known(kind).name
    async with context.engine.connect() as connection:
        found = await store.history(connection, name, limit)
    return PolicyVersions(items=[_head(name, one) for one in found])


@router.get(
    "/{kind}/versions/{version}",
    operation_id="getPolicyVersion",
    summary="One version of a policy (administrator)",
    responses=problems("not_found", "invalid"),
)
async def get_version(
    context: InContext,
    _: AdministratorViewer,
    kind: KindName,
    version: Annotated[int, Path(ge=1, le=999_999_999)],
) -> Policy:
    """As it was written."""
    name = _known(kind).name
    async with context.engine.connect() as connection:
        found = await store.version(connection, name, version)
    if found is None:
        raise Problem("not_found", f"{name} has no version {version}")
    return Policy(**_shown(found))


@router.put(
    "/{kind}",
    operation_id="putPolicy",
    summary="Put a new version of a policy in force (administrator)",
    description=(
        "The whole document. `If-Match` names the version in force. Every process goes by it within seconds. "
        "What is wrong is told field by field, and changes nothing; what is doubtful is told and taken. "
        "With `dry_run` nothing changes."
    ),
    responses=problems(
        "csrf", "not_found", "too_large", "bad_request", "invalid", "version_required", "version_changed"
    ),
)
async def put_policy(
    context: InContext,
    who: Administrator,
    kind: KindName,
    document: Annotated[dict[str, Any], Body(description="Of the form that `/policies/{kind}/schema` has.")],
    response: Response,
    if_match: IfMatch = None,
    dry_run: Annotated[bool, Query(description="Only say what is wrong or doubtful.")] = False,
) -> PolicyTaken:
    """Check, then take over."""
    known, seen = _known(kind), version_of(if_match)
    understood, faults = check(known, document)
    if understood is None or faults:
        raise _refused(known, faults)
    async with context.engine.begin() as connection:
        await store.lock(connection)
        view = await sight(connection, context.current, context.now())
        if faults := misfits(known, understood, view):
            raise _refused(known, faults)
        told = doubts(known, understood, view)
        there = await store.present(connection, known.name)
        version = there.version if there else 0
        if version != seen:
            raise Problem(
                "version_changed", f"version {version} is in force", version=version,
                headers={"ETag": etag(version)},
            )  # fmt: skip
        settles = known.name in await store.waiting(connection)
        taken = not dry_run and (there is None or there.body != document or settles)
        if taken:
            actor = Actor("user", who.username)
            version = await store.put(connection, known.name, document, "person", actor, context.now())
    if taken:
        await _everybody(context)
    response.headers["ETag"] = etag(version)
    return PolicyTaken(kind=known.name, taken=taken, version=version, doubts=told)


async def _everybody(context: Context) -> None:
    await context.current.load()
    await context.hub.policy_taken()


def _known(name: str) -> Kind[Any]:
    if name not in BY_NAME:
        raise Problem("not_found", f"no kind of policy is called {name!r}; known: {', '.join(BY_NAME)}")
    return BY_NAME[name]


def _refused(kind: Kind[Any], faults: list[Finding]) -> Problem:
    detail = f"{kind.name} has {len(faults)} fault(s); see errors"
    return Problem("invalid", detail, errors=[_fault(one) for one in faults])


def _fault(finding: Finding) -> dict[str, str]:
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in finding.trail)
    return {"pointer": "/".join(["/body", *parts]), "detail": f"{finding.what}; {finding.fix}"}


def _head(kind: str, there: store.Version | None, *, waiting: bool = False) -> PolicyHead:
    if there is None:
        return PolicyHead(kind=kind, version=0, at=None, actor=None, source=None, waiting=waiting)
    return PolicyHead(
        kind=kind, version=there.version, at=there.at, actor=_actor(there), source=there.source,
        waiting=waiting,
    )  # fmt: skip


def _shown(one: store.Version) -> dict[str, Any]:
    return {
        "kind": one.kind, "version": one.version, "at": one.at, "actor": _actor(one),
        "source": one.source, "document": one.body,
    }  # fmt: skip


def _actor(one: store.Version) -> incidents.Actor:
    return incidents.Actor(kind=one.actor.kind, name=one.actor.name)
