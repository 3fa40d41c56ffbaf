// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace spanwire {

// Whether what stands under `name`, the key of a parameter, is a secret: the names that the HTTP
// semantic conventions list, and those that read like token, password, session and their kin, in
// any case, with or without separators, percent-encoded or not: "access_token", "apiKey",
// "X-Amz-Signature", "token[0]".
bool IsSecretName(std::string_view name);

}  // namespace spanwire
