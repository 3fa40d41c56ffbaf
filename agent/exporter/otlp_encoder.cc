// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/otlp_encoder.h"

#include <utility>

namespace spanwire::exporter {
namespace {

// Encoded resources are kept from message to message up to this many processes.
constexpr size_t kMaxKeptResources = 256;
// And memory for their spans up to this much.
constexpr size_t kMaxKeptBytes = size_t{2} << 20;

}  // namespace

OtlpEncoder::OtlpEncoder(std::unique_ptr<OtlpEncoding> encoding) : encoding_(std::move(encoding)) {}

void OtlpEncoder::Add(const model::Span& span) {
  Resource& resource = ResourceOf(span.process);
  if (resource.spans.empty()) size_bytes_ += resource.encoded.size();
  const size_t before = resource.spans.size();
  encoding_->AppendSpan(span, resource.spans);
  size_bytes_ += resource.spans.size() - before;
  ++span_count_;
}

OtlpEncoder::Resource& OtlpEncoder::ResourceOf(
    const std::shared_ptr<const model::Process>& process) {
  if (latest_ < resources_.size() && resources_[latest_].process == process) {
    return resources_[latest_];
  }
  const auto [entry, is_new] = index_.try_emplace(process.get(), resources_.size());
  if (is_new) {
    resources_.push_back(
        {.process = process, .encoded = encoding_->EncodeResource(*process), .spans = {}});
  }
  latest_ = entry->second;
  return resources_[latest_];
}

std::string OtlpEncoder::Finish(std::string memory) {
  assembled_.clear();
  for (const Resource& resource : resources_) {
    if (resource.spans.empty()) continue;
    assembled_.push_back({.resource = resource.encoded, .spans = resource.spans});
  }
  memory.clear();
  encoding_->Assemble(assembled_, memory);
  StartMessage();
  return memory;
}

void OtlpEncoder::StartMessage() {
  span_count_ = 0;
  size_bytes_ = 0;
  for (Resource& resource : resources_) {
    resource.spans.clear();
    if (resource.spans.capacity() > kMaxKeptBytes / resources_.size()) resource.spans = {};
  }
  if (resources_.size() <= kMaxKeptResources) return;
  resources_.clear();
  index_.clear();
}

}  // namespace spanwire::exporter
