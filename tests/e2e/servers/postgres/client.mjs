// SPDX-License-Identifier: Apache-2.0
// As client.py, with node-postgres: `simple` sends Query, `extended` Parse, Bind, Execute.
import fs from 'node:fs';
import pg from 'pg';

const [mode, host, port, concurrency, statements, log] = process.argv.slice(2);
const work = fs.readFileSync(statements, 'utf8').trim().split('\n').map((l) => JSON.parse(l));
const lines = [];

async function run(share) {
  const client = new pg.Client({host, port: Number(port), user: 'postgres', database: 'postgres'});
  await client.connect();
  for (const {id, sql} of share) {
    const start = process.hrtime.bigint();
    let code = '';
    try {
      await client.query(mode === 'simple' ? sql : {name: id, text: sql, values: []});
    } catch (error) {
      code = error.code;
    }
    lines.push(`{"id":"${id}","start_ns":${start},"end_ns":${process.hrtime.bigint()},` +
               `"code":"${code}"}\n`);
  }
  await client.end();
}

const count = Number(concurrency);
const shares = Array.from({length: count}, (_, i) => work.filter((_, n) => n % count === i));
await Promise.all(shares.map(run));
fs.writeFileSync(log, lines.join(''));
