// SPDX-License-Identifier: Apache-2.0
#include "agent/base/secret_name.h"

#include <gtest/gtest.h>

#include <string>

namespace spanwire {
namespace {

TEST(SecretName, ReadsLikeASecret) {
  for (const char* name :
       {"token",   "access_token", "accessToken",      "API_KEY",    "apikey",
        "mykey",   "X-Api-Key",    "client_secret",    "sig",        "X-Amz-Signature",
        "session", "JSESSIONID",   "X-Amz-Credential", "auth",       "jwt",
        "code",    "token[]",      "key[0]",           "oauth2code", "authorization",
        "otp",     "tokens_left",  "passwd",           "idToken",    "AWSAccessKeyId"}) {
    EXPECT_TRUE(IsSecretName(name)) << name;
  }
}

TEST(SecretName, MayBePercentEncoded) {
  EXPECT_TRUE(IsSecretName("%70assword"));
  EXPECT_TRUE(IsSecretName("a%20key"));
  EXPECT_TRUE(IsSecretName("x%2code"));  // decoded this is "x,ode"
}

TEST(SecretName, OthersDoNot) {
  for (const char* name :
       {"", "q", "zipcode", "author", "page", "keyboard", "passenger", "inside"}) {
    EXPECT_FALSE(IsSecretName(name)) << name;
  }
}

TEST(SecretName, OfALongNameTheEndTells) {
  EXPECT_TRUE(IsSecretName(std::string(500, 'a') + "_token"));
  EXPECT_FALSE(IsSecretName("token_" + std::string(500, 'a')));
}

}  // namespace
}  // namespace spanwire
