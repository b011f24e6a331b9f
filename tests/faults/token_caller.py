"""One process that sends messages over WeChat: run by ``test_wechat_tokens``, never by itself.

``python -m tests.faults.token_caller BASE_URL OPEN_ID REDIS_URL|-``, then one line with a number on
standard input: so many calls at once. The answer is one line of JSON with the outcomes.
"""

import asyncio
import json
import sys
from collections import Counter

from adapters.errors import AdapterError
from adapters.http import HTTPClients, PeerLimits
from adapters.wechat.client import WeChatClient
from bff.installs import logging
from kit.clock import SystemClock
from kit.coordination.memory import memory_coordination
from kit.coordination.ports import Coordination
from kit.coordination.redis import redis_coordination
from tests.adapters.wechat.world import message, settings

PATIENT_S = 30.0
"""The rule is about tokens. That a busy machine sheds load, and counts a slow Redis as a lost one,
are others'."""


def coordination_of(redis_url: str) -> Coordination:
    if redis_url == "-":
        return memory_coordination()
    return redis_coordination(redis_url, PATIENT_S)


async def outcome(client: WeChatClient, open_id: str) -> str:
    try:
        await client.send_subscribe_message(message(open_id))
    except AdapterError as error:
        return error.code
    return "sent"


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def run(base_url: str, open_id: str, redis_url: str) -> None:
    coordination = coordination_of(redis_url)
    limits = PeerLimits(total_s=PATIENT_S, gate_s=PATIENT_S, breaker_failures=1_000)
    async with HTTPClients() as http:
        client = WeChatClient(
            settings(base_url), http, coordination.cache, coordination.locks, SystemClock(), limits
        )
        say("ready")
        while line := await asyncio.to_thread(sys.stdin.readline):
            calls = (outcome(client, open_id) for _ in range(int(line)))
            say(json.dumps(Counter(await asyncio.gather(*calls))))
    await coordination.close()


if __name__ == "__main__":
    logging.configure("DEBUG")
    asyncio.run(run(*sys.argv[1:]))
