// SPDX-License-Identifier: Apache-2.0
// Commands from ioredis; arguments and log as in client.py, without the mode.
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";

const require = createRequire(`${process.env.NODE_MODULES}/`);
const Redis = require("ioredis");
const [port, requests, concurrency, depth, prefix, log] = process.argv.slice(2);
const script = "return redis.error_reply('CUSTOM of ' .. KEYS[1])";

function commandOf(n) {
  const key = `id:${prefix}${n}`;
  return [
    [["set", key, "value"], ""], [["get", key], ""], [["incr", key], ""],
    [["lpush", "text", key], "WRONGTYPE"], [["eval", script, "1", key], "CUSTOM"],
    [["hset", `hash:${key}`, "field", "x".repeat(500)], ""]][n % 6];
}

async function worker(w) {
  const client = new Redis(Number(port));
  const numbers = [];
  for (let n = w; n < Number(requests); n += Number(concurrency)) numbers.push(n);
  for (let i = 0; i < numbers.length; i += Number(depth)) {
    const calls = numbers.slice(i, i + Number(depth)).map((n) => client.call(...commandOf(n)[0]));
    await Promise.allSettled(calls);
  }
  await client.quit();
}

await Promise.all(Array.from({ length: Number(concurrency) }, (_, w) => worker(w)));
const lines = Array.from({ length: Number(requests) }, (_, n) => {
  const [words, code] = commandOf(n);
  return JSON.stringify({ id: `${prefix}${n}`, command: words[0], code });
});
writeFileSync(log, lines.join("\n") + "\n");
