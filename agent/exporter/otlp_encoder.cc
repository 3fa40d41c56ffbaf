// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/otlp_encoder.h"

#include <utility>

namespace spanwire::exporter {
namespace {

// Encoded resources are kept from message to message up to this many processes.
constexpr size_t kMaxKeptResources = 256;

}  // namespace

OtlpEncoder::OtlpEncoder(std::unique_ptr<OtlpEncoding> encoding) : encoding_(std::move(encoding)) {}

void OtlpEncoder::Add(const model::Span& span) {
  const uint32_t resource = ResourceOf(span.process);
  if (resources_[resource].span_count++ == 0) {
    resource_bytes_ += resources_[resource].encoded.size();
  }
  const size_t offset = bytes_.size();
  encoding_->AppendSpan(span, bytes_);
  slices_.push_back({.resource = resource, .offset = offset, .size = bytes_.size() - offset});
}

uint32_t OtlpEncoder::ResourceOf(const std::shared_ptr<const model::Process>& process) {
  if (latest_ < resources_.size() && resources_[latest_].process == process) return latest_;
  const auto [entry, is_new] = index_.try_emplace(process.get(), resources_.size());
  if (is_new) {
    resources_.push_back({.process = process, .encoded = encoding_->EncodeResource(*process)});
  }
  latest_ = entry->second;
  return latest_;
}

// Orders the spans by resource, otherwise as they came: a counting sort.
void OtlpEncoder::SortSpans() {
  std::vector<size_t> next(resources_.size());
  size_t first = 0;
  for (size_t i = 0; i < resources_.size(); ++i) {
    next[i] = first;
    first += resources_[i].span_count;
  }
  sorted_.resize(slices_.size());
  const std::string_view bytes = bytes_;
  for (const Slice& slice : slices_) {
    sorted_[next[slice.resource]++] = bytes.substr(slice.offset, slice.size);
  }
}

std::string OtlpEncoder::Finish() {
  SortSpans();
  assembled_.clear();
  std::span<const std::string_view> rest = sorted_;
  for (const Resource& resource : resources_) {
    if (resource.span_count == 0) continue;
    EncodedResource& encoded = assembled_.emplace_back();
    encoded.resource = resource.encoded;
    encoded.spans = rest.first(resource.span_count);
    for (const std::string_view span : encoded.spans) encoded.spans_bytes += span.size();
    rest = rest.subspan(resource.span_count);
  }
  std::string message = encoding_->Assemble(assembled_);
  StartMessage();
  return message;
}

void OtlpEncoder::StartMessage() {
  bytes_.clear();
  slices_.clear();
  resource_bytes_ = 0;
  for (Resource& resource : resources_) resource.span_count = 0;
  if (resources_.size() <= kMaxKeptResources) return;
  resources_.clear();
  index_.clear();
}

}  // namespace spanwire::exporter
