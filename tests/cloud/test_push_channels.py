from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from ipaddress import ip_address

import pytest
import trustme

from cloud.outgoing import NotSent, post, public, split
from cloud.push.addresses import lane_of, secret_of
from cloud.push.channels import Message
from cloud.push.policy import Channel
from cloud.push.sending import Sender
from devices.ids import uuid7
from tests.cloud.provider_for_tests import KEY, Providers, providers

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
KINDS = ("wecom", "dingtalk", "feishu", "sms")
TEXT = "【网格哨】紧急：烟雾报警\n案卷 20261122-00001-7"


@pytest.fixture
async def played() -> AsyncIterator[Providers]:
    async with providers() as found:
        yield found


def channel(kind: str, timeout: float = 5.0) -> Channel:
    return Channel.model_validate({"kind": kind, "address": "GRIDWATCH_PUSH_X", "timeout": timeout})


def sender(address: str, tls: ssl.SSLContext | None = None, key: str | None = KEY) -> Sender:
    environment = {"GRIDWATCH_PUSH_X": address} | ({"GRIDWATCH_PUSH_X_KEY": key} if key else {})
    return Sender(environment, tls or ssl.create_default_context(), lambda: NOW)


async def send(one: Sender, kind: str, within: float = 5.0, text: str = TEXT) -> str:
    return await one.send(channel(kind, within), "GRIDWATCH_PUSH_X", Message(uuid7(), text, ("shop:S1",)))


@pytest.mark.parametrize("kind", KINDS)
async def test_each_provider_takes_what_it_is_sent(played, kind) -> None:
    assert await send(sender(played.at(kind)), kind) == ""
    (got,) = played.of(kind)
    assert got.text == TEXT
    if kind == "sms":
        assert got.json["to"] == ["shop:S1"]
        assert got.headers["webhook-id"] == got.json["id"]


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("wecom", ""),
        ("dingtalk", "errcode 310000: signature, keyword or address not accepted"),
        ("feishu", "errcode 19021: signature not accepted"),
    ],
)
async def test_without_a_key_those_that_want_one_refuse_with_200_and_that_is_a_failure(
    played, kind, said
) -> None:
    assert await send(sender(played.at(kind), key=None), kind) == said


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("status 500", "status 500"),
        ("status 302", "status 302"),
        ("status 429", "too many in a minute (429)"),
        ("reset", "it does not speak HTTP, or broke off"),
        ("late-reset", "it does not speak HTTP, or broke off"),
        ("hang", "no answer within 0.2 s"),
        ("drip", "no answer within 0.2 s"),
        ("slow 0.6", "no answer within 0.2 s"),
    ],
)
async def test_every_fault_of_a_provider_is_one_sentence_in_time(played, fault, said) -> None:
    patience = 0.2 if "within" in said else 5.0

    async def meet(kind: str) -> None:
        one = sender(played.at(kind))
        played.faults[kind].append(fault)
        # A connection that is cut is noticed as an end or as a reset, as the kernel likes it.
        cut = "it broke the connection off" if "reset" in fault else said
        assert await send(one, kind, patience) in (said, cut)
        assert len(played.of(kind)) == 1
        assert await send(one, kind) == ""

    await asyncio.gather(*map(meet, KINDS))


@pytest.mark.parametrize(("kind", "number"), [("wecom", 45009), ("dingtalk", 130101), ("feishu", 11232)])
async def test_an_error_number_in_a_200_is_a_failure_and_what_stands_beside_it_is_not_repeated(
    played, kind, number
) -> None:
    played.faults[kind] += [f"errcode {number}", "errcode 77", "html"]
    one = sender(played.at(kind))
    assert await send(one, kind) == f"errcode {number}: too many in a minute"
    assert await send(one, kind) == "errcode 77"
    assert await send(one, kind) == "answers 200 and not what this provider answers"


async def test_a_provider_that_is_away_is_told_as_such(played) -> None:
    address = played.at("wecom").replace(str(played.port), "1")
    assert await send(sender(address), "wecom") == "it refuses the connection"
    assert await send(sender("http://gridwatch.invalid/"), "wecom") == "its name is not known"
    assert (await send(sender("ftp://x/"), "wecom")).startswith("the address is none of http")


