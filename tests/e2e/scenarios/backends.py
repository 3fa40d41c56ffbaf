# SPDX-License-Identifier: Apache-2.0
"""Real back-ends get over the network what the agent writes to its file, and nothing is lost on the
way that is not counted."""

import origins
import otlp
import programs
import trace_backends
from scenarios import scenario
from scenarios.servers import front

PROTOCOLS = ("grpc", "http/protobuf", "http/json")
STAGE = "exporter/otlp"


def export_to(endpoint: str, protocol: str, compression: str = "none") -> list:
    return [f"--otlp-endpoint={endpoint}", f"--otlp-protocol={protocol}",
            f"--otlp-compression={compression}"]


def otlp_stage(scene, agent) -> dict:
    """The network exporter's entry of the ledger, after the ledger as a whole was checked."""
    return next(s for s in scene.check_ledger(agent) if s["name"] == STAGE)


def expect_all_delivered(scene, agent):
    stage = otlp_stage(scene, agent)
    scene.expect(stage["out"] == stage["in"] > 0, f"not all was delivered: {stage}")


@scenario
def backend_collector(scene):
    """Each protocol, plain and packed: the Collector prints what the file holds, field by field."""
    collector = trace_backends.Collector(scene).start()
    port = origins.nginx(scene)
    sent = []
    for protocol in PROTOCOLS:
        for compression in ("none", "gzip"):
            agent = scene.agent(*export_to(collector.endpoint(protocol), protocol, compression))
            truths = scene.load(port, requests=700, rate=4000, connections=4)
            agent.stop()
            scene.judge(agent, truths, [front(port, "nginx")])
            expect_all_delivered(scene, agent)
            sent += agent.spans()
    scene.problems += trace_backends.differences(sent, collector.spans())
    scene.figures["delivered"] = len(sent)


@scenario
def backend_jaeger(scene):
    """Jaeger answers through both of its read APIs what the file holds: a trace a request, the
    server's span the child of the client's."""
    jaeger = trace_backends.Jaeger(scene).start()
    upstream = origins.nginx(scene)
    for protocol in ("grpc", "http/protobuf"):
        agent = scene.agent(*export_to(jaeger.endpoint(protocol), protocol, "gzip"))
        truths = scene.load(upstream, requests=200, rate=1000)
        agent.stop()
        scene.judge(agent, truths, [front(upstream, "nginx")])
        expect_all_delivered(scene, agent)
        sent = agent.spans()
        traces = {span.trace_id for span in sent}
        scene.problems += trace_backends.differences(
            sent, [span for trace in traces for span in jaeger.trace(trace)])
        check_listed(scene, jaeger, sent)


def check_listed(scene, jaeger, sent: list):
    """The older API tells services, parents and durations in microseconds."""
    services = {span.resource["service.name"] for span in sent}
    scene.expect(services <= jaeger.services(), f"{services} are not all among Jaeger's services")
    listed = {key: value for service in services for key, value in jaeger.listed(service).items()}
    wrong = []
    for span in sent:
        found, service = listed.get(span.span_id, ({}, ""))
        parents = [r["spanID"] for r in found.get("references", []) if r["refType"] == "CHILD_OF"]
        good = (service == span.resource["service.name"]
                and found["operationName"] == span.name
                and parents == ([span.parent_id] if span.parent_id else [])
                and abs(found["duration"] - span.duration_ns / 1000) <= 1)
        if not good:
            wrong.append(span)
    scene.expect(not wrong, f"{len(wrong)} spans are wrong in Jaeger's list, e.g. {wrong[:1]}")
    children = sum(1 for span in sent if span.kind == otlp.SERVER and span.parent_id)
    scene.expect(children > 0, "no server span has a parent")


@scenario
def backend_restart(scene):
    """The Collector dies and comes back: what happened meanwhile arrives too."""
    collector = trace_backends.Collector(scene).start()
    port = origins.nginx(scene)
    agent = scene.agent(*export_to(collector.endpoint("grpc"), "grpc"))
    truths = scene.load(port, requests=500, rate=1000)
    agent.program.wait_until(lambda: collector.spans(), "span at the Collector")
    collector.kill()
    truths += scene.load(port, requests=1000, rate=1000)
    agent.program.wait_until(lambda: "OTLP to" in agent.program.errors(), "word of the trouble")
    collector.start()
    truths += scene.load(port, requests=500, rate=1000)
    agent.stop()
    scene.judge(agent, truths, [front(port, "nginx")])
    expect_all_delivered(scene, agent)
    received = {(s.trace_id, s.span_id): s for s in collector.spans()}
    # What died with its acknowledgement is sent again: once more is right, less is not.
    scene.problems += trace_backends.differences(agent.spans(), list(received.values()))


