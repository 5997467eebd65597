"""Sending one message by one channel; never inside a database transaction."""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from cloud.outgoing import NotSent, post
from cloud.push.addresses import secret_of
from cloud.push.channels import Message, outgoing, verdict
from cloud.push.policy import Channel

_APPRISE = ThreadPoolExecutor(4, thread_name_prefix="apprise")
"""Apprise blocks; a service that hangs holds up other services of Apprise, and nothing else."""


class Sender:
    """`send` says why a message was not taken; empty: it was."""

    def __init__(
        self, environment: Mapping[str, str], tls: ssl.SSLContext, now: Callable[[], datetime]
    ) -> None:
        self._environment, self._tls, self._now = environment, tls, now

    async def send(self, channel: Channel, lane: str, message: Message) -> str:
        """Send by `channel` to the address that the variable `lane` holds, within the channel's time."""
        try:
            secret = secret_of(lane, self._environment)
            if channel.kind == "apprise":
                return await _by_apprise(secret.address, message, channel.timeout)
            request = outgoing(channel.kind, secret.address, secret.key, message, self._now())
            answer = await post(
                request.address, request.body, request.headers, within=channel.timeout, tls=self._tls
            )
        except NotSent as error:
            return str(error)
        return verdict(channel.kind, answer)


async def _by_apprise(address: str, message: Message, within: float) -> str:
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(within):
            return await loop.run_in_executor(_APPRISE, _notify, address, message.text)
    except TimeoutError:
        return f"no answer within {within:g} s"


def _notify(address: str, text: str) -> str:
    # Imported only where it is used: it loads slowly. What it logs tells addresses.
    import apprise

    for name in ("apprise", "urllib3"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    service = apprise.Apprise()
    if not service.add(address):
        return "Apprise knows no such service"
    return "" if service.notify(body=text) else "Apprise could not send it"
