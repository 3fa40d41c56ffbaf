// SPDX-License-Identifier: Apache-2.0

// node proxy.mjs PORT UPSTREAM SOCKETS: a proxy with Node's own http module. SOCKETS bounds the
// connections to upstream (0: as many as it takes); requests beyond wait in the agent's queue.
import http from 'node:http';

const [port, upstream, sockets] = process.argv.slice(2).map(Number);
const agent = new http.Agent({ keepAlive: true, maxSockets: sockets || Infinity });

function proxy(request, answer) {
  const options = { agent, host: '127.0.0.1', port: upstream, path: request.url };
  const call = http.request(options, (got) => {
    answer.writeHead(got.statusCode, got.headers);
    got.pipe(answer);
  });
  call.on('error', () => answer.writeHead(502).end());
  call.end();
}

http.createServer(proxy).listen({ port, host: '127.0.0.1', backlog: 1024 });
