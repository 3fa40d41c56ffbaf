// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/ids.h"

#include <algorithm>
#include <array>
#include <concepts>
#include <string_view>

#include "agent/trace/address.h"

namespace spanwire::trace {
namespace {

// Bumped whenever the bytes that are hashed change their meaning.
constexpr uint64_t kSeed = 0x7370616e77697265;  // "spanwire"
// 2^46 ns, 19.5 hours.
constexpr int kDayShift = 46;

// Appends values in big-endian order: ids must not depend on the host.
class KeyBytes {
 public:
  template <std::unsigned_integral T>
  void Put(T value) {
    for (size_t i = sizeof(T); i > 0; --i) {
      bytes_[size_++] = static_cast<char>(value >> (8 * (i - 1)));
    }
  }
  void Put(const Address& address) {
    std::copy(address.begin(), address.end(), bytes_.begin() + static_cast<ptrdiff_t>(size_));
    size_ += address.size();
  }
  std::string_view view() const { return {bytes_.data(), size_}; }

 private:
  std::array<char, 64> bytes_{};
  size_t size_ = 0;
};

uint64_t Derive(const HopKey& key, uint64_t wall_ns, uint64_t purpose) {
  const uint64_t day = wall_ns >> kDayShift;
  const uint64_t id = MixBits(key.hash.low ^ MixBits(key.hash.high + day * 64 + purpose));
  return id == 0 ? 1 : id;
}

template <size_t N>
void Store(uint64_t value, std::array<uint8_t, N>& bytes, size_t offset) {
  for (size_t i = 0; i < sizeof(value); ++i) {
    bytes[offset + i] = static_cast<uint8_t>(value >> (56 - 8 * i));
  }
}

HopKey UnixKey(const model::Exchange& exchange) {
  const model::Connection& connection = *exchange.connection;
  HopKey key;
  // The inode of the end that asks is known at both ends. That of the end that answers is not:
  // while the connection waits to be accepted it has none.
  const uint64_t asking = exchange.is_client ? connection.inode : connection.peer_inode;
  key.shared = asking != 0 && !connection.joined;
  KeyBytes bytes;
  bytes.Put(static_cast<uint8_t>(key.shared ? 2 : 3));
  bytes.Put(asking);
  bytes.Put(exchange.request_at.begin_offset);
  // Offsets of a connection that was joined count from the moment of joining: they come again.
  if (!key.shared) {
    bytes.Put(connection.id);
    bytes.Put(exchange.request_at.first_ns);
  }
  key.hash = HashBytes(bytes.view(), kSeed);
  return key;
}

}  // namespace

HopKey KeyOf(const model::Exchange& exchange) {
  const model::Connection& connection = *exchange.connection;
  if (connection.transport == model::Transport::kUnix) return UnixKey(exchange);
  const model::Endpoint& sender = exchange.is_client ? connection.local : connection.remote;
  const model::Endpoint& receiver = exchange.is_client ? connection.remote : connection.local;
  const Address from = NormalAddress(sender, connection.ipv6);
  const Address to = NormalAddress(receiver, connection.ipv6);
  KeyBytes bytes;
  bytes.Put(static_cast<uint8_t>(1));
  bytes.Put(from);
  bytes.Put(sender.port);
  bytes.Put(to);
  bytes.Put(receiver.port);
  bytes.Put(exchange.request_at.sequence);
  bytes.Put(static_cast<uint32_t>(exchange.request_at.begin_offset >> 32));
  if (IsLoopback(from)) bytes.Put(connection.netns);
  return {.hash = HashBytes(bytes.view(), kSeed),
          .shared = connection.transport == model::Transport::kTcp};
}

model::TraceId MakeTraceId(const HopKey& key, uint64_t wall_ns) {
  model::TraceId id{};
  Store(Derive(key, wall_ns, 1), id, 0);
  Store(Derive(key, wall_ns, 2), id, 8);
  return id;
}

model::SpanId MakeClientSpanId(const HopKey& key, uint64_t wall_ns) {
  model::SpanId id{};
  Store(Derive(key, wall_ns, 3), id, 0);
  return id;
}

model::SpanId MakeServerSpanId(const HopKey& key, uint64_t wall_ns) {
  model::SpanId id{};
  Store(Derive(key, wall_ns, 4), id, 0);
  return id;
}

}  // namespace spanwire::trace
