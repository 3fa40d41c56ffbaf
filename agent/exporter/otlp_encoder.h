// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "agent/exporter/resource.h"
#include "agent/model/span.h"

namespace spanwire::exporter {

// All spans of one process in a message, already encoded. Views live for the call.
struct EncodedResource {
  std::string_view resource;
  std::span<const std::string_view> spans;
  size_t spans_bytes = 0;
};

// One of the encodings of OTLP. Single-threaded.
class OtlpEncoding {
 public:
  virtual ~OtlpEncoding() = default;

  // The resource of `process`, as Assemble() wants it.
  virtual std::string EncodeResource(const model::Process& process) = 0;
  // Adds `span`, as Assemble() wants it, to the end of `out`.
  virtual void AppendSpan(const model::Span& span, std::string& out) = 0;
  // A whole ExportTraceServiceRequest, whose encoding is that of TracesData too.
  virtual std::string Assemble(std::span<const EncodedResource> resources) = 0;
};

// Span.flags: the W3C flags, whether the parent is remote, and that we know.
constexpr uint32_t OtlpFlags(const model::Span& span) {
  constexpr uint32_t kRemoteIsKnown = 0x100;
  constexpr uint32_t kParentIsRemote = 0x200;
  return kRemoteIsKnown | (span.parent_is_remote ? kParentIsRemote : 0u) | span.trace_flags;
}

// Binary protobuf, and JSON as OTLP 1.11 bends it (hex ids, enums as integers, 64-bit as strings).
std::unique_ptr<OtlpEncoding> MakeProtoEncoding(const AgentIdentity& agent);
std::unique_ptr<OtlpEncoding> MakeJsonEncoding(const AgentIdentity& agent);

// Gathers spans into one OTLP message, with one resource per process.
//
// A span is encoded when it is added, so nothing of it is kept but bytes. Single-threaded.
class OtlpEncoder {
 public:
  explicit OtlpEncoder(std::unique_ptr<OtlpEncoding> encoding);

  void Add(const model::Span& span);

  size_t span_count() const { return slices_.size(); }
  // About the size of the message so far.
  size_t size_bytes() const { return bytes_.size() + resource_bytes_; }

  // The message; the next Add() begins another one. Requires: span_count() > 0.
  std::string Finish();

 private:
  struct Resource {
    std::shared_ptr<const model::Process> process;  // keeps its address from being reused
    std::string encoded;
    size_t span_count = 0;  // in the message at hand
  };
  struct Slice {
    uint32_t resource = 0;
    size_t offset = 0;
    size_t size = 0;
  };

  uint32_t ResourceOf(const std::shared_ptr<const model::Process>& process);
  void SortSpans();
  void StartMessage();

  std::unique_ptr<OtlpEncoding> encoding_;
  std::vector<Resource> resources_;
  std::unordered_map<const model::Process*, uint32_t> index_;
  uint32_t latest_ = 0;
  std::string bytes_;
  size_t resource_bytes_ = 0;
  std::vector<Slice> slices_;
  // For Finish(), kept for their memory.
  std::vector<std::string_view> sorted_;
  std::vector<EncodedResource> assembled_;
};

}  // namespace spanwire::exporter
