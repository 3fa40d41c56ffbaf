// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

// Attribute keys of the OpenTelemetry semantic conventions 1.44.0 that spanwire writes, and its
// own.
namespace spanwire::model::key {

inline constexpr std::string_view kSchemaUrl = "https://opentelemetry.io/schemas/1.44.0";

inline constexpr std::string_view kHttpRequestMethod = "http.request.method";
inline constexpr std::string_view kHttpRequestMethodOriginal = "http.request.method_original";
inline constexpr std::string_view kHttpResponseStatusCode = "http.response.status_code";
inline constexpr std::string_view kHttpRequestBodySize = "http.request.body.size";
inline constexpr std::string_view kHttpResponseBodySize = "http.response.body.size";
inline constexpr std::string_view kUrlFull = "url.full";
inline constexpr std::string_view kUrlScheme = "url.scheme";
inline constexpr std::string_view kUrlPath = "url.path";
inline constexpr std::string_view kUrlQuery = "url.query";
inline constexpr std::string_view kUserAgentOriginal = "user_agent.original";
inline constexpr std::string_view kErrorType = "error.type";
inline constexpr std::string_view kServerAddress = "server.address";
inline constexpr std::string_view kServerPort = "server.port";
inline constexpr std::string_view kClientAddress = "client.address";
inline constexpr std::string_view kClientPort = "client.port";
inline constexpr std::string_view kNetworkTransport = "network.transport";
inline constexpr std::string_view kNetworkType = "network.type";
inline constexpr std::string_view kNetworkProtocolName = "network.protocol.name";
inline constexpr std::string_view kNetworkProtocolVersion = "network.protocol.version";
inline constexpr std::string_view kNetworkLocalAddress = "network.local.address";
inline constexpr std::string_view kNetworkLocalPort = "network.local.port";
inline constexpr std::string_view kNetworkPeerAddress = "network.peer.address";
inline constexpr std::string_view kNetworkPeerPort = "network.peer.port";
inline constexpr std::string_view kDbSystemName = "db.system.name";
inline constexpr std::string_view kDbNamespace = "db.namespace";
inline constexpr std::string_view kDbOperationName = "db.operation.name";
inline constexpr std::string_view kDbBatchSize = "db.operation.batch.size";
inline constexpr std::string_view kDbQueryText = "db.query.text";
inline constexpr std::string_view kDbQuerySummary = "db.query.summary";
inline constexpr std::string_view kDbStoredProcedure = "db.stored_procedure.name";
inline constexpr std::string_view kDbResponseStatusCode = "db.response.status_code";
inline constexpr std::string_view kDbReturnedRows = "db.response.returned_rows";
inline constexpr std::string_view kThreadId = "thread.id";

// Nanoseconds from the span's start to the response's first byte.
inline constexpr std::string_view kTimeToFirstByte = "spanwire.time_to_first_byte_ns";
// Server: nanoseconds that the request's first bytes lay in the socket before they were read.
inline constexpr std::string_view kReadWait = "spanwire.read_wait_ns";
// How the parent was found: "sequence" (the other end of the same message), a trace header
// ("traceparent", "b3", "jaeger", "xray", "datadog"), or evidence of who did what when within the
// process (trace/README: "header", "context", "creator", "thread", "tick", "answer").
inline constexpr std::string_view kLinkMethod = "spanwire.link.method";
// Of such evidence: the part of such links that are right, from 0 to 1.
inline constexpr std::string_view kLinkConfidence = "spanwire.link.confidence";
// Why a CLIENT span whose process was serving requests has no parent: "no_evidence", "ambiguous"
// (then the span has links), "unproven", "waited", "evicted", "cycle".
inline constexpr std::string_view kLinkReason = "spanwire.link.reason";
// Why there is no complete answer: "reset", "closed", "timed_out", "still_open", "lost", "evicted".
inline constexpr std::string_view kEnding = "spanwire.ending";
// The request asked to wait for something: its span's time is no measure of the server.
inline constexpr std::string_view kBlocking = "spanwire.blocking";
// Rows that a statement wrote or moved.
inline constexpr std::string_view kDbAffectedRows = "spanwire.db.affected_rows";
// Bytes of content of a COPY, in either direction.
inline constexpr std::string_view kDbCopiedBytes = "spanwire.db.copied_bytes";
// The statement was prepared before the agent could see it, or so long ago that it was forgotten.
inline constexpr std::string_view kDbStatementUnseen = "spanwire.db.statement_unseen";
// The connection is older than the agent.
inline constexpr std::string_view kJoined = "spanwire.connection.joined";

}  // namespace spanwire::model::key

// Keys of facts that a parser puts among a request's attributes for the span builder, which turns
// them into attributes as the span's kind demands. They all begin with '~' and are never exported.
namespace spanwire::model::fact {

inline constexpr std::string_view kHost = "~host";  // "name[:port]" asked for, without user info
inline constexpr std::string_view kAbsolute = "~absolute";  // scheme of an absolute-form target
inline constexpr std::string_view kUserInfo =
    "~user_info";  // "REDACTED:REDACTED" when the target had some
// What the first proxy of a chain said: the client's address or name, the scheme, "name[:port]".
inline constexpr std::string_view kForwardedFor = "~forwarded_for";
inline constexpr std::string_view kForwardedProto = "~forwarded_proto";
inline constexpr std::string_view kForwardedHost = "~forwarded_host";

}  // namespace spanwire::model::fact
