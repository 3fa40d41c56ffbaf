// SPDX-License-Identifier: Apache-2.0

// node worker.mjs PORT UPSTREAM: the main thread has the server, worker threads ask upstream; a
// message goes each way.
import http from 'node:http';
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads';

const WORKERS = 4;

function serve(port, upstream) {
  const waiting = new Map();
  const workers = Array.from({ length: WORKERS }, () => {
    const worker = new Worker(new URL(import.meta.url), { workerData: upstream });
    worker.on('message', ({ number, status, body }) => {
      waiting.get(number).writeHead(status).end(body);
      waiting.delete(number);
    });
    return worker;
  });
  let next = 0;
  http.createServer((request, answer) => {
    const number = next++;
    waiting.set(number, answer);
    workers[number % WORKERS].postMessage({ number, path: request.url });
  }).listen({ port, host: '127.0.0.1', backlog: 1024 });
}

function work(upstream) {
  const agent = new http.Agent({ keepAlive: true });
  parentPort.on('message', ({ number, path }) => {
    http.get({ agent, host: '127.0.0.1', port: upstream, path }, (got) => {
      let body = '';
      got.on('data', (data) => { body += data; });
      got.on('end', () => parentPort.postMessage({ number, status: got.statusCode, body }));
    }).on('error', (error) => parentPort.postMessage({ number, status: 502, body: `${error}` }));
  });
}

if (isMainThread) {
  serve(...process.argv.slice(2).map(Number));
} else {
  work(workerData);
}
