// SPDX-License-Identifier: Apache-2.0

// An HTTP origin and an HTTP client with Node's own http module, for the end-to-end tests.
//   node origin.mjs server PORT
//   node origin.mjs client BASE-URL REQUESTS CONCURRENCY ID-PREFIX LOG
import fs from 'node:fs';
import http from 'node:http';

const BIG = Buffer.alloc(5_000_000, 'y');

function answer(request, response) {
  const parts = request.url.split('/');
  switch (parts[1]) {
    case 'status':
      response.writeHead(Number(parts[2]));
      response.end();
      break;
    case 'chunked':
      for (let i = 0; i < 3; i++) response.write('c'.repeat(1000));
      response.end();
      break;
    case 'echo': {
      let size = 0;
      request.on('data', (data) => { size += data.length; });
      request.on('end', () => sized(response, `${size} bytes`));
      break;
    }
    case 'big':
      sized(response, BIG);
      break;
    default:
      sized(response, 'hello from node');
  }
}

function sized(response, body) {
  response.writeHead(200, { 'Content-Length': Buffer.byteLength(body) });
  response.end(body);
}

// Every third request uploads. Resolves with what the client saw.
function request(base, agent, id, number) {
  const upload = number % 3 === 0;
  const body = upload ? Buffer.alloc(1 + (number % 5000), 'b') : null;
  const truth = {
    id, method: upload ? 'POST' : 'GET', path: `${upload ? '/echo' : ''}/r/${id}`, start_ns: 0,
    end_ns: 0, status: 0, request_body: body ? body.length : 0, response_body: 0, ended: 'closed',
  };
  return new Promise((resolve) => {
    const headers = body ? { 'Content-Length': body.length } : {};
    const call = http.request(base + truth.path, { agent, method: truth.method, headers });
    call.on('error', () => resolve(truth));
    call.on('response', (response) => {
      truth.status = response.statusCode;
      response.on('data', (data) => { truth.response_body += data.length; });
      response.on('error', () => resolve(truth));
      response.on('end', () => resolve({ ...truth, ended: 'answered' }));
    });
    call.end(body);
  });
}

async function runClient([base, requests, concurrency, prefix, log]) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: Number(concurrency) });
  const truths = [];
  let next = 0;
  const worker = async () => {
    while (next < Number(requests)) {
      const number = next++;
      truths.push(await request(base, agent, `${prefix}${number}`, number));
    }
  };
  await Promise.all(Array.from({ length: Number(concurrency) }, worker));
  fs.writeFileSync(log, truths.map((t) => `${JSON.stringify(t)}\n`).join(''));
  agent.destroy();
}

const [verb, ...args] = process.argv.slice(2);
if (verb === 'server') {
  http.createServer(answer).listen(Number(args[0]), '127.0.0.1');
} else {
  await runClient(args);
}
