"""The app: parts put together, started and stopped in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from typing import Any

from fastapi import APIRouter, FastAPI
from sqlalchemy import URL
from starlette.routing import BaseRoute

from cloud import guard, page, problems, silence
from cloud.addresses import addresses
from cloud.alarms.action_routes import router as alarm_actions
from cloud.alarms.device_routes import router as devices
from cloud.alarms.effects import effects as alarm_effects
from cloud.alarms.figures_routes import router as alarm_figures
from cloud.alarms.place_routes import router as place_history
from cloud.alarms.routes import router as alarms
from cloud.alarms.verdict_routes import router as verdicts
from cloud.areas.current import Current
from cloud.areas.routes import router as areas
from cloud.areas.tree_routes import router as area_tree
from cloud.assets.routes import router as assets
from cloud.context import Context
from cloud.database.engine import make_engine
from cloud.deadlines.limits import DEADLINES
from cloud.deadlines.routes import router as deadlines
from cloud.deadlines.steps import rules_in
from cloud.deadlines.worker import Worker
from cloud.duty import watch as duty_watch
from cloud.duty.mute_routes import router as mutes
from cloud.duty.routes import router as duty
from cloud.editing.routes import router as editing
from cloud.editing.try_routes import router as tries
from cloud.escalation.routes import router as escalation
from cloud.housekeeping import keep_tidy
from cloud.incidents.audit_routes import router as audit
from cloud.incidents.routes import router as incidents
from cloud.ingest.node_routes import router as node_ledgers
from cloud.ingest.routes import router as ingest
from cloud.inspections import planning as inspection_planning
from cloud.inspections.routes import router as inspections
from cloud.keeping.ledger import ledger_of
from cloud.link.hub import Hub
from cloud.link.routes import link
from cloud.link.routes import router as commands
from cloud.link.site_routes import router as site
from cloud.link.still_routes import router as stills
from cloud.media.routes import router as media
from cloud.media.store import MediaStore
from cloud.media.upload_routes import router as uploads
from cloud.metrics import Metrics
from cloud.nodes.routes import router as nodes
from cloud.open311.routes import router as open311
from cloud.openapi import complete
from cloud.organisations.routes import router as organisations
from cloud.people import wall
from cloud.people.colleague_routes import router as colleagues
from cloud.people.limits import Limiter
from cloud.people.oidc.provider import Provider
from cloud.people.oidc.routes import router as oidc
from cloud.people.people_routes import router as directory
from cloud.people.routes import router as people
from cloud.people.token_routes import router as api_tokens
from cloud.policies.doubting import start as policies_start
from cloud.policies.routes import router as policies
from cloud.privacy.policy import policy_in as privacy_in
from cloud.privacy.routes import router as privacy
from cloud.privacy.sweeping import furnish, keep_private
from cloud.projects.routes import router as projects
from cloud.public.open_data_routes import router as open_data
from cloud.public.pages import router as public_pages
from cloud.public.routes import limiters
from cloud.public.routes import router as public
from cloud.public.tell_page import router as tell_page
from cloud.public.track_page import router as track_page
from cloud.push.policy import PUSH
from cloud.push.recipients import rota_of
from cloud.push.routes import router as push
from cloud.push.routes import short
from cloud.push.runner import Runner
from cloud.replay.routes import router as replay
from cloud.reports import gridlog, planning, reporting
from cloud.reports.ledger_routes import router as ledgers
from cloud.reports.listing_routes import router as ledger_pages
from cloud.reports.marking import Marker
from cloud.reports.report_routes import router as period_reports
from cloud.reports.routes import router as indices
from cloud.settings import Settings
from cloud.sops.routes import router as sops
from cloud.sources.hotline_routes import router as hotline
from cloud.sources.note_routes import router as notes
from cloud.sources.photo_routes import router as photos
from cloud.sources.report_routes import router as reports
from cloud.sources.triage_routes import router as triage
from cloud.stream.routes import router as stream
from cloud.stream.tail import Tail
from cloud.telemetry.opening import keeper_of
from cloud.telemetry.routes import router as telemetry
from cloud.timers import counting_in, effects_in, patient_in, planners_in
from cloud.video.exchange import Exchange
from cloud.video.gossip import CHANNEL as VIDEO
from cloud.video.gossip import Gossip
from cloud.video.node_routes import router as video_nodes
from cloud.video.routes import router as video
from cloud.webhooks.routes import router as webhooks
from cloud.webhooks.worker import Worker as WebhookWorker
from cloud.whistles.routes import router as whistles

DESCRIPTION = """
Alarms of edge nodes become grid incidents; people work on them; every wall hears of it at once.

