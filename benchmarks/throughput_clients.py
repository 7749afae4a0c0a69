"""What `benchmarks/throughput.py` measures: clients that ask one question, and the server that answers them."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

from druqa import ModelSettings
from druqa.cascade_files import load_cascade
from druqa.models.client import LitellmModel
from druqa.models.heap import heap_spared
from druqa.models.replies import VerdictReply, json_schema
from druqa.prompts import PromptText
from tests.support.loopback import Loopback

KEY = "THROUGHPUT_KEY"
"""The environment variable that holds the key."""
MODEL = "alpha"
ASKED = load_cascade("recall_first")
_FORM = json_schema(VerdictReply)

Call = Callable[[PromptText], Awaitable[object]]
"""Asks one question, and gives the text of the reply."""


def serve(latency: float) -> None:
    from aiohttp import web  # noqa: PLC0415

    loopback = Loopback(cascade=ASKED)

    async def answer(request: web.Request) -> web.Response:
        asked = json.loads(await request.read())
        ends = asyncio.get_running_loop().time() + latency
        _, _, body = loopback.answer(asked)
        await asyncio.sleep(ends - asyncio.get_running_loop().time())
        return web.json_response(body)

    async def count(_: web.Request) -> web.Response:
        counted = {"calls": sum(loopback.asked.values()), "questions": len(loopback.asked)}
        loopback.asked.clear()
        return web.json_response(counted)

    async def run() -> None:
        app = web.Application()
        app.add_routes([web.post("/v1/chat/completions", answer), web.get("/count", count)])
        runner = web.AppRunner(app, access_log=None)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0, backlog=4096)
        await site.start()
        print(runner.addresses[0][1], flush=True)
        await asyncio.Event().wait()

    asyncio.run(run())


def body_of(prompt: PromptText) -> dict[str, Any]:
    messages = [{"role": "system", "content": prompt.instruction}, {"role": "user", "content": prompt.data}]
    form = {"type": "json_schema", "json_schema": _FORM}
    return {"model": MODEL, "messages": messages, "temperature": 0, "max_tokens": 600, "response_format": form}


@asynccontextmanager
async def raw_aiohttp(base: str, _in_flight: int) -> AsyncIterator[Call]:
    import aiohttp  # noqa: PLC0415

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def call(prompt: PromptText) -> object:
            async with session.post(f"{base}/chat/completions", json=body_of(prompt)) as response:
                return (await response.json())["choices"][0]["message"]["content"]

        yield call


@asynccontextmanager
async def raw_httpx(base: str, in_flight: int) -> AsyncIterator[Call]:
    import httpx  # noqa: PLC0415

    limits = httpx.Limits(max_connections=in_flight, max_keepalive_connections=in_flight)
    async with httpx.AsyncClient(limits=limits, timeout=600) as client:

        async def call(prompt: PromptText) -> object:
            response = await client.post(f"{base}/chat/completions", json=body_of(prompt))
            return response.json()["choices"][0]["message"]["content"]

        yield call


@asynccontextmanager
async def openai_sdk(base: str, _in_flight: int) -> AsyncIterator[Call]:
    from openai import AsyncOpenAI  # noqa: PLC0415

    async with AsyncOpenAI(api_key=os.environ[KEY], base_url=base, max_retries=0) as client:

        async def call(prompt: PromptText) -> object:
            response = await client.chat.completions.create(**body_of(prompt))
            return response.choices[0].message.content

        yield call


@asynccontextmanager
async def acompletion(base: str, _in_flight: int) -> AsyncIterator[Call]:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"
    import litellm  # noqa: PLC0415

    async def call(prompt: PromptText) -> object:
        body = {**body_of(prompt), "model": f"openai/{MODEL}"}
        response = await litellm.acompletion(**body, api_base=base, api_key=os.environ[KEY], max_retries=0, timeout=600)
        return response.choices[0].message.content

    yield call


@asynccontextmanager
async def the_door(base: str, in_flight: int, **parameters: Any) -> AsyncIterator[Call]:
    model = LitellmModel(f"openai/{MODEL}", settings_at(base, in_flight, parameters=parameters))
    model.prepare()
    with heap_spared():  # as in each run
        yield lambda prompt: model.complete(prompt, _FORM)
    await model.run_ended()


def settings_at(base: str, in_flight: int, **more: Any) -> ModelSettings:
    return ModelSettings(api_base=base, api_key_env=KEY, concurrency=in_flight, timeout_s=600, **more)


CLIENTS: dict[str, tuple[str, Callable[[str, int], AbstractAsyncContextManager[Call]]]] = {
    "raw aiohttp": ("aiohttp", raw_aiohttp),
    "raw httpx": ("httpx", raw_httpx),
    "openai SDK": ("openai", openai_sdk),
    "litellm.acompletion": ("litellm", acompletion),
    "druqa: fast lane": ("litellm", the_door),
    "druqa: other lane": ("litellm", partial(the_door, n=1)),
}