async def test_certificates_are_checked() -> None:
    authority, other = trustme.CA(), trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(server)
    right, wrong = ssl.create_default_context(), ssl.create_default_context()
    authority.configure_trust(right)
    other.configure_trust(wrong)
    async with providers(server) as played:
        assert await send(sender(played.at("wecom", "localhost"), right), "wecom") == ""
        untrusted = await send(sender(played.at("wecom", "localhost"), wrong), "wecom")
        assert untrusted.startswith("its certificate is not trusted")
        misnamed = await send(sender(played.at("wecom"), right), "wecom")
        assert "127.0.0.1" in misnamed
        assert len(played.got) == 1


async def test_a_long_text_is_cut_to_what_wecom_takes(played) -> None:
    text = "【网格哨】" + "火" * 3000 + "\nhttps://example.org/p/1"
    assert await send(sender(played.at("wecom")), "wecom", text=text) == ""
    assert played.got[0].text.endswith("火…\nhttps://example.org/p/1")


async def test_no_address_or_key_is_told_by_any_failure(played, caplog, monkeypatch) -> None:
    caplog.set_level(logging.DEBUG)
    found = []
    for fault in ("status 500", "reset", "hang", "errcode 93000", "html", "late-reset"):
        played.faults["wecom"].append(fault)
        found.append(await send(sender(played.at("wecom")), "wecom", 0.2))
    found.append(await send(sender(f"http://127.0.0.1:1/{KEY}"), "wecom"))
    found.append(await send(sender(f"no address {KEY}"), "wecom"))
    assert all(found)
    told = " ".join(found) + caplog.text + repr(sender(played.at("wecom")))
    assert KEY not in told
    assert KEY not in repr(secret_of("GRIDWATCH_PUSH_X", {"GRIDWATCH_PUSH_X": played.at("wecom")}))


@pytest.mark.filterwarnings("ignore:'imghdr':DeprecationWarning")  # Apprise imports it
async def test_another_service_is_spoken_to_by_apprise(played, caplog) -> None:
    caplog.set_level(logging.DEBUG)
    address = f"json://127.0.0.1:{played.port}/other/{KEY}"
    assert await send(sender(address), "apprise", 30) == ""
    assert played.got[0].json["message"] == TEXT
    played.faults[f"other/{KEY}"].append("status 500")
    assert await send(sender(address), "apprise", 30) == "Apprise could not send it"
    played.faults[f"other/{KEY}"].append("slow 1")
    assert await send(sender(address), "apprise", 0.2) == "no answer within 0.2 s"
    assert await send(sender(f"pigeon://{KEY}"), "apprise", 30) == "Apprise knows no such service"
    assert KEY not in caplog.text


def test_an_address_is_in_the_environment_or_in_a_file_and_may_differ_from_grid_to_grid(tmp_path) -> None:
    by_grid = Channel.model_validate({"kind": "wecom", "address": "GRIDWATCH_PUSH_{grid}_{office}"})
    assert lane_of(by_grid, {"grid": "g01-a", "office": "SO1"}) == "GRIDWATCH_PUSH_G01_A_SO1"
    assert lane_of(by_grid, {"grid": "g01"}) is None
    file = tmp_path / "robot"
    file.write_text("http://robot/\n")
    assert secret_of("X", {"X_FILE": str(file), "X_KEY": "k"}).address == "http://robot/"
    with pytest.raises(NotSent, match="not configured: X is not set"):
        secret_of("X", {})
    with pytest.raises(NotSent, match="both set"):
        secret_of("X", {"X": "a", "X_FILE": "b"})


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
async def test_what_is_not_public_is_not_public(address) -> None:
    assert not public(ip_address(address))
    host = f"[{address}]" if ":" in address else address
    with pytest.raises(NotSent, match="not one that may be called"):
        await post(f"http://{host}:1/", b"", [], within=5, tls=ssl.create_default_context(), allowed=public)


def test_what_is_public_is_public() -> None:
    for address in ("8.8.8.8", "2400:3200::1", "::ffff:8.8.8.8"):
        assert public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["", "http://", "http:///x", "ftp://a/", "http://u:p@a/", "http://a:0/", "http://a:99999/", "http://ä/",
     "http://a/\r\nX: y", "http://[::1", "//a/", "http://a/ b"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address) -> None:
    with pytest.raises(NotSent):
        split(address)
