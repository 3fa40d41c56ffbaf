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
  std::string_view spans;
};

// How messages stand.
enum class OtlpFraming : uint8_t {
  kAlone,  // one message, as a request carries it
  kFile,   // one of many in a file: protobuf behind its length as a varint, JSON with a line's end
};

// One of the encodings of OTLP. Single-threaded.
class OtlpEncoding {
 public:
  virtual ~OtlpEncoding() = default;

  // The resource of `process`, as Assemble() wants it.
  virtual std::string EncodeResource(const model::Process& process) = 0;
  // Adds `span`, as Assemble() wants it, to the end of `spans`, which holds others of its process.
  virtual void AppendSpan(const model::Span& span, std::string& spans) = 0;
  // Adds a whole ExportTraceServiceRequest, whose encoding is that of TracesData too.
  virtual void Assemble(std::span<const EncodedResource> resources, std::string& message) = 0;
};

// Span.flags: the W3C flags, whether the parent is remote, and that we know.
// The flags of a link to a span of the same process; its trace's own are not known.
constexpr uint32_t kLinkFlags = 0x100;

constexpr uint32_t OtlpFlags(const model::Span& span) {
  constexpr uint32_t kRemoteIsKnown = 0x100;
  constexpr uint32_t kParentIsRemote = 0x200;
  return kRemoteIsKnown | (span.parent_is_remote ? kParentIsRemote : 0u) | span.trace_flags;
}

// Binary protobuf, and JSON as OTLP 1.11 bends it (hex ids, enums as integers, 64-bit as strings).
std::unique_ptr<OtlpEncoding> MakeProtoEncoding(const AgentIdentity& agent,
                                                OtlpFraming framing = OtlpFraming::kAlone);
std::unique_ptr<OtlpEncoding> MakeJsonEncoding(const AgentIdentity& agent,
                                               OtlpFraming framing = OtlpFraming::kAlone);

// Gathers spans into one OTLP message, with one resource per process.
//
// A span is encoded when it is added, so nothing of it is kept but bytes. Single-threaded.
class OtlpEncoder {
 public:
  explicit OtlpEncoder(std::unique_ptr<OtlpEncoding> encoding);

  void Add(const model::Span& span);

  size_t span_count() const { return span_count_; }
  // About the size of the message so far.
  size_t size_bytes() const { return size_bytes_; }

  // The message; the next Add() begins another one. It takes the place of what is in `memory`.
  // Requires: span_count() > 0.
  std::string Finish(std::string memory = {});

 private:
  struct Resource {
    std::shared_ptr<const model::Process> process;  // keeps its address from being reused
    std::string encoded;
    std::string spans;  // of the message at hand
  };

  Resource& ResourceOf(const std::shared_ptr<const model::Process>& process);
  void StartMessage();

  std::unique_ptr<OtlpEncoding> encoding_;
  std::vector<Resource> resources_;
  std::unordered_map<const model::Process*, size_t> index_;
  size_t latest_ = 0;
  size_t span_count_ = 0;
  size_t size_bytes_ = 0;
  std::vector<EncodedResource> assembled_;  // for Finish(), kept for its memory
};

}  // namespace spanwire::exporter
