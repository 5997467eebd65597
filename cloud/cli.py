"""`gridwatch cloud`: serve; and its small helpers `enrol`, `revoke`, `token`, `user add`, `openapi`."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
import threading
from argparse import ArgumentParser, Namespace
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine

from cloud.app import create_app, openapi_document, utc_now
from cloud.database import migrate
from cloud.database.embedded import EmbeddedServer
from cloud.database.engine import make_engine
from cloud.deadlines.limits import DEADLINES
from cloud.errors import CloudError
from cloud.incidents.store import Actor
from cloud.install import prepare
from cloud.nodes import credentials
from cloud.nodes.enrolment import make_code
from cloud.people import accounts
from cloud.people import command as people
from cloud.people.passwords import random_token
from cloud.people.sheet import FIRST, read_people
from cloud.policies.kinds import KINDS
from cloud.policies.reading import beside
from cloud.server import listen, serve, stop_on_sigterm
from cloud.settings import Settings, settings_from
from devices.errors import SiteError
from devices.site.load import load_site

DEFAULT_STATE = Path("var/cloud")
DEFAULT_SITE = Path("examples/street/site.yaml")


def configure(parser: ArgumentParser) -> None:
    """Options of `gridwatch cloud`."""
    parser.add_argument("--site", type=Path, default=DEFAULT_SITE, help="the site file (%(default)s)")
    parser.add_argument(
        "--state", type=Path, default=DEFAULT_STATE, help="the install's own directory (%(default)s)"
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=8420, help="port to listen on, 0: any (%(default)s)")
    parser.add_argument(
        "--tokens", type=Path, metavar="FILE",
        help="lines `node token`; made with random tokens for every node when it is not there",
    )  # fmt: skip
    parser.add_argument(
        "--people", type=Path, metavar="FILE",
        help="sheet (CSV) of the first users of a new install; without one an operator and a leader are made",
    )  # fmt: skip
    parser.add_argument(
        "--deadlines", type=Path, metavar="FILE",
        help="limits by class and work hours (deadlines.yaml beside the site file, where there is one)",
    )  # fmt: skip
    parser.add_argument(
        "--page", type=Path, metavar="DIR", help="the built page (cloud/web/dist of this installation)"
    )
    parser.add_argument(
        "--https", action="store_true", help="people come over https (a proxy's): cookies are Secure"
    )
    helpers = parser.add_subparsers(dest="helper", metavar="HELPER")
    own = argparse.ArgumentParser(add_help=False)
    own.add_argument("--state", type=Path, default=argparse.SUPPRESS, help="the install's own directory")
    token = helpers.add_parser("token", parents=[own], help="make a new token for a node and print it")
    token.add_argument("node")
    enrol = helpers.add_parser(
        "enrol", parents=[own], help="make a one-time code for `gridwatch edge enrol` and print it"
    )
    enrol.add_argument("node")
    enrol.add_argument(
        "--minutes", type=int, choices=range(1, 7 * 24 * 60 + 1), default=60, metavar="N",
        help="how long the code may be used (%(default)s)",
    )  # fmt: skip
    revoke = helpers.add_parser("revoke", parents=[own], help="shut a node out from its next request on")
    revoke.add_argument("node")
    revoke.add_argument("--reason", default="by the command line", help="for the node's log")
    user = helpers.add_parser("user", help="look after users")
    people.configure(user, own)
    helpers.add_parser("openapi", help="print the API's OpenAPI document")


def run(options: Namespace) -> int:
    """Do what was asked; a clear error is one line and exit code 1."""
    if options.helper == "openapi":
        print(json.dumps(openapi_document(), ensure_ascii=False, indent=1, sort_keys=True))
        return 0
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    stop_on_sigterm()
    try:
        settings = settings_from(options.state, secure_cookies=options.https)
        if options.page:
            settings = replace(settings, page=options.page)
        if options.helper == "token":
            print(in_database(settings, lambda engine: _new_token(engine, options.node)))
        elif options.helper == "enrol":
            print(in_database(settings, lambda engine: _new_code(engine, options.node, options.minutes)))
        elif options.helper == "revoke":
            print(in_database(settings, lambda engine: _revoke(engine, options.node, options.reason)))
        elif options.helper == "user":
            print(in_database(settings, lambda engine: _user(engine, options)))
        else:
            _serve(settings, options)
    except (CloudError, SiteError) as error:
        print(f"gridwatch cloud: {error}", file=sys.stderr)
        return 1
    except (SQLAlchemyError, OSError) as error:
        print(f"gridwatch cloud: {type(error).__name__}: {_first_line(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0
    return 0


def _serve(settings: Settings, options: Namespace) -> None:
    site = load_site(options.site)
    given = {DEADLINES.name: options.deadlines} if options.deadlines else {}
    settings = replace(settings, policies=beside(options.site, KINDS, given))
    nodes = [node.id for node in site.nodes]
    tokens = accounts.token_file(options.tokens, nodes) if options.tokens else {}
    first = read_people(options.people) if options.people else FIRST
    with listen(options.host, options.port) as listening, database(settings) as url:
        asyncio.run(prepare(url, settings, utc_now(), site=site, tokens=tokens, people=first))
        if not serve(create_app(settings, url), listening, settings.tls):
            raise CloudError("could not begin to serve; the log above says why")


@contextmanager
def database(settings: Settings) -> Iterator[URL]:
    """The database: the one named by the environment, or the embedded one: started, kept alive, stopped."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    server = EmbeddedServer(settings.state / "pg")
    url = server.start()
    stopping = threading.Event()
    keeper = threading.Thread(target=server.keep, args=(stopping,), name="database", daemon=True)
    keeper.start()
    try:
        yield url
    finally:
        stopping.set()
        keeper.join()
        server.stop()


def in_database(settings: Settings, work: Callable[[AsyncEngine], Awaitable[str]]) -> str:
    """What `work` answers, over the install's database brought up to date."""

    async def do(url: URL) -> str:
        engine = make_engine(url)
        try:
            await migrate.upgrade(engine)
            return await work(engine)
        finally:
            await engine.dispose()

    with database(settings) as url:
        return asyncio.run(do(url))


async def _new_token(engine: AsyncEngine, node: str) -> str:
    token = random_token()
    async with engine.begin() as connection:
        await credentials.set_token(connection, node, token, utc_now())
    return token


async def _new_code(engine: AsyncEngine, node: str, minutes: int) -> str:
    async with engine.begin() as connection:
        actor, lifetime = Actor("system", "gridwatch cloud enrol"), timedelta(minutes=minutes)
        code, _ = await make_code(connection, node, actor, utc_now(), lifetime)
    return code


async def _revoke(engine: AsyncEngine, node: str, reason: str) -> str:
    async with engine.begin() as connection:
        actor = Actor("system", "gridwatch cloud revoke")
        count = await credentials.revoke(connection, node, actor, reason, utc_now())
    return f"node {node} is shut out; {count} credential(s) are void"


async def _user(engine: AsyncEngine, options: Namespace) -> str:
    async with engine.begin() as connection:
        return await people.run(connection, options, utc_now())


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [""])[0]
