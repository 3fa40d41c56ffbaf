// SPDX-License-Identifier: Apache-2.0
// What a head's values become: redacted, bounded, valid UTF-8.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "agent/model/conventions.h"
#include "agent/model/span.h"
#include "agent/protocol/http1/forwarded.h"
#include "agent/protocol/http1/text.h"
#include "agent/protocol/http1/trace_context.h"
#include "agent/protocol/http1/url.h"
#include "tests/unit/protocol/http1_splits.h"

namespace spanwire::protocol::http1 {
namespace {

std::string Redacted(std::string_view query) {
  std::string scratch;
  return std::string(RedactQuery(query, scratch));
}

TEST(RedactQuery, KeepsWhatIsNoSecret) {
  for (const char* query :
       {"", "a", "a=b", "a=b&c=d;e", "page=2&sort=name", "q=token", "author=x", "zipcode=12345",
        "description=long", "a==b", "&&=", "%", "%3", "a=%zz"}) {
    EXPECT_EQ(Redacted(query), query);
  }
}

TEST(RedactQuery, ReplacesTheValuesOfSecretKeys) {
  for (const char* key : {"X-Amz-Signature",
                          "X-Amz-Credential",
                          "X-Amz-Security-Token",
                          "sig",
                          "X-Goog-Signature",
                          "AWSAccessKeyId",
                          "Signature",
                          "token",
                          "secret",
                          "password",
                          "passwd",
                          "pwd",
                          "key",
                          "auth",
                          "session",
                          "code",
                          "jwt",
                          "TOKEN",
                          "access_token",
                          "id-token",
                          "refreshToken",
                          "api_key",
                          "apikey",
                          "apiKey",
                          "client_secret",
                          "sessionid",
                          "PHPSESSID",
                          "JSESSIONID",
                          "auth_code",
                          "user[password]",
                          "authorization",
                          "x-api-key",
                          "mykey",
                          "%74oken",
                          "to%6Ben",
                          "pass",
                          "a.key",
                          "oauth"}) {
    EXPECT_EQ(Redacted(std::string(key) + "=canary"), std::string(key) + "=REDACTED");
    EXPECT_EQ(Redacted("a=1&" + std::string(key) + "=canary&z=2"),
              "a=1&" + std::string(key) + "=REDACTED&z=2");
  }
}

TEST(RedactQuery, ReplacesUpToTheNextAmpersand) {
  EXPECT_EQ(Redacted("token=a;b=c=d?e&f=g"), "token=REDACTED&f=g");
  EXPECT_EQ(Redacted("a=b;token=c"), "a=b;token=REDACTED");
  EXPECT_EQ(Redacted("token="), "token=REDACTED");
  EXPECT_EQ(Redacted("token=a&token=b"), "token=REDACTED&token=REDACTED");
}

TEST(RedactQuery, LooksIntoUrlsThatAreValues) {
  EXPECT_EQ(Redacted("next=/a?token=b&x=y"), "next=/a?token=REDACTED&x=y");
  EXPECT_EQ(Redacted("next=%2Fa%3Ftoken%3Db%26c%3Dd&x=y"), "next=%2Fa%3Ftoken%3DREDACTED&x=y");
  EXPECT_EQ(Redacted("next=%2Fa%3Fb%3Dc%26token%3Dd"), "next=%2Fa%3Fb%3Dc%26token%3DREDACTED");
}

TEST(RedactQuery, FindsTheTellingWordAtTheEndOfALongKey) {
  const std::string key = std::string(500, 'a') + "_token";
  EXPECT_EQ(Redacted(key + "=b"), key + "=REDACTED");
}

TEST(SplitTarget, TakesUserInformationOff) {
  const Target target = SplitTarget("GET", "http://user:pass@host:8080/path?q#f");
  EXPECT_EQ(target.scheme, "http");
  EXPECT_EQ(target.authority, "host:8080");
  EXPECT_TRUE(target.user_info);
  EXPECT_EQ(target.path, "/path");
  EXPECT_EQ(target.query, "q");
}

TEST(SplitTarget, TakesAPathWithSlashesForAPath) {
  const Target target = SplitTarget("GET", "//host/a://b?c://d");
  EXPECT_EQ(target.authority, "");
  EXPECT_EQ(target.path, "//host/a://b");
  EXPECT_EQ(target.query, "c://d");
}

std::string Cleaned(std::string_view text, size_t limit_bytes = 100) {
  std::string scratch;
  return std::string(CleanText(text, limit_bytes, scratch));
}

TEST(CleanText, KeepsWellFormedText) {
  for (const char* text : {"", "plain", "tab\t", "\u00e9", "\u20ac", "\U0001F600", "\uFFFD"}) {
    EXPECT_EQ(Cleaned(text), text);
  }
}

TEST(CleanText, ReplacesWhatIsNotUtf8) {
  const std::string mark = "\uFFFD";
  EXPECT_EQ(Cleaned("a\xff"), "a" + mark);
  EXPECT_EQ(Cleaned("\xc0\x80"), mark + mark);                        // overlong
  EXPECT_EQ(Cleaned("\xed\xa0\x80"), mark + mark + mark);             // surrogate
  EXPECT_EQ(Cleaned("\xf4\x90\x80\x80"), mark + mark + mark + mark);  // beyond U+10FFFF
  EXPECT_EQ(Cleaned("\xe2\x82"), mark + mark);                        // cut off
  EXPECT_EQ(Cleaned("\xe2\x28\xa1"), mark + "(" + mark);
}

TEST(CleanText, ReplacesControlCharacters) {
  EXPECT_EQ(Cleaned(std::string_view("a\0b\x1b[0m\x7f", 8)), "a\uFFFDb\uFFFD[0m\uFFFD");
}

TEST(CleanText, CutsOnACharactersBorder) {
  EXPECT_EQ(Cleaned("abcdef", 3), "abc");
  EXPECT_EQ(Cleaned("ab\u20ac", 4), "ab");
  EXPECT_EQ(Cleaned("ab\u20ac", 5), "ab\u20ac");
  EXPECT_EQ(Cleaned("ab\xff", 4), "ab");
}

model::TraceContext Parent(std::string_view value) {
  model::TraceContext context;
  ParseTraceParent(value, context);
  return context;
}

constexpr std::string_view kParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceParent, IsRead) {
  const auto context = Parent(kParent);
  ASSERT_TRUE(context.valid);
  EXPECT_EQ(model::ToHex(context.trace_id), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(model::ToHex(context.span_id), "00f067aa0ba902b7");
  EXPECT_EQ(context.flags, 1);
}

TEST(TraceParent, OfALaterVersionIsReadAsFarAsKnown) {
  const std::string later = "cc" + std::string(kParent.substr(2, 51)) + "ff";
  EXPECT_TRUE(Parent(later).valid);
  EXPECT_EQ(Parent(later).flags, 1);
  EXPECT_TRUE(Parent(later + "-what-comes").valid);
  EXPECT_FALSE(Parent(later + "what").valid);
}

TEST(TraceParent, IsRefused) {
  for (const char* value : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-011",
                            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                            "00-4BF92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                            "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01",
                            "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
                            "0g-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}) {
    EXPECT_FALSE(Parent(value).valid) << value;
  }
}

std::string State(std::string_view value) {
  model::TraceContext context;
  ParseTraceState(value, context);
  return context.trace_state;
}

TEST(TraceState, IsKeptVerbatimWhenItFollowsTheRules) {
  for (const char* value :
       {"a=b", "rojo=00f067aa0ba902b7, congo=t61rcWkgMzE", "t@v=1", "a=b,,c=d", "0a_-*/=!~ x"}) {
    EXPECT_EQ(State(value), value);
  }
}

TEST(TraceState, IsDroppedWhenItBreaksThem) {
  for (const char* value : {"", ",", "a", "=b", "a=", "A=b", "a=b=c", "a=\x01", "a b=c", "_a=b"}) {
    EXPECT_EQ(State(value), "") << value;
  }
  std::string many = "a0=b";
  for (int i = 1; i < 33; ++i) many += ",a" + std::to_string(i) + "=b";
  EXPECT_EQ(State(many), "");
  EXPECT_EQ(State("a=" + std::string(257, 'b')), "");
}

TEST(Forwarded, GivesTheFirstHop) {
  const ForwardedHop hop = ParseForwarded(
      "For=\"[2001:db8::17]:4711\" ; proto=https;by=203.0.113.43; host=\"a,b;c\", for=other");
  EXPECT_EQ(hop.client, "2001:db8::17");
  EXPECT_EQ(hop.proto, "https");
  EXPECT_EQ(hop.host, "a,b;c");
}

TEST(Forwarded, LeavesOutWhatIsNotKnown) {
  EXPECT_EQ(ParseForwarded("for=unknown").client, "");
  EXPECT_EQ(ParseForwarded("for=\"\\a\"").client, "");
  EXPECT_EQ(ParseForwarded("for").client, "");
  EXPECT_EQ(ParseForwarded("for=\"[::1\"").client, "");
  EXPECT_EQ(ParseForwarded("for=\"open").client, "\"open");
}

TEST(Forwarded, TakesPortsOff) {
  EXPECT_EQ(WithoutPort("192.0.2.1:80"), "192.0.2.1");
  EXPECT_EQ(WithoutPort("[2001:db8::1]"), "2001:db8::1");
  EXPECT_EQ(WithoutPort("2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(WithoutPort("name"), "name");
}

model::Message HeadOf(const std::string& request) {
  TestConnection connection;
  connection.Feed(Req(request));
  return connection.last_head();
}

TEST(Http1Message, CarriesTheCallersContext) {
  const auto message = HeadOf("GET / HTTP/1.1\r\nTraceparent: " + std::string(kParent) +
                              "\r\ntracestate: a=b\r\nTraceState: c=d\r\n\r\n");
  EXPECT_TRUE(message.context.valid);
  EXPECT_EQ(message.context.trace_state, "a=b,c=d");
}

TEST(Http1Message, JoinsManyTraceStatesAndFolds) {
  std::string head =
      "GET / HTTP/1.1\r\nUser-Agent: x\r\n y\r\nTraceparent: " + std::string(kParent);
  std::string expected;
  for (char c = 'a'; c <= 'z'; ++c) {
    head += std::string("\r\ntracestate:\r\n ") + c + "=1\r\nHost: h\r\n " + c;
    expected += std::string(expected.empty() ? "" : ",") + c + "=1";
  }
  const auto message = HeadOf(head + "\r\n\r\n");
  EXPECT_EQ(message.context.trace_state, expected);
  EXPECT_EQ(Render(message.attributes), " path=/ ~host=h a agent=x y");
}

TEST(Http1Message, HasNoContextWhenTheFieldIsRepeated) {
  const std::string field = "traceparent: " + std::string(kParent) + "\r\n";
  EXPECT_FALSE(HeadOf("GET / HTTP/1.1\r\n" + field + field + "\r\n").context.valid);
}

TEST(Http1Message, TraceparentWinsOverOtherFormats) {
  const std::string b3 = "b3: 64fe8b2a57d3eff7-e457b5a2e4d86bd1\r\n";
  const std::string w3c = "traceparent: " + std::string(kParent) + "\r\n";
  EXPECT_EQ(HeadOf("GET / HTTP/1.1\r\n" + b3 + "\r\n").context.source, "b3");
  EXPECT_EQ(HeadOf("GET / HTTP/1.1\r\n" + b3 + w3c + "\r\n").context.source, "traceparent");
}

TEST(Http1Message, RequestIdsAreHashed) {
  const auto one = HeadOf("GET / HTTP/1.1\r\nX-Request-ID: abc\r\n\r\n").request_id;
  const auto two = HeadOf("GET / HTTP/1.1\r\nx-request-id: abd\r\n\r\n").request_id;
  EXPECT_NE(one, 0u);
  EXPECT_NE(one, two);
  EXPECT_EQ(HeadOf("GET / HTTP/1.1\r\nHost: a\r\n\r\n").request_id, 0u);
}

TEST(Http1Message, TakesWhatTheFirstProxySaid) {
  EXPECT_EQ(
      Render(HeadOf("GET / HTTP/1.1\r\nHost: inner\r\nX-Forwarded-For: 192.0.2.1, 10.0.0.1\r\n"
                    "X-Forwarded-Proto: https\r\nX-Forwarded-Host: outer\r\n\r\n")
                 .attributes),
      " path=/ ~host=inner ~forwarded_for=192.0.2.1 ~forwarded_proto=https "
      "~forwarded_host=outer");
  EXPECT_EQ(Render(HeadOf("GET / HTTP/1.1\r\nX-Forwarded-For: 192.0.2.1\r\n"
                          "Forwarded: for=198.51.100.7\r\n\r\n")
                       .attributes),
            " path=/ ~forwarded_for=198.51.100.7");
}

TEST(Http1Message, BoundsItsValues) {
  const auto message = HeadOf("GET /" + std::string(5000, 'p') + "?" + std::string(5000, 'q') +
                              " HTTP/1.1\r\nUser-Agent: " + std::string(5000, 'u') +
                              "\r\nHost: " + std::string(5000, 'h') + "\r\n\r\n");
  EXPECT_EQ(message.attributes.Text(model::key::kUrlPath).size(), 2048u);
  EXPECT_EQ(message.attributes.Text(model::key::kUrlQuery).size(), 2048u);
  EXPECT_EQ(message.attributes.Text(model::key::kUserAgentOriginal).size(), 512u);
  EXPECT_EQ(message.attributes.Text(model::fact::kHost).size(), 512u);
}

TEST(Http1Message, HoldsNoSecret) {
  const auto message = HeadOf(
      "GET http://me:canary@h/a;sid=canary?token=canary&x=%3Fkey%3Dcanary#canary HTTP/1.1\r\n"
      "Host: me:canary@h\r\nAuthorization: Bearer canary\r\nCookie: canary\r\nX-Api-Key: canary\r\n"
      "Proxy-Authorization: canary\r\nX-Forwarded-Host: me:canary@h\r\n\r\n");
  EXPECT_THAT(Render(message.attributes), testing::Not(testing::HasSubstr("canary")));
}

}  // namespace
}  // namespace spanwire::protocol::http1
