# SPDX-License-Identifier: Apache-2.0
"""aiohttp_redis.py PORT UPSTREAM: an aiohttp server that asks Redis over a pool."""

import sys

import redis.asyncio
from aiohttp import web

PORT, UPSTREAM = map(int, sys.argv[1:3])


async def answer(request: web.Request) -> web.Response:
    await request.app["redis"].get(request.match_info["id"])
    return web.Response(text="ok")


async def client(application: web.Application):
    pool = redis.asyncio.BlockingConnectionPool(host="127.0.0.1", port=UPSTREAM,
                                                max_connections=64, timeout=20)
    application["redis"] = redis.asyncio.Redis(connection_pool=pool)
    yield
    await application["redis"].aclose()


app = web.Application()
app.cleanup_ctx.append(client)
app.router.add_get("/r/{id}", answer)
web.run_app(app, host="127.0.0.1", port=PORT, access_log=None, backlog=1024, print=None)
