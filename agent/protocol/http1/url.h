// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace spanwire::protocol::http1 {

// What stands for a secret.
inline constexpr std::string_view kRedacted = "REDACTED";

// A request target taken apart (RFC 9112 §3.2). Views into it; empty where the form has no such
// part. A fragment, which has no business on the wire, is dropped.
struct Target {
  std::string_view scheme;     // absolute-form
  std::string_view authority;  // absolute- and authority-form, without user information
  bool user_info = false;      // the authority had some
  std::string_view path;
  std::string_view query;
};
Target SplitTarget(std::string_view method, std::string_view target);

// `authority` without "user:password@".
std::string_view WithoutUserInfo(std::string_view authority);

// `query` with every secret value replaced by kRedacted; keys stay. Finds secrets inside
// percent-encoded URLs that are values, too. The result is a view of `query` or, where something
// was replaced, of `scratch`.
std::string_view RedactQuery(std::string_view query, std::string& scratch);

// The same for the parameters of a path's segments: "/a;jsessionid=1".
std::string_view RedactPath(std::string_view path, std::string& scratch);

}  // namespace spanwire::protocol::http1
