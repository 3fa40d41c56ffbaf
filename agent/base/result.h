// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace spanwire {

// What went wrong, for a person: what, with which value, and what to do about it.
struct Error {
  std::string message;
  int code = 0;  // errno where there is one, else 0
};

// "PREFIX: strerror(code)".
inline Error ErrnoError(std::string_view prefix, int code) {
  return {std::string(prefix) + ": " + std::strerror(code), code};
}

// The value of a call that can fail, or why it failed. Names follow std::expected.
template <typename T = std::monostate>
class [[nodiscard]] Result {
 public:
  Result()
    requires std::is_same_v<T, std::monostate>
  = default;
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool has_value() const { return state_.index() == 0; }
  explicit operator bool() const { return has_value(); }

  // Requires has_value().
  T& value() { return std::get<0>(state_); }
  const T& value() const { return std::get<0>(state_); }
  T& operator*() { return value(); }
  const T& operator*() const { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  // Requires !has_value().
  const Error& error() const { return std::get<1>(state_); }

 private:
  std::variant<T, Error> state_;
};

}  // namespace spanwire

// Returns the error of a Result from the calling function.
#define SPANWIRE_RETURN_IF_ERROR(expression)              \
  do {                                                    \
    auto spanwire_result = (expression);                  \
    if (!spanwire_result) return spanwire_result.error(); \
  } while (false)
