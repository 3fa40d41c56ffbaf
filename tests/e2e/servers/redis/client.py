# SPDX-License-Identifier: Apache-2.0
"""Commands from redis-py, each with an id of its own, and a log of what came of them.

  client.py sync|asyncio PORT REQUESTS CONCURRENCY DEPTH PREFIX LOG RESP
"""

import asyncio
import json
import sys
import threading

import redis
import redis.asyncio

MODE, PORT, REQUESTS, CONCURRENCY, DEPTH, PREFIX, LOG, RESP = sys.argv[1:]
SCRIPT = "return redis.error_reply('CUSTOM of ' .. KEYS[1])"


def command_of(n: int) -> tuple:
    """A command and the status that it ends with, "" for a good one."""
    key = f"id:{PREFIX}{n}"
    return ((("SET", key, "value"), ""), (("GET", key), ""), (("INCR", key), ""),
            (("LPUSH", "text", key), "WRONGTYPE"), (("EVAL", SCRIPT, "1", key), "CUSTOM"),
            (("HSET", f"hash:{key}", "field", "x" * 500), ""))[n % 6]


def share(worker: int) -> list:
    return list(range(worker, int(REQUESTS), int(CONCURRENCY)))


def batches(worker: int):
    numbers, depth = share(worker), int(DEPTH)
    return [numbers[i:i + depth] for i in range(0, len(numbers), depth)]


def fill(pipe, batch: list):
    for n in batch:
        pipe.execute_command(*command_of(n)[0])
    return pipe


def run_thread(client, worker: int):
    for batch in batches(worker):
        fill(client.pipeline(transaction=False), batch).execute(raise_on_error=False)


async def run_task(client, worker: int):
    for batch in batches(worker):
        pipe = fill(client.pipeline(transaction=False), batch)
        await pipe.execute(raise_on_error=False)


async def run_tasks():
    client = redis.asyncio.Redis(port=int(PORT), protocol=int(RESP))
    await asyncio.gather(*(run_task(client, w) for w in range(int(CONCURRENCY))))
    await client.aclose()


def run_threads():
    client = redis.Redis(port=int(PORT), protocol=int(RESP))
    threads = [threading.Thread(target=run_thread, args=(client, w))
               for w in range(int(CONCURRENCY))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()


if MODE == "asyncio":
    asyncio.run(run_tasks())
else:
    run_threads()
with open(LOG, "w", encoding="utf-8") as file:
    for n in range(int(REQUESTS)):
        words, code = command_of(n)
        print(json.dumps({"id": f"{PREFIX}{n}", "command": words[0], "code": code}), file=file)
