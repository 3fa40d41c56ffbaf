// SPDX-License-Identifier: Apache-2.0
#include "agent/model/attribute.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace spanwire::model {
namespace {

std::string Render(const AttributeList& attributes) {
  std::string text;
  for (size_t i = 0; i < attributes.size(); ++i) {
    const AttributeList::View view = attributes.at(i);
    text += std::string(view.key) + "=";
    text += view.type == AttributeList::Type::kString ? std::string(view.text)
                                                      : std::to_string(view.integer);
    text += ' ';
  }
  return text;
}

std::shared_ptr<const AttributeList> Base() {
  AttributeList base;
  base.Add("network.transport", "tcp");
  base.AddInt("network.peer.port", 80);
  return std::make_shared<const AttributeList>(std::move(base));
}

TEST(AttributeList, SetReplacesWhateverTheKeysAddress) {
  AttributeList attributes;
  attributes.Set("a", "first");
  attributes.Set(std::string_view("xa").substr(1), "second");
  attributes.SetInt("b", 1);
  attributes.SetDynamic(std::string("b"), "text");
  EXPECT_EQ(Render(attributes), "a=second b=text ");
}

TEST(AttributeList, DynamicKeysAreCopied) {
  AttributeList attributes;
  {
    const std::string key = "a key that is long enough to lie on the heap";
    attributes.SetDynamic(key, "1");
  }
  AttributeList copy = attributes;
  AttributeList added;
  added.AddFrom(copy, 0);
  EXPECT_EQ(Render(added), "a key that is long enough to lie on the heap=1 ");
}

TEST(AttributeList, ReplaceOwnWipesTheOldText) {
  AttributeList attributes;
  attributes.Add("a", "secret");
  attributes.ReplaceOwn(0, "REDACTED");
  EXPECT_EQ(attributes.Text("a"), "REDACTED");
  EXPECT_EQ(attributes.OwnText().find("secret"), std::string_view::npos);
}

TEST(AttributeList, BaseStandsFirstAndIsFound) {
  AttributeList attributes;
  attributes.Add("a", "1");
  attributes.SetBase(Base());
  attributes.AddInt("b", 2);
  EXPECT_EQ(Render(attributes), "network.transport=tcp network.peer.port=80 a=1 b=2 ");
  EXPECT_EQ(attributes.own_size(), 2u);
  EXPECT_EQ(attributes.Own(0).key, "a");
  EXPECT_TRUE(attributes.Has("network.peer.port"));
  EXPECT_EQ(attributes.Text("network.transport"), "tcp");
  EXPECT_EQ(attributes.Int("network.peer.port", -1), 80);
  EXPECT_EQ(attributes.Int("network.local.port", -1), -1);
  attributes.Clear();
  EXPECT_TRUE(attributes.empty());
}

TEST(AttributeList, MergeTakesTheBaseOfTheOther) {
  AttributeList other;
  other.SetBase(Base());
  other.Add("a", "theirs");
  AttributeList attributes;
  attributes.Add("a", "mine");
  attributes.AddInt("network.peer.port", 8080);
  attributes.Merge(other);
  EXPECT_EQ(Render(attributes), "a=mine network.peer.port=8080 network.transport=tcp ");
}

TEST(AttributeList, SwapTakesEverything) {
  AttributeList one;
  one.SetBase(Base());
  one.Add("a", "1");
  AttributeList other;
  other.Add("b", "2");
  one.Swap(other);
  EXPECT_EQ(Render(one), "b=2 ");
  EXPECT_EQ(Render(other), "network.transport=tcp network.peer.port=80 a=1 ");
}

}  // namespace
}  // namespace spanwire::model
