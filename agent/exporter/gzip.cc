// SPDX-License-Identifier: Apache-2.0
#include "agent/exporter/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>

namespace spanwire::exporter {
namespace {

// Spans repeat themselves so much that the fastest level already gives most of the gain.
constexpr int kLevel = Z_BEST_SPEED;
constexpr int kWindow = 15 + 16;  // zlib's way to ask for the gzip format
constexpr int kMemoryLevel = 8;

// zlib reads through a pointer to non-const bytes and leaves them alone.
void SetInput(z_stream& stream, std::string_view bytes) {
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));  // NOLINT
  stream.avail_in = static_cast<uInt>(bytes.size());
}

void SetOutput(z_stream& stream, char* bytes, size_t size) {
  stream.next_out = reinterpret_cast<Bytef*>(bytes);  // NOLINT
  stream.avail_out = static_cast<uInt>(size);
}

}  // namespace

Result<std::string> Gzip(std::string_view bytes) {
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kWindow, kMemoryLevel, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    return Error{"gzip: out of memory"};
  }
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  SetInput(stream, bytes);
  SetOutput(stream, packed.data(), packed.size());
  const int result = deflate(&stream, Z_FINISH);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  if (result != Z_STREAM_END) return Error{"gzip: it did not end"};
  return packed;
}

Result<std::string> Gunzip(std::string_view bytes, size_t limit_bytes) {
  z_stream stream{};
  if (inflateInit2(&stream, kWindow) != Z_OK) return Error{"gunzip: out of memory"};
  SetInput(stream, bytes);
  std::string plain;
  std::array<char, 16384> chunk{};
  int result = Z_OK;
  while (result == Z_OK && plain.size() <= limit_bytes) {
    SetOutput(stream, chunk.data(), chunk.size());
    result = inflate(&stream, Z_NO_FLUSH);
    plain.append(chunk.data(), chunk.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (plain.size() > limit_bytes) return Error{"gunzip: more than " + std::to_string(limit_bytes)};
  if (result != Z_STREAM_END) return Error{"gunzip: damaged or cut short"};
  return plain;
}

}  // namespace spanwire::exporter
