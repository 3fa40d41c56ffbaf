// SPDX-License-Identifier: Apache-2.0
#include "agent/protocol/postgresql/postgresql.h"
#include "tests/fuzz/parser_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  spanwire::protocol::FuzzParser(spanwire::protocol::postgresql::kSpec,
                                 std::string(bytes, bytes + size));
  return 0;
}
