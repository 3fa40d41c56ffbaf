// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/decode.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <cstring>
#include <string>
#include <vector>

#include "spanwire/abi.h"
#include "tests/support/collecting_sink.h"

namespace spanwire::capture {
namespace {

using test::CollectingSink;

// The bytes of a record, with what follows its fixed part.
template <typename Record>
std::string Bytes(const Record& record, std::string_view tail = {}) {
  std::string bytes(sizeof(record), '\0');
  std::memcpy(bytes.data(), &record, sizeof(record));
  return bytes.append(tail);
}

Decoded Decode(const std::string& bytes, CollectingSink& sink) {
  return DecodeRecord(std::as_bytes(std::span(bytes)), sink);
}

spanwire_data DataRecord(std::string_view payload) {
  spanwire_data raw{};
  raw.header = {SPANWIRE_RECORD_DATA, SPANWIRE_DATA_TURN_START,
                static_cast<uint32_t>(sizeof(raw) + payload.size())};
  raw.connection = 7;
  raw.time_ns = 1000;
  raw.offset = 40;
  raw.length = 100;
  raw.captured = static_cast<uint32_t>(payload.size());
  raw.turn = 3;
  raw.sequence = 0xfffffff0;
  raw.pid = 12;
  raw.tid = 13;
  raw.context = 14;
  raw.wait_us = 5;
  raw.direction = SPANWIRE_RECEIVE;
  raw.prior_end_ns = 900;
  raw.prior_offset = 10;
  raw.prior_length = 20;
  raw.prior_turn = 2;
  return raw;
}

TEST(DecodeRecord, DataCarriesEveryField) {
  CollectingSink sink;
  ASSERT_EQ(Decode(Bytes(DataRecord("hello"), "hello"), sink), Decoded::kDelivered);
  ASSERT_EQ(sink.data.size(), 1u);
  const auto& event = sink.data[0];
  EXPECT_EQ(event.connection, 7u);
  EXPECT_EQ(event.time_ns, 1000u);
  EXPECT_EQ(event.direction, model::Direction::kReceive);
  EXPECT_EQ(event.flags, uint32_t{SPANWIRE_DATA_TURN_START});
  EXPECT_EQ(event.offset, 40u);
  EXPECT_EQ(event.length, 100u);
  EXPECT_EQ(event.turn, 3u);
  EXPECT_EQ(event.sequence, 0xfffffff0u);
  EXPECT_EQ(event.wait_ns, 5000u);
  EXPECT_EQ(event.who, (model::ExecutionContext{12, 13, 14}));
  EXPECT_EQ(event.prior.offset, 10u);
  EXPECT_EQ(event.prior.length, 20u);
  EXPECT_EQ(event.prior.turn, 2u);
  EXPECT_EQ(event.prior.end_ns, 900u);
  EXPECT_EQ(sink.payloads[0], "hello");
}

TEST(DecodeRecord, SendThatTookLongTellsWhenItBegan) {
  spanwire_data raw = DataRecord("hello");
  raw.time_ns = 90'000;
  raw.wait_us = 50;
  raw.direction = SPANWIRE_TRANSMIT;
  CollectingSink sink;
  ASSERT_EQ(Decode(Bytes(raw, "hello"), sink), Decoded::kDelivered);
  EXPECT_EQ(sink.data[0].took_ns, 50'000u);
  EXPECT_EQ(sink.data[0].wait_ns, 0u);
}

TEST(DecodeRecord, SendThatBeganBeforeTimeDidIsNotBelieved) {
  spanwire_data raw = DataRecord("hello");
  raw.time_ns = 40'000;
  raw.wait_us = 50;
  raw.direction = SPANWIRE_TRANSMIT;
  CollectingSink sink;
  ASSERT_EQ(Decode(Bytes(raw, "hello"), sink), Decoded::kDelivered);
  EXPECT_EQ(sink.data[0].took_ns, 0u);
}

TEST(DecodeRecord, EveryTruncationIsRefused) {
  const std::string whole = Bytes(DataRecord("hello"), "hello");
  for (size_t size = 0; size < whole.size(); ++size) {
    CollectingSink sink;
    EXPECT_EQ(Decode(whole.substr(0, size), sink), Decoded::kBadSize) << size;
    EXPECT_TRUE(sink.data.empty());
  }
}

TEST(DecodeRecord, SizeInTheHeaderMustBeTheRecords) {
  auto raw = DataRecord("hello");
  raw.header.size += 1;
  CollectingSink sink;
  EXPECT_EQ(Decode(Bytes(raw, "hello"), sink), Decoded::kBadSize);
}

TEST(DecodeRecord, CapturedMustBeWhatFollows) {
  auto raw = DataRecord("hello");
  raw.captured = 4;
  CollectingSink sink;
  EXPECT_EQ(Decode(Bytes(raw, "hello"), sink), Decoded::kBadSize);
}

TEST(DecodeRecord, MoreCapturedThanPassedIsRefused) {
  auto raw = DataRecord("hello");
  raw.length = 4;
  CollectingSink sink;
  EXPECT_EQ(Decode(Bytes(raw, "hello"), sink), Decoded::kBadField);
}

TEST(DecodeRecord, UnknownDirectionIsRefused) {
  auto raw = DataRecord("");
  raw.direction = 2;
  CollectingSink sink;
  EXPECT_EQ(Decode(Bytes(raw), sink), Decoded::kBadField);
}

TEST(DecodeRecord, UnknownTypeIsRefused) {
  auto raw = DataRecord("");
  raw.header.type = 17;
  CollectingSink sink;
  EXPECT_EQ(Decode(Bytes(raw), sink), Decoded::kBadType);
}

spanwire_connection ConnectionRecord() {
  spanwire_connection raw{};
  raw.header = {SPANWIRE_RECORD_CONNECTION, SPANWIRE_CONN_JOINED, sizeof(raw)};
  raw.connection = 9;
  raw.what = SPANWIRE_CONN_OPEN;
  raw.role = SPANWIRE_ROLE_SERVER;
  raw.family = AF_INET;
  raw.socket_type = SOCK_STREAM;
  raw.local_port = 80;
  raw.remote_port = 40000;
  raw.local_address[0] = 127;
  raw.local_address[3] = 1;
  return raw;
}

TEST(DecodeRecord, ConnectionCarriesAddressesAndRole) {
  CollectingSink sink;
  ASSERT_EQ(Decode(Bytes(ConnectionRecord()), sink), Decoded::kDelivered);
  ASSERT_EQ(sink.connections.size(), 1u);
  const auto& connection = sink.connections[0].connection;
  EXPECT_EQ(connection.role, model::Role::kServer);
  EXPECT_TRUE(connection.joined);
  EXPECT_EQ(connection.local.port, 80);
  EXPECT_EQ(model::FormatAddress(connection.local, connection.ipv6), "127.0.0.1");
}

TEST(DecodeRecord, UnixPathWithoutNulEndsAtItsArray) {
  auto raw = ConnectionRecord();
  raw.family = AF_UNIX;
  std::memset(raw.path, 'p', sizeof(raw.path));
  CollectingSink sink;
  ASSERT_EQ(Decode(Bytes(raw), sink), Decoded::kDelivered);
  EXPECT_EQ(sink.connections[0].connection.path, std::string(SPANWIRE_UNIX_PATH, 'p'));
}

TEST(DecodeRecord, ConnectionEnumsAreChecked) {
  for (const auto& [what, role, family] : std::vector<std::array<uint16_t, 3>>{
           {0, 0, AF_INET}, {7, 0, AF_INET}, {2, 3, AF_INET}, {2, 0, 77}}) {
    auto raw = ConnectionRecord();
    raw.what = static_cast<uint8_t>(what);
    raw.role = static_cast<uint8_t>(role);
    raw.family = family;
    CollectingSink sink;
    EXPECT_EQ(Decode(Bytes(raw), sink), Decoded::kBadField);
  }
}

TEST(DecodeProcess, ArgumentsAreSplitAtNuls) {
  spanwire_process raw{};
  raw.header = {SPANWIRE_RECORD_PROCESS, 0, sizeof(raw)};
  raw.pid = 5;
  std::memcpy(raw.comm, "curl", 4);
  std::memcpy(raw.args, "curl\0-s\0", 8);
  raw.args_length = 8;
  CollectingSink sink;
  const std::string bytes = Bytes(raw);
  ASSERT_EQ(Decode(bytes, sink), Decoded::kProcess);
  model::KernelProcess process;
  ASSERT_TRUE(DecodeProcess(std::as_bytes(std::span(bytes)), process));
  EXPECT_EQ(process.comm, "curl");
  EXPECT_EQ(process.arguments, (std::vector<std::string>{"curl", "-s"}));
}

TEST(DecodeProcess, ArgumentLengthBeyondTheArrayIsCut) {
  spanwire_process raw{};
  raw.header = {SPANWIRE_RECORD_PROCESS, 0, sizeof(raw)};
  std::memset(raw.args, 'a', sizeof(raw.args));
  raw.args_length = 0xffffffff;
  const std::string bytes = Bytes(raw);
  model::KernelProcess process;
  ASSERT_TRUE(DecodeProcess(std::as_bytes(std::span(bytes)), process));
  ASSERT_EQ(process.arguments.size(), 1u);
  EXPECT_EQ(process.arguments[0].size(), size_t{SPANWIRE_ARGS});
}

}  // namespace
}  // namespace spanwire::capture
