"""Log-in at an OpenID provider, over real HTTP with real keys, and all that must not let anybody in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from sqlalchemy import func, select, text

from cloud.errors import SettingsError
from cloud.people.oidc.settings import CALLBACK, oidc_from, trusted
from cloud.people.oidc.tokens import challenge_of
from cloud.people.roles import Role
from cloud.people.tables import oidc_login
from cloud.settings import Settings
from tests.cloud.conftest import BASE
from tests.cloud.oidc_provider_for_tests import CLIENT, SECRET, FakeProvider, provider, rsa
from tests.cloud.test_nodes_identity import administrator

pytestmark = pytest.mark.anyio
BEGIN = "/api/v1/session/oidc"


def environment(issuer: str, **more: str) -> dict[str, str]:
    found = {
        "GRIDWATCH_OIDC_ISSUER": issuer, "GRIDWATCH_OIDC_CLIENT": CLIENT,
        "GRIDWATCH_OIDC_REDIRECT": f"https://gridwatch.test{CALLBACK}",
    }  # fmt: skip
    return found | more


@dataclass
class House:
    """An app, a provider, and an account that is linked to `u-1` there."""

    s: Any
    there: FakeProvider

    def browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=httpx.ASGITransport(self.s.app), base_url=BASE)

    async def begin(self, browser: httpx.AsyncClient) -> str:
        answer = await browser.get(BEGIN)
        assert answer.status_code == 302, answer.text
        return str(answer.headers["location"])

    async def log_in(self, browser: httpx.AsyncClient) -> httpx.Response:
        back = urlsplit(self.there.let_in(await self.begin(browser)))
        return await browser.get(f"{back.path}?{back.query}")


@pytest.fixture
def house(street, tmp_path) -> Any:
    @asynccontextmanager
    async def run(**more: str) -> AsyncIterator[House]:
        clock: list[Any] = []
        with provider(lambda: clock[0]()) as there:
            oidc = oidc_from(environment(there.issuer, **more), SECRET)
            async with street(Settings(state=tmp_path, page=tmp_path, oidc=oidc)) as s:
                clock.append(s.clock)
                link = (
                    "INSERT INTO person_subject SELECT :issuer, 'u-1', id, now(), 'a test' FROM person"
                    " WHERE username = 'leader'"
                )
                async with s.app.state.context.engine.begin() as connection:
                    await connection.execute(text(link), {"issuer": there.issuer})
                yield House(s, there)

    return run


async def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["code"])


async def test_who_is_linked_comes_back_with_a_session(house) -> None:
    async with house() as h, h.browser() as browser:
        answer = await h.log_in(browser)
        assert (answer.status_code, answer.headers["location"]) == (303, "/")
        session = (await browser.get("/api/v1/session")).json()
        assert session["user"]["username"] == "leader"
        cookies = answer.headers.get_list("set-cookie")
        assert any("gridwatch_session" in one and "HttpOnly" in one and "strict" in one for one in cookies)
        again = await h.log_in(browser)
        assert again.status_code == 303
        assert h.there.asked.count("/keys") == 1  # kept between log-ins


async def test_each_log_in_has_secrets_of_its_own_and_only_hashes_of_them_are_kept(house) -> None:
    async with house() as h, h.browser() as browser:
        first, second = [(await h.begin(browser)) for _ in range(2)]
        one, other = (dict(httpx.URL(place).params.items()) for place in (first, second))
        assert not {one[word] for word in ("state", "nonce", "code_challenge")} & set(other.values())
        async with h.s.app.state.context.engine.connect() as connection:
            rows = (await connection.execute(select(oidc_login))).all()
        assert one["state"] not in str(rows)
        assert one["code_challenge"] in {challenge_of(row.verifier) for row in rows}


AT = 1_795_320_000  # of the tests' clock


WRONG = [
    ({"nonce": "another"}, "another log-in"),
    ({"nonce": None}, "another log-in"),
    ({"aud": "somebody else"}, "somebody else"),
    ({"aud": [CLIENT, "another"]}, "given to somebody else"),
    ({"azp": "another"}, "given to somebody else"),
    ({"iss": "https://another.example"}, "another issuer"),
    ({"exp": AT - 61}, "expired"),
    ({"exp": None}, "expired"),
    ({"exp": "soon"}, "expired"),
    ({"iat": AT + 3600}, "future"),
    ({"sub": ""}, "names nobody"),
]


async def test_a_token_that_is_not_for_this_log_in_lets_nobody_in(house) -> None:
    async with house() as h, h.browser() as browser:
        assert h.s.clock().timestamp() == AT
        for claims, word in WRONG:
            h.there.claims = claims
            answer = await h.log_in(browser)
            assert (answer.status_code, await code_of(answer)) == (401, "bad_login"), claims
            assert word in answer.json()["detail"]
        assert (await browser.get("/api/v1/session")).status_code == 401


async def test_no_signature_and_a_shared_secret_are_no_signature(house) -> None:
    async with house() as h, h.browser() as browser:
        for h.there.signed in ("none", "HS256"):
            answer = await h.log_in(browser)
            assert await code_of(answer) == "bad_login"
            assert "signature" in answer.json()["detail"]


async def test_a_new_key_is_fetched_and_one_the_provider_does_not_know_is_refused(house) -> None:
    async with house() as h, h.browser() as browser:
        assert (await h.log_in(browser)).status_code == 303
        old, h.there.key = h.there.key, rsa(2, "k2")
        h.there.published = [old]
        assert await code_of(await h.log_in(browser)) == "bad_login"
        h.s.clock.forward(seconds=61)
        h.there.published = [old, h.there.key]
        assert (await h.log_in(browser)).status_code == 303
        h.there.key = rsa(3, "k1")  # names a known key, is not it
        assert await code_of(await h.log_in(browser)) == "bad_login"


async def test_a_log_in_is_ended_once_in_time_and_in_the_browser_that_began_it(house) -> None:
    async with house() as h, h.browser() as browser, h.browser() as another:
        back = urlsplit(h.there.let_in(await h.begin(browser)))
        path = f"{back.path}?{back.query}"
        assert await code_of(await another.get(path)) == "bad_login"
        assert await code_of(await browser.get(path)) == "bad_login"  # that used it up
        back = urlsplit(h.there.let_in(await h.begin(browser)))
        assert (await browser.get(f"{back.path}?{back.query}")).status_code == 303
        assert await code_of(await browser.get(f"{back.path}?{back.query}")) == "bad_login"
        back = urlsplit(h.there.let_in(await h.begin(browser)))
        h.s.clock.forward(minutes=11)
        assert await code_of(await browser.get(f"{back.path}?{back.query}")) == "bad_login"
        await h.begin(browser)
        async with h.s.app.state.context.engine.connect() as connection:
            left = await connection.scalar(select(func.count()).select_from(oidc_login))
        assert left == 1


async def test_what_the_provider_refuses_is_refused_here(house) -> None:
    async with house() as h, h.browser() as browser:
        state = httpx.URL(await h.begin(browser)).params["state"]
        refused = await browser.get(CALLBACK, params={"state": state, "error": "access_denied"})
        assert await code_of(refused) == "bad_login"
        state = httpx.URL(await h.begin(browser)).params["state"]
        forged = await browser.get(CALLBACK, params={"state": state, "code": "guessed"})
        assert await code_of(forged) == "bad_login"
        place = await h.begin(browser)
        mixed = urlsplit(h.there.let_in(place))
        answer = await browser.get(f"{mixed.path}?{mixed.query}&iss=https://another.example")
        assert await code_of(answer) == "bad_login"


async def test_a_provider_that_fails_is_said_to_be_away_until_it_is_back(house) -> None:
    async with house() as h, h.browser() as browser:
        for path in ("/.well-known/openid-configuration", "/keys", "/token"):
            h.there.fails = {path: 503}
            answer = await h.log_in(browser) if path == "/token" else await browser.get(BEGIN)
            assert (answer.status_code, await code_of(answer)) == (503, "provider_away")
            assert answer.headers["retry-after"]
        h.there.fails = {}
        assert (await h.log_in(browser)).status_code == 303


@pytest.mark.parametrize(
    "said",
    [
        {"issuer": "https://another.example"},
        {"token_endpoint": "http://another.example/t"},
        {"jwks_uri": None},
    ],
)
async def test_a_configuration_that_does_not_fit_is_not_used(house, said) -> None:
    async with house() as h, h.browser() as browser:
        h.there.configuration = said
        assert await code_of(await browser.get(BEGIN)) == "provider_away"


async def test_who_is_nobody_here_or_locked_stays_outside(house) -> None:
    async with house() as h, h.browser() as browser:
        h.there.claims = {"sub": "u-2", "groups": ["grid"]}
        assert await code_of(await h.log_in(browser)) == "not_linked"
        h.there.claims = {}
        async with h.s.app.state.context.engine.begin() as connection:
            await connection.execute(text("UPDATE person SET locked_at = now() WHERE username = 'leader'"))
        assert await code_of(await h.log_in(browser)) == "not_linked"


async def test_a_claim_makes_somebody_with_its_role_once(house) -> None:
    roles = {"GRIDWATCH_OIDC_CLAIM": "groups", "GRIDWATCH_OIDC_ROLES": "room=operator, grid=grid_worker"}
    async with house(**roles) as h, h.browser() as browser:
        h.there.claims = {"sub": "u-2", "groups": ["chess"]}
        assert await code_of(await h.log_in(browser)) == "not_linked"
        h.there.claims = {"sub": "u-2", "groups": ["room", "chess"], "name": "李四"}
        for _ in range(2):
            assert (await h.log_in(browser)).status_code == 303
            user = (await browser.get("/api/v1/session")).json()["user"]
            assert (user["roles"], user["name"]["zh"]) == (["operator"], "李四")
        h.there.claims = {"sub": "u-3", "groups": "grid"}
        assert (await h.log_in(browser)).status_code == 303
        assert (await browser.get("/api/v1/incidents")).json()["items"] == []  # no area yet, so nothing
        password = {"username": user["username"], "password": ""}
        assert (await browser.post("/api/v1/session", json=password | {"password": "x"})).status_code == 401
        async with h.s.app.state.context.engine.connect() as connection:
            count = text("SELECT count(*) FROM person WHERE username LIKE '%@oidc'")
            assert await connection.scalar(count) == 2


async def test_the_administrator_says_who_somebody_is_there(house) -> None:
    async with house() as h, h.browser() as browser:
        admin = await administrator(h.s)
        h.there.claims = {"sub": "u-9"}
        assert await code_of(await h.log_in(browser)) == "not_linked"
        taken = await admin.http.put("/api/v1/people/operator/subject", json={"subject": "u-1"})
        assert (taken.status_code, "somebody else" in taken.json()["detail"]) == (422, True)
        for _ in range(2):
            link = await admin.http.put("/api/v1/people/operator/subject", json={"subject": "u-9"})
            assert link.status_code == 204, link.text
        assert (await h.log_in(browser)).status_code == 303
        assert (await browser.get("/api/v1/session")).json()["user"]["username"] == "operator"


async def test_without_a_provider_there_is_none(street) -> None:
    async with street() as s:
        assert await code_of(await s.http.get(BEGIN)) == "not_found"
        admin = await administrator(s)
        answer = await admin.http.put("/api/v1/people/leader/subject", json={"subject": "x"})
        assert answer.status_code == 404


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"GRIDWATCH_OIDC_ISSUER": "http://provider.example"}, "ISSUER: must begin with https"),
        ({"GRIDWATCH_OIDC_ISSUER": ""}, "ISSUER: is not set"),
        ({"GRIDWATCH_OIDC_CLIENT": ""}, "CLIENT: set"),
        ({"GRIDWATCH_OIDC_REDIRECT": "https://gridwatch.test/"}, "REDIRECT: set"),
        ({"GRIDWATCH_OIDC_CLAIM": "groups"}, "set both or neither"),
        ({"GRIDWATCH_OIDC_CLAIM": "groups", "GRIDWATCH_OIDC_ROLES": "a=administrator"}, "no claim makes"),
    ],
)
def test_settings_that_do_not_fit_are_named(changes, word) -> None:
    given = environment("https://provider.example") | changes
    with pytest.raises(SettingsError, match=word):
        oidc_from({name: value for name, value in given.items() if value}, None)


def test_the_secret_is_not_shown_and_roles_are_read() -> None:
    roles = {"GRIDWATCH_OIDC_CLAIM": "g", "GRIDWATCH_OIDC_ROLES": "a=operator,b=auditor"}
    found = oidc_from(environment("https://provider.example", **roles), SECRET)
    assert found is not None
    assert SECRET not in repr(found)
    assert found.roles == {"a": Role.OPERATOR, "b": Role.AUDITOR}
    assert oidc_from({}, None) is None


@pytest.mark.parametrize(
    ("address", "fine"),
    [
        ("https://a.example", True), ("http://127.0.0.1:1/", True), ("http://[::1]/", True),
        ("http://a.example", False), ("http://localhost.example", False), ("ftp://127.0.0.1", False),
        ("https://", False),
    ],
)  # fmt: skip
def test_only_https_and_this_machine_are_trusted(address, fine) -> None:
    assert trusted(address) is fine
