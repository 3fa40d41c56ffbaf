// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/span_relay.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace spanwire::trace {
namespace {

// What came, in order: names of spans, and "|" for a flush.
class Names final : public SpanSink {
 public:
  void OnSpan(model::Span& span) override {
    names.push_back(span.name);
    threads.push_back(std::this_thread::get_id());
    if (slow) std::this_thread::yield();
  }
  void OnFlush() { names.emplace_back("|"); }

  std::vector<std::string> names;
  std::vector<std::thread::id> threads;
  bool slow = false;
};

void Give(SpanRelay& relay, const std::string& name) {
  model::Span span;
  span.name = name;
  relay.OnSpan(span);
  EXPECT_TRUE(span.name.empty());
}

TEST(SpanRelay, HandsOnEverythingInOrder) {
  Names names;
  names.slow = true;
  std::vector<std::string> expected;
  {
    SpanRelay relay(names, [&names] { names.OnFlush(); });
    for (int i = 0; i < 20'000; ++i) {
      expected.push_back(std::to_string(i));
      Give(relay, expected.back());
      if (i % 1777 != 0) continue;
      relay.Flush();
      expected.emplace_back("|");
    }
    relay.Settle();
    EXPECT_EQ(names.names, expected);
  }
  EXPECT_NE(names.threads.at(10'000), std::this_thread::get_id());
}

TEST(SpanRelay, AFewSpansAreHandedOnByTheCaller) {
  Names names;
  SpanRelay relay(names, [&names] { names.OnFlush(); });
  Give(relay, "a");
  EXPECT_TRUE(names.names.empty());
  relay.Flush();
  EXPECT_EQ(names.names, (std::vector<std::string>{"a", "|"}));
  EXPECT_EQ(names.threads.at(0), std::this_thread::get_id());
}

TEST(SpanRelay, WhatIsHandedOnIsCleanWhenItComesBack) {
  Names names;
  SpanRelay relay(names, [] {});
  model::Span span;
  for (int i = 0; i < 5000; ++i) {
    EXPECT_TRUE(span.attributes.empty());
    span.attributes.Set("a", "b");
    relay.OnSpan(span);
  }
  relay.Settle();
  EXPECT_EQ(names.names.size(), 5000u);
}

}  // namespace
}  // namespace spanwire::trace
