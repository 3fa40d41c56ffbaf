// SPDX-License-Identifier: Apache-2.0
#include <cerrno>
#include <fstream>
#include <iterator>

#include "agent/exporter/otlp_options.h"

namespace spanwire::exporter {
namespace {

constexpr size_t kMaxPem = size_t{1} << 20;

Result<> ReadPem(const std::string& path, std::string& text) {
  if (path.empty()) return {};
  std::ifstream file(path, std::ios::binary);
  if (!file) return ErrnoError("cannot read certificate or key " + path, errno);
  text.assign(std::istreambuf_iterator<char>(file), {});
  if (text.empty() || text.size() > kMaxPem) return Error{path + " holds no certificate or key", 0};
  return {};
}

}  // namespace

Result<> LoadCredentials(OtlpOptions& options) {
  SPANWIRE_RETURN_IF_ERROR(ReadPem(options.certificate, options.certificate_pem));
  SPANWIRE_RETURN_IF_ERROR(ReadPem(options.client_certificate, options.client_certificate_pem));
  return ReadPem(options.client_key, options.client_key_pem);
}

}  // namespace spanwire::exporter
