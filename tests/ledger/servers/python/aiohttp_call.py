# SPDX-License-Identifier: Apache-2.0
"""aiohttp_call.py PORT UPSTREAM LIMIT: an aiohttp server that asks upstream over a pool of LIMIT
connections (0: as many as it takes)."""

import sys

import aiohttp
from aiohttp import web

PORT, UPSTREAM, LIMIT = map(int, sys.argv[1:4])


async def answer(request: web.Request) -> web.Response:
    session = request.app["session"]
    async with session.get(f"http://127.0.0.1:{UPSTREAM}{request.path}") as got:
        return web.Response(body=await got.read(), status=got.status)


async def session(app: web.Application):
    connector = aiohttp.TCPConnector(limit=LIMIT)
    app["session"] = aiohttp.ClientSession(connector=connector)
    yield
    await app["session"].close()


app = web.Application()
app.cleanup_ctx.append(session)
app.router.add_get("/r/{id}", answer)
web.run_app(app, host="127.0.0.1", port=PORT, access_log=None, backlog=1024, print=None)