@scenario
def backend_dead(scene):
    """No Collector at all: the queue is bounded, the end comes in time, every span is counted."""
    port = origins.nginx(scene)
    endpoint = f"http://127.0.0.1:{programs.free_port()}"
    with trace_backends.Environment(OTEL_BSP_MAX_QUEUE_SIZE="400"):
        agent = scene.agent(*export_to(endpoint, "http/protobuf"))
    truths = scene.load(port, requests=1000, rate=2000)
    agent.stop()
    scene.judge(agent, truths, [front(port, "nginx")])
    stage = otlp_stage(scene, agent)
    spans = len(agent.spans())
    scene.expect(stage["in"] == spans and stage["out"] == 0, f"{spans} spans, but {stage}")
    scene.expect(stage["dropped"]["shutdown"] == 400
                 and stage["dropped"]["queue_full"] == spans - 400, f"not as bounded: {stage}")


@scenario
def backend_refuses(scene):
    """A server that says no for good is not asked again, and its refusal is counted."""
    collector = trace_backends.Collector(scene).start()
    port = origins.nginx(scene)
    agent = scene.agent(*export_to(collector.endpoint("http/json") + "/nowhere", "http/json"))
    truths = scene.load(port, requests=300, rate=1000)
    agent.stop()
    scene.judge(agent, truths, [front(port, "nginx")])
    stage = otlp_stage(scene, agent)
    scene.expect(stage["in"] == stage["dropped"]["refused"] == len(agent.spans()),
                 f"not all was refused: {stage}")
    scene.expect("HTTP 404" in agent.program.errors(), "the refusal was not told")
    scene.expect(not collector.spans(), "spans arrived at the wrong path")


@scenario
def backend_tls(scene):
    """Both sides show certificates. Without ours, or without trust in theirs, nothing passes."""
    authority = make_certificates(scene)
    folder = scene.folder
    collector = trace_backends.Collector(scene, tls=(
        f"tls: {{cert_file: {folder}/server.pem, key_file: {folder}/server.key, "
        f"client_ca_file: {authority}}}")).start()
    port = origins.nginx(scene)
    trust = {"OTEL_EXPORTER_OTLP_CERTIFICATE": str(authority)}
    ours = {"OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": f"{folder}/client.pem",
            "OTEL_EXPORTER_OTLP_CLIENT_KEY": f"{folder}/client.key"}
    sent = []
    for protocol in ("grpc", "http/protobuf"):
        with trace_backends.Environment(**trust, **ours):
            agent = scene.agent(
                *export_to(collector.endpoint(protocol, "https"), protocol, "gzip"))
        scene.load(port, requests=700, rate=2000)
        agent.stop()
        expect_all_delivered(scene, agent)
        sent += agent.spans()
    for variables in (trust, ours):
        with trace_backends.Environment(**variables):
            agent = scene.agent(*export_to(collector.endpoint("grpc", "https"), "grpc"))
        scene.load(port, requests=50, rate=1000)
        agent.stop()
        stage = otlp_stage(scene, agent)
        scene.expect(stage["in"] == stage["dropped"]["shutdown"] > 0,
                     f"delivered without a certificate: {stage}")
    scene.problems += trace_backends.differences(sent, collector.spans())


def make_certificates(scene):
    """An authority, and a server's and a client's certificate of it. Returns the authority's."""
    authority = scene.folder / "authority.pem"
    key = scene.folder / "authority.key"
    new = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
           "-nodes", "-days", "2"]
    scene.run("openssl", [*new, "-subj", "/CN=authority", "-keyout", key, "-out", authority])
    for name in ("server", "client"):
        scene.run("openssl", [*new, "-subj", f"/CN={name}", "-CA", authority, "-CAkey", key,
                              "-addext", "subjectAltName=IP:127.0.0.1",
                              "-addext", "basicConstraints=critical,CA:FALSE",
                              "-keyout", scene.folder / f"{name}.key",
                              "-out", scene.folder / f"{name}.pem"])
    return authority
