// SPDX-License-Identifier: Apache-2.0
// Any bytes as a kernel record. What is delivered must be within what was given.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>

#include "agent/capture/decode.h"

namespace spanwire::capture {
namespace {

class BoundsSink final : public model::EventSink {
 public:
  explicit BoundsSink(std::span<const std::byte> record) : record_(record) {}

  void OnData(const model::DataEvent& event) override {
    if (event.bytes.size() > record_.size() || event.bytes.size() > event.length) std::abort();
    for (char c : event.bytes) sum_ += static_cast<uint8_t>(c);
  }
  void OnConnection(const model::ConnectionEvent& event) override {
    sum_ += event.connection.path.size();
    sum_ += model::FormatAddress(event.connection.remote, event.connection.ipv6).size();
  }
  void OnProcess(const model::Process& process) override { sum_ += process.arguments.size(); }
  void OnTick(const ClockAnchor& now) override { sum_ += now.wall_ns; }

 private:
  std::span<const std::byte> record_;
  uint64_t sum_ = 0;
};

}  // namespace
}  // namespace spanwire::capture

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto record = std::as_bytes(std::span(data, size));
  spanwire::capture::BoundsSink sink(record);
  spanwire::capture::DecodeRecord(record, sink);
  spanwire::model::KernelProcess process;
  spanwire::capture::DecodeProcess(record, process);
  return 0;
}
