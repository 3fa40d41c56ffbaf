# SPDX-License-Identifier: Apache-2.0
"""Runs statements and writes when each began and ended, and with which SQLSTATE:

  client.py MODE HOST PORT CONCURRENCY STATEMENTS LOG

psycopg2 (simple protocol), psycopg (extended), prepared (psycopg, each statement prepared by name),
pipeline (psycopg's pipeline mode), asyncpg. PAUSE_MS in the environment is slept before each
statement of psycopg2."""

import asyncio
import json
import os
import sys
import threading
import time

MODE, HOST, PORT, CONCURRENCY, STATEMENTS, LOG = sys.argv[1:7]
PIPELINE = 8


class Log:
    def __init__(self):
        self.lines, self.lock = [], threading.Lock()

    def add(self, name: str, start_ns: int, code: str):
        with self.lock:
            self.lines.append({"id": name, "start_ns": start_ns,
                               "end_ns": time.monotonic_ns(), "code": code})


def run_psycopg2(work: list, log: Log):
    import psycopg2
    connection = psycopg2.connect(host=HOST, port=PORT, user="postgres")
    connection.autocommit = True
    cursor = connection.cursor()
    print("connected", flush=True)
    pause = float(os.environ.get("PAUSE_MS", "0")) / 1000
    for statement in work:
        time.sleep(pause)
        start, code = time.monotonic_ns(), ""
        try:
            cursor.execute(statement["sql"])
        except psycopg2.Error as error:
            code = error.pgcode
        log.add(statement["id"], start, code)
    connection.close()


def run_psycopg(work: list, log: Log, prepare):
    import psycopg
    with psycopg.connect(host=HOST, port=PORT, user="postgres", autocommit=True) as connection:
        for statement in work:
            start, code = time.monotonic_ns(), ""
            try:
                # Asked for binary results, psycopg uses the extended protocol.
                connection.execute(statement["sql"], prepare=prepare, binary=True)
            except psycopg.Error as error:
                code = error.sqlstate
            log.add(statement["id"], start, code)


def run_pipeline(work: list, log: Log):
    import psycopg
    with psycopg.connect(host=HOST, port=PORT, user="postgres", autocommit=True) as connection:
        for begin in range(0, len(work), PIPELINE):
            batch = work[begin:begin + PIPELINE]
            starts = []
            with connection.pipeline():
                for statement in batch:
                    starts.append(time.monotonic_ns())
                    connection.execute(statement["sql"])
            for statement, start in zip(batch, starts):
                log.add(statement["id"], start, "")


async def run_asyncpg(work: list, log: Log):
    import asyncpg
    connection = await asyncpg.connect(host=HOST, port=int(PORT), user="postgres")
    for number, statement in enumerate(work):
        start, code = time.monotonic_ns(), ""
        try:
            # execute() is a simple query, fetch() prepares, binds and executes.
            await (connection.execute if number % 2 else connection.fetch)(statement["sql"])
        except asyncpg.PostgresError as error:
            code = error.sqlstate
        log.add(statement["id"], start, code)
    await connection.close()


async def all_asyncpg(shares: list, log: Log):
    await asyncio.gather(*(run_asyncpg(share, log) for share in shares))


def main():
    work = [json.loads(line) for line in open(STATEMENTS, encoding="utf-8")]
    count = int(CONCURRENCY)
    shares, log = [work[i::count] for i in range(count)], Log()
    runs = {"psycopg2": run_psycopg2, "pipeline": run_pipeline,
            "psycopg": lambda share, out: run_psycopg(share, out, None),
            "prepared": lambda share, out: run_psycopg(share, out, True)}
    if MODE == "asyncpg":
        asyncio.run(all_asyncpg(shares, log))
    else:
        threads = [threading.Thread(target=runs[MODE], args=(share, log)) for share in shares]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    with open(LOG, "w", encoding="utf-8") as file:
        file.writelines(json.dumps(line) + "\n" for line in log.lines)


main()
