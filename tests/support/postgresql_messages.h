// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

// Messages of the PostgreSQL protocol as bytes.
namespace spanwire::protocol::postgresql::wire {

inline std::string Int16(uint32_t value) {
  return {static_cast<char>(value >> 8), static_cast<char>(value)};
}
inline std::string Int32(uint32_t value) { return Int16(value >> 16) + Int16(value & 0xffff); }
inline std::string Text(std::string_view text) { return std::string(text) + '\0'; }

inline std::string Message(char type, std::string_view body = {}) {
  return type + Int32(static_cast<uint32_t>(body.size()) + 4) + std::string(body);
}

// --- of the client

inline std::string Start(uint32_t code, std::string_view body = {}) {
  return Int32(static_cast<uint32_t>(body.size()) + 8) + Int32(code) + std::string(body);
}
inline std::string Startup(std::string_view user, std::string_view database, uint32_t minor = 0) {
  std::string body = Text("user") + Text(user);
  if (!database.empty()) body += Text("database") + Text(database);
  return Start(3u << 16 | minor, body + '\0');
}
inline std::string SslRequest() { return Start(80877103); }
inline std::string GssRequest() { return Start(80877104); }
inline std::string CancelRequest() { return Start(80877102, Int32(7) + Int32(8)); }
inline std::string Password(std::string_view secret) { return Message('p', Text(secret)); }
inline std::string Query(std::string_view sql) { return Message('Q', Text(sql)); }
inline std::string Parse(std::string_view name, std::string_view sql) {
  return Message('P', Text(name) + Text(sql) + Int16(0));
}
inline std::string Bind(std::string_view portal, std::string_view name,
                        std::string_view value = "hunter2") {
  return Message('B', Text(portal) + Text(name) + Int16(0) + Int16(1) +
                          Int32(static_cast<uint32_t>(value.size())) + std::string(value) +
                          Int16(0));
}
inline std::string Describe(char what, std::string_view name) {
  return Message('D', what + Text(name));
}
inline std::string Execute(std::string_view portal = {}, uint32_t rows = 0) {
  return Message('E', Text(portal) + Int32(rows));
}
inline std::string Close(char what, std::string_view name) {
  return Message('C', what + Text(name));
}
inline std::string Sync() { return Message('S'); }
inline std::string Flush() { return Message('H'); }
inline std::string Terminate() { return Message('X'); }
inline std::string CopyData(std::string_view content) { return Message('d', content); }
inline std::string CopyDone() { return Message('c'); }

// --- of the server

inline std::string AuthenticationOk() { return Message('R', Int32(0)); }
inline std::string Parameter(std::string_view name, std::string_view value) {
  return Message('S', Text(name) + Text(value));
}
inline std::string Ready(char state = 'I') { return Message('Z', std::string_view(&state, 1)); }
inline std::string RowDescription() {
  return Message('T', Int16(1) + Text("a") + Int32(0) + Int16(0) + Int32(23) + Int16(4) +
                          Int32(0xffff'ffff) + Int16(0));
}
inline std::string Row(std::string_view value = "1") {
  return Message('D', Int16(1) + Int32(static_cast<uint32_t>(value.size())) + std::string(value));
}
inline std::string Complete(std::string_view tag) { return Message('C', Text(tag)); }
inline std::string Error(std::string_view code, std::string_view severity = "ERROR") {
  return Message('E', "S" + Text(severity) + "V" + Text(severity) + "C" + Text(code) + "M" +
                          Text("no: \"hunter2\"") + '\0');
}
inline std::string Notice(std::string_view code) {
  return Message('N', "S" + Text("WARNING") + "C" + Text(code) + "M" + Text("m") + '\0');
}
inline std::string Notification() { return Message('A', Int32(7) + Text("c") + Text("p")); }
inline std::string ParseComplete() { return Message('1'); }
inline std::string BindComplete() { return Message('2'); }
inline std::string CloseComplete() { return Message('3'); }
inline std::string NoData() { return Message('n'); }
inline std::string Parameters() { return Message('t', Int16(0)); }
inline std::string Suspended() { return Message('s'); }
inline std::string EmptyQuery() { return Message('I'); }
inline std::string CopyIn() { return Message('G', std::string(1, '\0') + Int16(0)); }
inline std::string CopyOut() { return Message('H', std::string(1, '\0') + Int16(0)); }
inline std::string CopyBoth() { return Message('W', std::string(1, '\0') + Int16(0)); }

}  // namespace spanwire::protocol::postgresql::wire
