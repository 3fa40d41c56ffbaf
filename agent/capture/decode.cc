// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/decode.h"

#include <sys/socket.h>

#include <algorithm>
#include <string_view>

#include "agent/base/byte_reader.h"
#include "agent/capture/identity_codec.h"
#include "spanwire/abi.h"

namespace spanwire::capture {
namespace {

using model::ConnectionChange;

// A fixed array from the kernel, up to its first NUL.
template <size_t kSize>
std::string_view UntilNul(const char (&text)[kSize]) {
  const auto* end = std::find(text, text + kSize, '\0');
  return {text, static_cast<size_t>(end - text)};
}

Decoded DecodeData(std::span<const std::byte> record, model::EventSink& sink) {
  ByteReader reader(record);
  const auto raw = reader.ReadPod<spanwire_data>();
  if (!raw || raw->captured != reader.remaining()) return Decoded::kBadSize;
  if (raw->captured > raw->length || raw->direction > SPANWIRE_RECEIVE) return Decoded::kBadField;
  model::DataEvent event;
  event.connection = raw->connection;
  event.time_ns = raw->time_ns;
  event.direction = static_cast<model::Direction>(raw->direction);
  event.flags = raw->header.flags;
  event.offset = raw->offset;
  event.length = raw->length;
  event.turn = raw->turn;
  event.sequence = raw->sequence;
  event.error = raw->error;
  const Nanoseconds before_ns = uint64_t{raw->wait_us} * 1000;
  if (raw->direction == SPANWIRE_RECEIVE) {
    event.wait_ns = before_ns;
  } else if (before_ns < raw->time_ns) {
    event.took_ns = before_ns;
  }
  event.who = {raw->pid, raw->tid, raw->context};
  event.prior = {raw->prior_offset, raw->prior_length, raw->prior_turn, raw->prior_end_ns};
  event.bytes = *reader.ReadText(raw->captured);
  sink.OnData(event);
  return Decoded::kDelivered;
}

bool FillTransport(const spanwire_connection& raw, model::Connection& connection) {
  connection.ipv6 = raw.family == AF_INET6;
  if (raw.family == AF_UNIX) {
    connection.transport = model::Transport::kUnix;
  } else if (raw.family != AF_INET && raw.family != AF_INET6) {
    return false;
  } else {
    connection.transport =
        raw.socket_type == SOCK_STREAM ? model::Transport::kTcp : model::Transport::kUdp;
  }
  return true;
}

Decoded DecodeConnection(std::span<const std::byte> record, model::EventSink& sink) {
  ByteReader reader(record);
  const auto raw = reader.ReadPod<spanwire_connection>();
  if (!raw || !reader.empty()) return Decoded::kBadSize;
  if (raw->what < SPANWIRE_CONN_CONNECT || raw->what > SPANWIRE_CONN_CLOSED ||
      raw->role > SPANWIRE_ROLE_SERVER) {
    return Decoded::kBadField;
  }
  model::ConnectionEvent event;
  event.change = static_cast<ConnectionChange>(raw->what);
  event.time_ns = raw->time_ns;
  event.error = raw->error;
  event.who = {raw->pid, raw->tid, raw->context};
  model::Connection& connection = event.connection;
  if (!FillTransport(*raw, connection)) return Decoded::kBadField;
  connection.id = raw->connection;
  connection.role = static_cast<model::Role>(raw->role);
  connection.joined = (raw->header.flags & SPANWIRE_CONN_JOINED) != 0;
  connection.self = (raw->header.flags & SPANWIRE_CONN_SELF) != 0;
  std::copy(std::begin(raw->local_address), std::end(raw->local_address),
            connection.local.address.begin());
  std::copy(std::begin(raw->remote_address), std::end(raw->remote_address),
            connection.remote.address.begin());
  connection.local.port = raw->local_port;
  connection.remote.port = raw->remote_port;
  connection.path = UntilNul(raw->path);
  connection.inode = raw->inode;
  connection.peer_inode = raw->peer_inode;
  connection.netns = raw->netns;
  connection.opened_ns = raw->opened_ns;
  sink.OnConnection(event);
  return Decoded::kDelivered;
}

Decoded DecodeTick(std::span<const std::byte> record, model::EventSink& sink) {
  ByteReader reader(record);
  const auto raw = reader.ReadPod<spanwire_tick>();
  if (!raw || !reader.empty()) return Decoded::kBadSize;
  sink.OnTick({raw->time_ns, raw->wall_ns});
  return Decoded::kDelivered;
}

Decoded DecodeIdentityRecord(std::span<const std::byte> record, model::EventSink& sink) {
  model::Process process;
  if (!DecodeIdentity(record.subspan(sizeof(spanwire_header)), process)) return Decoded::kBadField;
  sink.OnProcess(process);
  return Decoded::kDelivered;
}

}  // namespace

Decoded DecodeRecord(std::span<const std::byte> record, model::EventSink& sink) {
  const auto header = ByteReader(record).ReadPod<spanwire_header>();
  if (!header || header->size != record.size()) return Decoded::kBadSize;
  switch (header->type) {
    case SPANWIRE_RECORD_DATA: return DecodeData(record, sink);
    case SPANWIRE_RECORD_CONNECTION: return DecodeConnection(record, sink);
    case SPANWIRE_RECORD_PROCESS:
      return record.size() == sizeof(spanwire_process) ? Decoded::kProcess : Decoded::kBadSize;
    case SPANWIRE_RECORD_TICK: return DecodeTick(record, sink);
    case SPANWIRE_RECORD_IDENTITY: return DecodeIdentityRecord(record, sink);
    default: return Decoded::kBadType;
  }
}

bool DecodeProcess(std::span<const std::byte> record, model::KernelProcess& process) {
  ByteReader reader(record);
  const auto raw = reader.ReadPod<spanwire_process>();
  if (!raw || !reader.empty() || raw->header.type != SPANWIRE_RECORD_PROCESS) return false;
  process.pid = raw->pid;
  process.parent_pid = raw->parent_pid;
  process.uid = raw->uid;
  process.start_ns = raw->start_ns;
  process.cgroup_id = raw->cgroup_id;
  process.args_address = raw->args_address;
  process.comm = UntilNul(raw->comm);
  process.executable = UntilNul(raw->executable);
  process.cgroup = UntilNul(raw->cgroup);
  process.cgroup_parent = UntilNul(raw->cgroup_parent);
  process.arguments.clear();
  std::string_view left(raw->args, std::min<size_t>(raw->args_length, sizeof(raw->args)));
  while (!left.empty()) {
    const size_t end = left.find('\0');
    process.arguments.emplace_back(left.substr(0, end));
    left.remove_prefix(end == std::string_view::npos ? left.size() : end + 1);
  }
  return true;
}

}  // namespace spanwire::capture
