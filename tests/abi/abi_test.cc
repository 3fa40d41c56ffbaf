// SPDX-License-Identifier: Apache-2.0
// The layouts in the BPF object, as its BTF tells them, are those that C++ sees.
#include <bpf/btf.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "spanwire/abi.h"

namespace {

struct Field {
  std::string name;
  size_t offset;
};
struct Layout {
  std::string name;
  size_t size;
  std::vector<Field> fields;
};

#define FIELD(type, member) \
  Field { #member, offsetof(type, member) }

std::vector<Layout> RecordLayouts() {
  return {
      {"spanwire_header",
       sizeof(spanwire_header),
       {FIELD(spanwire_header, type), FIELD(spanwire_header, flags), FIELD(spanwire_header, size)}},
      {"spanwire_data",
       sizeof(spanwire_data),
       {FIELD(spanwire_data, header), FIELD(spanwire_data, connection),
        FIELD(spanwire_data, time_ns), FIELD(spanwire_data, offset), FIELD(spanwire_data, length),
        FIELD(spanwire_data, captured), FIELD(spanwire_data, turn), FIELD(spanwire_data, sequence),
        FIELD(spanwire_data, pid), FIELD(spanwire_data, tid), FIELD(spanwire_data, context),
        FIELD(spanwire_data, wait_us), FIELD(spanwire_data, error), FIELD(spanwire_data, direction),
        FIELD(spanwire_data, reserved), FIELD(spanwire_data, prior_end_ns),
        FIELD(spanwire_data, prior_offset), FIELD(spanwire_data, prior_length),
        FIELD(spanwire_data, prior_turn)}},
      {"spanwire_connection",
       sizeof(spanwire_connection),
       {FIELD(spanwire_connection, header),
        FIELD(spanwire_connection, connection),
        FIELD(spanwire_connection, time_ns),
        FIELD(spanwire_connection, opened_ns),
        FIELD(spanwire_connection, context),
        FIELD(spanwire_connection, pid),
        FIELD(spanwire_connection, tid),
        FIELD(spanwire_connection, inode),
        FIELD(spanwire_connection, peer_inode),
        FIELD(spanwire_connection, netns),
        FIELD(spanwire_connection, family),
        FIELD(spanwire_connection, socket_type),
        FIELD(spanwire_connection, local_port),
        FIELD(spanwire_connection, remote_port),
        FIELD(spanwire_connection, error),
        FIELD(spanwire_connection, what),
        FIELD(spanwire_connection, role),
        FIELD(spanwire_connection, local_address),
        FIELD(spanwire_connection, remote_address),
        FIELD(spanwire_connection, path),
        FIELD(spanwire_connection, reserved)}},
      {"spanwire_process",
       sizeof(spanwire_process),
       {FIELD(spanwire_process, header), FIELD(spanwire_process, time_ns),
        FIELD(spanwire_process, start_ns), FIELD(spanwire_process, cgroup_id),
        FIELD(spanwire_process, args_address), FIELD(spanwire_process, pid),
        FIELD(spanwire_process, parent_pid), FIELD(spanwire_process, uid),
        FIELD(spanwire_process, args_length), FIELD(spanwire_process, comm),
        FIELD(spanwire_process, executable), FIELD(spanwire_process, cgroup),
        FIELD(spanwire_process, cgroup_parent), FIELD(spanwire_process, args)}}};
}

std::vector<Layout> ControlLayouts() {
  return {{"spanwire_policy",
           sizeof(spanwire_policy),
           {FIELD(spanwire_policy, rx_bytes), FIELD(spanwire_policy, tx_bytes),
            FIELD(spanwire_policy, rx_call_bytes), FIELD(spanwire_policy, tx_call_bytes),
            FIELD(spanwire_policy, single_bytes), FIELD(spanwire_policy, mode),
            FIELD(spanwire_policy, reopen)}},
          {"spanwire_control",
           sizeof(spanwire_control),
           {FIELD(spanwire_control, reader_state), FIELD(spanwire_control, policy_generation),
            FIELD(spanwire_control, wake_bytes), FIELD(spanwire_control, unix_listed),
            FIELD(spanwire_control, worker_pid), FIELD(spanwire_control, reserved)}},
          {"spanwire_settings",
           sizeof(spanwire_settings),
           {FIELD(spanwire_settings, self_pid), FIELD(spanwire_settings, netns),
            FIELD(spanwire_settings, budget), FIELD(spanwire_settings, datagrams),
            FIELD(spanwire_settings, understudies), FIELD(spanwire_settings, port_count),
            FIELD(spanwire_settings, pid_count), FIELD(spanwire_settings, comm_count),
            FIELD(spanwire_settings, ports), FIELD(spanwire_settings, pids),
            FIELD(spanwire_settings, comms)}}};
}

class Abi : public testing::TestWithParam<Layout> {};

TEST_P(Abi, BtfAgreesWithCpp) {
  const std::unique_ptr<btf, decltype(&btf__free)> types(
      btf__parse_elf(SPANWIRE_BPF_OBJECT, nullptr), btf__free);
  ASSERT_NE(types, nullptr);
  const Layout& layout = GetParam();
  const int id = btf__find_by_name_kind(types.get(), layout.name.c_str(), BTF_KIND_STRUCT);
  ASSERT_GT(id, 0) << "the BPF object does not use struct " << layout.name;
  const btf_type* type = btf__type_by_id(types.get(), static_cast<uint32_t>(id));
  EXPECT_EQ(type->size, layout.size);
  ASSERT_EQ(btf_vlen(type), layout.fields.size()) << "a field is missing in this test";
  for (uint16_t i = 0; i < btf_vlen(type); ++i) {
    const btf_member* member = btf_members(type) + i;
    EXPECT_EQ(btf__name_by_offset(types.get(), member->name_off), layout.fields[i].name);
    EXPECT_EQ(btf_member_bit_offset(type, i), layout.fields[i].offset * 8) << layout.fields[i].name;
  }
}

std::string NameOf(const testing::TestParamInfo<Layout>& layout) { return layout.param.name; }

INSTANTIATE_TEST_SUITE_P(Records, Abi, testing::ValuesIn(RecordLayouts()), NameOf);
INSTANTIATE_TEST_SUITE_P(Control, Abi, testing::ValuesIn(ControlLayouts()), NameOf);

// Padding that the compiler adds would be kernel memory that nobody wrote.
TEST(AbiPadding, SizesAreSumsOfFields) {
  EXPECT_EQ(sizeof(spanwire_data), 96u);
  EXPECT_EQ(sizeof(spanwire_data) % 8, 0u);
  EXPECT_EQ(sizeof(spanwire_connection) % 8, 0u);
  EXPECT_EQ(sizeof(spanwire_process) % 8, 0u);
}

}  // namespace
