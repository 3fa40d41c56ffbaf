// SPDX-License-Identifier: Apache-2.0
#include "agent/process/environ.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace spanwire::process {
namespace {

using testing::ElementsAre;
using testing::Pair;

std::string Environ(std::initializer_list<std::string> entries) {
  std::string text;
  for (const auto& entry : entries) text += entry + '\0';
  return text;
}

TEST(ReadEnviron, NamesInTheirOrder) {
  const std::string attributes = "OTEL_RESOURCE_ATTRIBUTES=service.name=by-attributes";
  EXPECT_EQ(
      ReadEnviron(Environ({"DD_SERVICE=dd", attributes, "OTEL_SERVICE_NAME=otel"})).service_name,
      "otel");
  EXPECT_EQ(ReadEnviron(Environ({"DD_SERVICE=dd", attributes})).service_name, "by-attributes");
  EXPECT_EQ(
      ReadEnviron(Environ({"SPLUNK_SERVICE_NAME=s", "ELASTIC_APM_SERVICE_NAME=e", "DD_SERVICE=dd"}))
          .service_name,
      "dd");
  EXPECT_EQ(
      ReadEnviron(Environ({"SPLUNK_SERVICE_NAME=s", "ELASTIC_APM_SERVICE_NAME=e"})).service_name,
      "e");
  EXPECT_EQ(ReadEnviron(Environ({"SPLUNK_SERVICE_NAME=s"})).service_name, "s");
  EXPECT_EQ(ReadEnviron(Environ({"PATH=/bin"})).service_name, "");
}

TEST(ReadEnviron, AnEmptyValueIsNoValue) {
  EXPECT_EQ(ReadEnviron(Environ({"OTEL_SERVICE_NAME=", "DD_SERVICE=dd"})).service_name, "dd");
  EXPECT_EQ(ReadEnviron(Environ({"OTEL_SERVICE_NAME=  ", "DD_SERVICE=dd"})).service_name, "dd");
}

TEST(ReadEnviron, TheFirstEntryOfANameCounts) {
  EXPECT_EQ(ReadEnviron(Environ({"DD_SERVICE=one", "DD_SERVICE=two"})).service_name, "one");
}

TEST(ReadEnviron, NothingElseIsKept) {
  const EnvironFacts facts =
      ReadEnviron(Environ({"SECRET=canary", "OTEL_EXPORTER_OTLP_HEADERS=authorization=canary",
                           "XOTEL_SERVICE_NAME=canary", "OTEL_SERVICE_NAMES=canary"}));
  EXPECT_EQ(facts.service_name, "");
  EXPECT_TRUE(facts.attributes.empty());
}

TEST(ReadEnviron, SortsTheAttributes) {
  const EnvironFacts facts = ReadEnviron(
      Environ({"OTEL_RESOURCE_ATTRIBUTES=service.namespace=shop,deployment.environment.name=prod,"
               "service.version=1.2,service.instance.id=i-1,process.pid=1,telemetry.sdk.name=x,"
               "container.id=y,team=a%2Cb%3D%20c"}));
  EXPECT_EQ(facts.service_namespace, "shop");
  EXPECT_EQ(facts.service_version, "1.2");
  EXPECT_EQ(facts.service_instance_id, "i-1");
  EXPECT_THAT(facts.attributes,
              ElementsAre(Pair("deployment.environment.name", "prod"), Pair("team", "a,b= c")));
  EXPECT_FALSE(facts.attributes_discarded);
}

TEST(ReadEnviron, BrokenAttributesAreDiscardedAsAWhole) {
  const EnvironFacts facts =
      ReadEnviron(Environ({"OTEL_RESOURCE_ATTRIBUTES=service.name=a,team=%zz", "DD_SERVICE=dd"}));
  EXPECT_TRUE(facts.attributes_discarded);
  EXPECT_TRUE(facts.attributes.empty());
  EXPECT_EQ(facts.service_name, "dd");
}

TEST(ReadEnviron, TakesNoHalfEntry) {
  EXPECT_EQ(ReadEnviron("DD_SERVICE=do-not-beli").service_name, "");
}

TEST(ReadEnviron, SurvivesAMebibyteOfNuls) {
  const std::string nuls(size_t{1} << 20, '\0');
  EXPECT_EQ(ReadEnviron(nuls).service_name, "");
  EXPECT_EQ(ReadEnviron(nuls + Environ({"DD_SERVICE=dd"})).service_name, "dd");
}

TEST(ReadEnviron, NamesAreBoundedAndClean) {
  const EnvironFacts facts =
      ReadEnviron(Environ({"OTEL_SERVICE_NAME=" + std::string(100'000, 'x')}));
  EXPECT_EQ(facts.service_name.size(), 255);
  EXPECT_EQ(ReadEnviron(Environ({"OTEL_SERVICE_NAME=a\x1b\xff"})).service_name, "a\uFFFD\uFFFD");
}

TEST(ParseResourceAttributes, AcceptsWhatSdksAccept) {
  EXPECT_THAT(ParseResourceAttributes(""), testing::Optional(testing::IsEmpty()));
  EXPECT_THAT(ParseResourceAttributes(" a = b ,\tc=d,"),
              testing::Optional(ElementsAre(Pair("a", "b"), Pair("c", "d"))));
  EXPECT_THAT(ParseResourceAttributes("a=b=c"), testing::Optional(ElementsAre(Pair("a", "b=c"))));
  EXPECT_THAT(ParseResourceAttributes("a="), testing::Optional(ElementsAre(Pair("a", ""))));
  EXPECT_THAT(ParseResourceAttributes("a=1,a=2"), testing::Optional(ElementsAre(Pair("a", "2"))));
  EXPECT_THAT(ParseResourceAttributes("k%3d=%E6%BC%A2+"),
              testing::Optional(ElementsAre(Pair("k=", "漢+"))));
}

TEST(ParseResourceAttributes, RefusesAnyError) {
  for (const std::string text : {"a", "=b", " =b", "a=b,c", "a=%", "a=%4", "a=%4g", "a=%ff",
                                 "a=%0a", "a=\xff", "%=b", "a=b,%80=c"}) {
    EXPECT_EQ(ParseResourceAttributes(text), std::nullopt) << text;
  }
}

TEST(ParseResourceAttributes, RefusesTooMuch) {
  std::string many;
  for (int i = 0; i < 65; ++i) many += "k" + std::to_string(i) + "=v,";
  EXPECT_EQ(ParseResourceAttributes(many), std::nullopt);
  EXPECT_EQ(ParseResourceAttributes("a=" + std::string(10'000, 'x')), std::nullopt);
}

}  // namespace
}  // namespace spanwire::process
