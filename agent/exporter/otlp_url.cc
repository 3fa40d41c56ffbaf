// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "agent/exporter/otlp_options.h"

namespace spanwire::exporter {
namespace {

constexpr std::string_view kHttpPath = "v1/traces";
constexpr std::string_view kGrpcPath =
    "/opentelemetry.proto.collector.trace.v1.TraceService/Export";

// "scheme://authority/path?query".
struct Url {
  std::string scheme;
  std::string_view authority;
  std::string_view path;   // with its '/'; may be empty
  std::string_view query;  // with its '?'; may be empty
};

Error BadEndpoint(std::string_view endpoint, const std::string& why) {
  return {"OTLP endpoint \"" + WithoutPassword(endpoint) + "\": " + why};
}

std::string Lowercase(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return lower;
}

bool IsVisibleAscii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < '\x7f'; });
}

Url Split(std::string_view endpoint) {
  Url url;
  const size_t scheme = endpoint.find("://");
  if (scheme != std::string_view::npos) {
    url.scheme = Lowercase(endpoint.substr(0, scheme));
    endpoint.remove_prefix(scheme + 3);
  }
  endpoint = endpoint.substr(0, endpoint.find('#'));
  const size_t query = std::min(endpoint.find('?'), endpoint.size());
  url.query = endpoint.substr(query);
  endpoint = endpoint.substr(0, query);
  const size_t path = std::min(endpoint.find('/'), endpoint.size());
  url.path = endpoint.substr(path);
  url.authority = endpoint.substr(0, path);
  return url;
}

bool HasHost(std::string_view authority) {
  const size_t user = authority.rfind('@');
  if (user != std::string_view::npos) authority.remove_prefix(user + 1);
  return !authority.empty() && authority.front() != ':';
}

std::string HttpPath(std::string_view base) {
  std::string path(base);
  if (path.ends_with("/v1/traces")) return path;
  if (!path.ends_with('/')) path += '/';
  return path.append(kHttpPath);
}

Result<Url> Check(std::string_view endpoint, OtlpProtocol protocol, bool insecure) {
  if (!IsVisibleAscii(endpoint)) return BadEndpoint(endpoint, "it holds blanks or other odd bytes");
  Url url = Split(endpoint);
  if (url.scheme.empty() && protocol == OtlpProtocol::kGrpc)
    url.scheme = insecure ? "http" : "https";
  if (url.scheme.empty()) return BadEndpoint(endpoint, "begin it with http:// or https://");
  if (url.scheme != "http" && url.scheme != "https") {
    return BadEndpoint(endpoint, "its scheme must be http or https");
  }
  if (!HasHost(url.authority)) return BadEndpoint(endpoint, "it names no host");
  return url;
}

}  // namespace

Result<std::string> TracesUrl(std::string_view endpoint, OtlpProtocol protocol, bool insecure) {
  const Result<Url> url = Check(endpoint, protocol, insecure);
  if (!url) return url.error();
  std::string text = url->scheme + "://" + std::string(url->authority);
  if (protocol == OtlpProtocol::kGrpc) return text.append(kGrpcPath);
  return text.append(HttpPath(url->path)).append(url->query);
}

Result<std::string> SignalUrl(std::string_view endpoint, OtlpProtocol protocol, bool insecure) {
  if (protocol == OtlpProtocol::kGrpc) return TracesUrl(endpoint, protocol, insecure);
  const Result<Url> url = Check(endpoint, protocol, insecure);
  if (!url) return url.error();
  std::string text = url->scheme + "://" + std::string(url->authority);
  return text.append(url->path.empty() ? "/" : url->path).append(url->query);
}

bool NamesPort(std::string_view endpoint, std::string_view port) {
  return Split(endpoint).authority.ends_with(":" + std::string(port));
}

std::string WithoutPassword(std::string_view url) {
  const size_t scheme = url.find("://");
  const size_t authority = scheme == std::string_view::npos ? 0 : scheme + 3;
  const size_t end = std::min(url.find_first_of("/?#", authority), url.size());
  const size_t user = url.substr(0, end).rfind('@');
  std::string text(url.substr(0, std::min(url.find('?'), url.size())));
  if (user == std::string_view::npos || user < authority) return text;
  return text.replace(authority, user - authority, "***");
}

}  // namespace spanwire::exporter