* **Nodes** send with a bearer token. **People** log in: a session cookie, and unsafe requests repeat `csrf`.
* Every refusal is `application/problem+json` (RFC 9457) with a stable `code`.
* A change of state needs `If-Match` with the version you saw: 428 without it, 412 when it changed meanwhile.
* Times are RFC 3339 in UTC; ids are UUIDv7; names are `{zh, en}`.
"""
TAGS = [
    {"name": "session", "description": "Log in and out."},
    {"name": "people", "description": "Accounts, and tokens of programs that speak for them."},
    {"name": "incidents", "description": "The cases people work on."},
    {"name": "sources", "description": "What workers, citizens and the hotline report."},
    {"name": "public", "description": "What anybody may ask without an account."},
    {"name": "audit", "description": "Proof that no log was changed."},
    {"name": "indices", "description": "What the street is measured by, and the cases behind each figure."},
    {"name": "alarms", "description": "What devices see."},
    {"name": "stream", "description": "What changes, as it changes."},
    {"name": "media", "description": "Photos and clips."},
    {"name": "video", "description": "Live pictures and stills, while somebody watches."},
    {"name": "privacy", "description": "Who looked at originals, what was deleted, one's own track."},
    {"name": "registry", "description": "Areas, points, classes, nodes."},
    {"name": "duty", "description": "Who is on duty, and the seats of the patrol room."},
    {"name": "policies", "description": "Limits, responsibilities, rosters: data that administrators edit."},
    {"name": "telemetry", "description": "What sensors, cameras and nodes measured, for charts."},
    {"name": "commands", "description": "What nodes are asked for, over the links that they hold open."},
    {"name": "ingest", "description": "What edge nodes send."},
    {"name": "push", "description": "Who was told of what, how, and whether they read it."},
    {"name": "webhooks", "description": "What happens to cases, sent to other systems."},
    {"name": "nodes", "description": "Who a node is: enrolment, rotation, revocation."},
]


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


def create_app(settings: Settings, url: URL, now: Callable[[], datetime] = utc_now) -> FastAPI:
    """The API over the database at `url`, which `cloud.install.prepare` brought up to date."""
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        engine = make_engine(url)
        wall.build(engine)
        try:
            current = Current(engine)
            await policies_start(engine, settings.policies, current, now())
            tail = Tail(engine, lambda: current.registry, metrics, now)
            await tail.start()
            hub = Hub(engine, now, tail.changed, current.wake)
            exchange = Exchange(hub.wake, settings.peer)
            hub.also(VIDEO, exchange.hear)
            hub.start()
            after = settings.node_silent_after
            keeper = keeper_of(settings, engine, now)
            rules = rules_in(lambda: current.policies.of(DEADLINES), lambda: current.registry.timezone)
            keeper.start()
            runner = Runner(
                engine, lambda: current.registry, lambda: current.policies.of(PUSH), now, tail.changed,
                rota=rota_of(current), patient=patient_in(current),
            )  # fmt: skip
            runner.start()
            hooks = WebhookWorker(
                engine, lambda: current.registry, now, to_private=settings.webhooks_to_private
            )
            hooks.start()
            marker = app.state.marker = Marker(engine, current, now)
            counting = counting_in(current)
            timed = {**alarm_effects(current), **effects_in(current)}
            timed |= {**reporting.effects(current, marker), **gridlog.effects(current)}
            tasks = [
                asyncio.create_task(keep_tidy(engine, settings, now)),
                asyncio.create_task(current.follow()),
                asyncio.create_task(Gossip(engine, exchange).run()),
                asyncio.create_task(duty_watch.keep(engine, current, now)),
                asyncio.create_task(inspection_planning.keep(engine, current, now)),
                asyncio.create_task(marker.keep()),
                asyncio.create_task(planning.keep(engine, current, now)),
                Worker(engine, planners_in(current, counting), timed, now, tail.changed).start(),
                asyncio.create_task(
                    silence.listen(engine, lambda: current.registry, after, now, tail.changed)
                ),
            ]
            try:
                media_store = MediaStore(settings.state / "media")
                furnish(media_store.room, privacy_in(current.policies))
                tasks.append(asyncio.create_task(keep_private(engine, current, media_store, now)))
                app.state.context = Context(
                    settings,
                    engine,
                    current,
                    media_store,
                    tail,
                    metrics,
                    now,
                    hub,
                    keeper,
                    rules,
                    counting,
                    await ledger_of(engine),
                    exchange,
                )
                yield
            finally:
                await hooks.stop()
                await runner.stop()
                await keeper.stop()
                await hub.stop()
                await tail.stop()
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            await engine.dispose()

    app = _skeleton(lifespan)
    app.add_middleware(guard.Guard, metrics=metrics)
    app.state.provider = Provider(settings.oidc, now) if settings.oidc else None
    app.state.limiter = Limiter(settings.limits, now)
    return app


def _skeleton(lifespan: Any = None) -> FastAPI:
    app = FastAPI(
        title="Gridwatch 网格哨",
        version="1",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.limiters = limiters()
    problems.install(app)
    app.router.routes.extend(_routes())
    app.state.addresses = addresses(app)
    build = app.openapi
    app.openapi = lambda: app.openapi_schema or complete(build())  # type: ignore[method-assign]
    return app


@cache
def _routes() -> Sequence[BaseRoute]:
    """All routes, put together once a process: for each app anew that takes half a second."""
    found = APIRouter()
    api = APIRouter(prefix="/api/v1")
    for router in (
        people,
        oidc,
        directory,
        colleagues,
        api_tokens,
        incidents,
        replay,
        audit,
        reports,
        photos,
        notes,
        triage,
        hotline,
        public,
        open_data,
        deadlines,
        escalation,
        whistles,
        projects,
        assets,
        inspections,
        indices,
        ledgers,
        ledger_pages,
        period_reports,
        verdicts,
        alarm_figures,
        alarm_actions,
        place_history,
        alarms,
        devices,
        stream,
        media,
        uploads,
        video,
        privacy,
        area_tree,
        areas,
        ingest,
        node_ledgers,
        nodes,
        commands,
        site,
        editing,
        tries,
        stills,
        telemetry,
        policies,
        sops,
        push,
        webhooks,
        organisations,
        duty,
        mutes,
    ):
        api.include_router(router)
    found.include_router(api)
    found.include_router(link)
    found.include_router(video_nodes)
    found.include_router(short)
    found.include_router(open311)
    found.include_router(public_pages)
    found.include_router(track_page)
    found.include_router(tell_page)
    found.include_router(page.router)
    return found.routes


def openapi_document() -> dict[str, Any]:
    """The API's OpenAPI document, without starting anything."""
    return _skeleton().openapi()
