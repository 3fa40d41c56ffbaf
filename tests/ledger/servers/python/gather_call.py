# SPDX-License-Identifier: Apache-2.0
"""gather_call.py PORT UPSTREAM: an aiohttp server; each request asks upstream eight times at once,
ID_0 to ID_7."""

import asyncio
import sys

import aiohttp
from aiohttp import web

PORT, UPSTREAM = map(int, sys.argv[1:3])


async def fetch(session: aiohttp.ClientSession, path: str) -> bytes:
    async with session.get(f"http://127.0.0.1:{UPSTREAM}{path}") as got:
        return await got.read()


async def answer(request: web.Request) -> web.Response:
    calls = [fetch(request.app["session"], f"{request.path}_{n}") for n in range(8)]
    return web.Response(body=b"".join(await asyncio.gather(*calls)))


async def session(application: web.Application):
    application["session"] = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=64))
    yield
    await application["session"].close()


app = web.Application()
app.cleanup_ctx.append(session)
app.router.add_get("/r/{id}", answer)
web.run_app(app, host="127.0.0.1", port=PORT, access_log=None, backlog=1024, print=None)
