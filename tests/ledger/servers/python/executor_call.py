# SPDX-License-Identifier: Apache-2.0
"""executor_call.py PORT UPSTREAM: an aiohttp server that asks upstream in threads of a pool, as
libraries that block are used from asyncio (run_in_executor)."""

import asyncio
import concurrent.futures
import os
import sys

from aiohttp import web

os.environ |= {"UPSTREAM": sys.argv[2], "KEEP": "1"}
from wsgi_call import fetch  # noqa: E402

POOL = concurrent.futures.ThreadPoolExecutor(16)


async def answer(request: web.Request) -> web.Response:
    loop = asyncio.get_running_loop()
    return web.Response(body=await loop.run_in_executor(POOL, fetch, request.path))


app = web.Application()
app.router.add_get("/r/{id}", answer)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=None, backlog=1024, print=None)
