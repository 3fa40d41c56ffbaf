// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/http1/http1.h"
#include "tests/fuzz/parser_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  spanwire::protocol::FuzzParser(spanwire::protocol::http1::kSpec,
                                 std::string(bytes, bytes + size));
  return 0;
}
