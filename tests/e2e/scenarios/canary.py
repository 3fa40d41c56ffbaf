# SPDX-License-Identifier: Apache-2.0
"""Secrets that pass the wire must not leave the agent by any output."""

import base64
import gzip
import http.server
import secrets
import threading

import harness
import origins
from scenarios import scenario

FIELDS = ("Authorization: Bearer {}", "Proxy-Authorization: Basic {}",
          "Cookie: session={}; theme=a", "X-Api-Key: {}", "X-Auth-Token: {}",
          "X-Amz-Security-Token: {}", "X-Csrf-Token: {}",
          "Authorization: Digest username=\"u\", response=\"{}\"", "X-Custom: {}",
          "Referer: http://h/?token={}")
QUERIES = ("token", "access_token", "api_key", "apikey", "key", "secret", "client_secret",
           "password", "passwd", "pwd", "auth", "session", "sessionid", "code", "jwt", "sig",
           "X-Amz-Signature",
           "X-Amz-Credential", "X-Amz-Security-Token", "X-Goog-Signature", "AWSAccessKeyId",
           "Signature", "PASSWORD", "my_token")


class Canaries:
    """Fresh secret values, each sent once."""

    def __init__(self):
        self.values = []

    def fresh(self) -> str:
        value = "canary" + secrets.token_hex(12)
        self.values.append(value)
        return value

    def found_in(self, data: bytes) -> list:
        texts = [v.encode() for v in self.values]
        encoded = [base64.b64encode(t)[4:-4] for t in texts]
        return [t.decode() for t in texts + encoded if t in data]


class Receiver(http.server.BaseHTTPRequestHandler):
    """Keeps what is posted to it."""
    bodies = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        packed = self.headers.get("Content-Encoding") == "gzip"
        self.bodies.append(gzip.decompress(body) if packed else body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


def send_secrets(scene: harness.Scene, port: int, canaries: Canaries):
    """One request a secret, so that one that leaks does not hide another."""
    for field in FIELDS:
        scene.load(port, requests=1, fields=field.format(canaries.fresh()))
    target = f"/r/{scene.token}-q"
    for key in QUERIES:
        url = f"http://127.0.0.1:{port}{target}?a=1&{key}={canaries.fresh()}&b=2"
        scene.run("curl", ["curl", "-sS", "-o", "/dev/null", url])
    user = f"http://{canaries.fresh()}:{canaries.fresh()}@127.0.0.1:{port}{target}"
    scene.run("curl", ["curl", "-sS", "-o", "/dev/null", user])
    scene.run("curl", ["curl", "-sS", "-o", "/dev/null", "-x", f"http://127.0.0.1:{port}",
                       f"http://{canaries.fresh()}:x@elsewhere.test{target}"])
    scene.run("curl", ["curl", "-sS", "-o", "/dev/null", "-d", f"password={canaries.fresh()}",
                       "-H", "Expect:", f"http://127.0.0.1:{port}{target}"])


@scenario
def no_secret_leaves(scene):
    port = origins.nginx(scene)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    collector = f"http://127.0.0.1:{server.server_address[1]}"
    proto = scene.folder / "spans.binpb"
    agents = [
        scene.agent(f"--otlp-endpoint={collector}", "--otlp-protocol=http/protobuf"),
        tail(scene, port, []), tail(scene, port, ["-o", "json"]),
        scene.start("proto", [scene.spanwire, "daemon", f"--otlp-file={proto}",
                              "--otlp-file-format=proto", f"--port={port}"])]
    agents[3].wait_until(lambda: "spanwire: ready" in agents[3].errors(), "ready line")
    canaries = Canaries()
    send_secrets(scene, port, canaries)
    agents[0].stop()
    for program in agents[1:]:
        program.process.terminate()
        program.wait(10)
    server.shutdown()
    outputs = {path.name: path.read_bytes() for path in scene.folder.iterdir()
               if path.is_file() and ("agent" in path.name or "tail" in path.name or
                                      "proto" in path.name or "spans" in path.name or
                                      "stats" in path.name)}
    outputs["collector"] = b"".join(Receiver.bodies)
    for name, data in outputs.items():
        found = canaries.found_in(data)
        scene.expect(not found, f"{name} holds {len(found)} secrets, e.g. {found[:1]}")
    # Without the requests themselves in the outputs, nothing would be shown by this.
    for name in ("collector", proto.name, agents[1].out_path.name, agents[2].out_path.name,
                 agents[0].spans_path.name):
        count = outputs[name].count(f"{scene.token}-q".encode())
        scene.expect(count >= 2 * len(QUERIES), f"only {count} requests are in {name}")
    scene.figures.update({"secrets": len(canaries.values), "outputs": len(outputs)})


def tail(scene: harness.Scene, port: int, flags: list):
    program = scene.start("tail", [scene.spanwire, "tail", f"--port={port}", *flags])
    program.wait_until(lambda: "spanwire: ready" in program.errors(), "ready line")
    return program
