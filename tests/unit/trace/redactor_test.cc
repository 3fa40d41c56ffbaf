// SPDX-License-Identifier: Apache-2.0
#include "agent/trace/redactor.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "agent/model/conventions.h"
#include "agent/trace/secrets.h"
#include "tests/unit/trace/exchange_maker.h"

namespace spanwire::trace {
namespace {

namespace key = model::key;

std::string Redacted(std::string_view name, const std::string& value) {
  model::Span span;
  span.attributes.Set(name, value);
  Redactor redactor;
  EXPECT_EQ(redactor.OnEnd(span), Verdict::kKeep);
  return std::string(span.attributes.Text(name));
}

struct TextCase {
  std::string before;
  std::string after;
};

class RedactText : public ::testing::TestWithParam<TextCase> {};
TEST_P(RedactText, InUserAgent) {
  EXPECT_EQ(Redacted(key::kUserAgentOriginal, GetParam().before), GetParam().after);
}
INSTANTIATE_TEST_SUITE_P(
    Cases, RedactText,
    ::testing::Values(TextCase{"curl/8.0", "curl/8.0"}, TextCase{"", ""},
                      TextCase{"Bearer abcdef123456", "Bearer REDACTED"},
                      TextCase{"x bearer%20abcdef123456;y", "x bearer%20REDACTED;y"},
                      TextCase{"Basic dXNlcjpwYXNz", "Basic REDACTED"},
                      TextCase{"basic authentication", "basic authentication"},
                      TextCase{"/p/eyJhbGciOi.eyJzdWIiOiIx.c2lnbmF0dXJl/z", "/p/REDACTED/z"},
                      TextCase{"eyJhbGciOi.eyJzdWIiOiIx", "REDACTED"},
                      TextCase{"monkey.eyes", "monkey.eyes"},
                      TextCase{"id AKIAABCDEFGHIJKLMNOP.", "id REDACTED."},
                      TextCase{"ASIAABCDEFGHIJKLMNOP", "REDACTED"},
                      TextCase{"SASIAN KAKIAK", "SASIAN KAKIAK"},
                      TextCase{"http://u:p@host/", "http://REDACTED:REDACTED@host/"},
                      TextCase{"http://u:p@ss@host/", "http://REDACTED:REDACTED@host/"},
                      TextCase{"http://host/a@b", "http://host/a@b"},
                      TextCase{"mail me@example.com", "mail me@example.com"},
                      TextCase{"http://h/?token=t1&b=2&api_key=k",
                               "http://h/?token=REDACTED&b=2&api_key=REDACTED"},
                      TextCase{"token=t1", "token=t1"}));

class RedactQueryText : public ::testing::TestWithParam<TextCase> {};
TEST_P(RedactQueryText, InUrlQuery) {
  EXPECT_EQ(Redacted(key::kUrlQuery, GetParam().before), GetParam().after);
}
INSTANTIATE_TEST_SUITE_P(
    Cases, RedactQueryText,
    ::testing::Values(TextCase{"token=t1", "token=REDACTED"},
                      TextCase{"a=1;password=p&c", "a=1;password=REDACTED&c"},
                      TextCase{"password=", "password="},
                      TextCase{"password=REDACTED", "password=REDACTED"},
                      TextCase{"donkey_id=1&zipcode=2", "donkey_id=1&zipcode=2"},
                      TextCase{"X-Amz-Signature=ab", "X-Amz-Signature=REDACTED"}));

TEST(Secrets, ATextFullOfMarksIsQuick) {
  const std::string marks =
      std::string(2000, '=') + std::string(2000, '@') + std::string(2000, '.');
  EXPECT_EQ(Redacted(key::kUrlQuery, marks), marks);
}

TEST(Redactor, CanaryLeavesThroughNoField) {
  const std::string canary = "eyJjYW5hcnki.eyJjYW5hcnki.CANARY";
  model::Span span;
  span.name = "GET " + canary;
  span.trace_state = "a=" + canary;
  span.attributes.Set(key::kUrlFull, "http://u:CANARY@h/" + canary + "?token=CANARY#" + canary);
  span.attributes.Set(key::kUrlPath, "/" + canary);
  span.attributes.Set(key::kUrlQuery, "key=CANARY&Signature=CANARY");
  span.attributes.Set(key::kUserAgentOriginal, "Bearer CANARY0123 " + canary);
  span.attributes.SetDynamic("some.key", canary);
  Redactor redactor;
  redactor.OnEnd(span);
  std::string all = span.name + span.trace_state;
  for (size_t i = 0; i < span.attributes.size(); ++i) all += span.attributes.at(i).text;
  EXPECT_EQ(all.find("CANARY"), std::string::npos) << all;
}

class DropAll final : public SpanProcessor {
 public:
  Verdict OnEnd(model::Span& /*span*/) override { return Verdict::kDrop; }
  std::string_view name() const override { return "drop_all"; }
};

TEST(ProcessorChain, CountsWhatItDrops) {
  Ledger ledger;
  SpanLog log;
  ProcessorChain chain(ledger, log);
  chain.Add(std::make_unique<Redactor>());
  model::Span span;
  chain.OnSpan(span);
  EXPECT_EQ(log.spans.size(), 1u);
  chain.Add(std::make_unique<DropAll>());
  chain.OnSpan(span);
  EXPECT_EQ(log.spans.size(), 1u);
  const Stage& stage = *ledger.stages()[0];
  EXPECT_EQ(stage.in.Get(), 2u);
  EXPECT_EQ(stage.Dropped(), 1u);
  EXPECT_TRUE(stage.Balanced());
}

}  // namespace
}  // namespace spanwire::trace
