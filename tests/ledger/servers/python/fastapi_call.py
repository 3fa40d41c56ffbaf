# SPDX-License-Identifier: Apache-2.0
"""A FastAPI application that asks upstream with httpx."""

import contextlib
import os

import fastapi
import httpx

UPSTREAM = int(os.environ["UPSTREAM"])


@contextlib.asynccontextmanager
async def lifespan(application: fastapi.FastAPI):
    limits = httpx.Limits(max_connections=512, max_keepalive_connections=512)
    async with httpx.AsyncClient(limits=limits, timeout=30) as client:
        application.state.client = client
        yield


app = fastapi.FastAPI(lifespan=lifespan)


@app.get("/r/{request_id}")
async def answer(request_id: str) -> fastapi.Response:
    got = await app.state.client.get(f"http://127.0.0.1:{UPSTREAM}/r/{request_id}")
    return fastapi.Response(got.content, got.status_code)
