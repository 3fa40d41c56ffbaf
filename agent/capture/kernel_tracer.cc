// SPDX-License-Identifier: Apache-2.0
#include "agent/capture/kernel_tracer.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <spanwire.skel.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <string_view>

#include "agent/base/unique_fd.h"
#include "agent/capture/kernel_features.h"

namespace spanwire::capture {
namespace {

// Value of the map "processes" (bpf/lib/maps.h).
struct ProcessKey {
  uint64_t start_ns = 0;
  uint64_t exec_id = 0;
};

constexpr uint32_t kSocketTableSize = 65536;  // tier 3

struct SkeletonCloser {
  void operator()(spanwire_bpf* skeleton) const { spanwire_bpf__destroy(skeleton); }
};
using Skeleton = std::unique_ptr<spanwire_bpf, SkeletonCloser>;

struct LinkCloser {
  void operator()(bpf_link* link) const { bpf_link__destroy(link); }
};

bool StartsWith(const char* text, std::string_view prefix) {
  return std::string_view(text).starts_with(prefix);
}

constexpr std::string_view kUnderstudy = "understudy_";

bool IsUnderstudy(const bpf_program* program) {
  return StartsWith(bpf_program__name(program), kUnderstudy);
}

// Whether hooks of this tier are skipped while another task is preempted inside them
// (bpf/lib/mark.h).
bool NeedsUnderstudies(Tier tier, const KernelFeatures& features) {
  if (tier == Tier::kFunctionExits) return features.preemptible;
  return features.preemptible_tracepoints;
}

bool WantedAccept(std::string_view name, const KernelFeatures& features) {
  if (!features.fentry) return false;
  const bool before = name == "connection_accept_before_6_10";
  return features.ParameterCount("inet_csk_accept") == (before ? 4 : 2);
}

bool WantedAtSystemCalls(std::string_view name, const KernelFeatures& features) {
  if (name.starts_with("understudy_syscall")) {
    return NeedsUnderstudies(Tier::kSystemCalls, features);
  }
  if (name == "uring_submit_req") return features.HasTracepoint("io_uring_submit_req");
  if (name == "uring_submit_sqe") {
    return features.TracepointParameterCount("io_uring_submit_sqe") == 5;  // as in Linux 5.10
  }
  return name.starts_with("sock_syscall") || name == "sweep_table";
}

bool WantedSending(std::string_view name, const KernelFeatures& features) {
  const bool tracepoint = features.HasTracepoint("tcp_sendmsg_locked");  // Linux 6.16
  return name == "sending_begin" ? tracepoint : !tracepoint && features.fentry;
}

// Whether a hook on sending or receiving, sock_KIND_... or understudy_KIND_..., serves `tier`.
bool WantedTransfer(const bpf_program* program, Tier tier, const KernelFeatures& features,
                    const KernelOptions& options) {
  std::string_view kind(bpf_program__name(program));
  kind.remove_prefix(kind.find('_') + 1);
  if (IsUnderstudy(program) && !NeedsUnderstudies(tier, features)) return false;
  if (tier == Tier::kSocketTracepoints) return kind.starts_with("length_");
  if (!kind.starts_with("fexit_")) return false;
  if (kind.starts_with("fexit_udp") && !options.datagrams) return false;
  const std::string_view section(bpf_program__section_name(program));
  return features.ParameterCount(section.substr(section.find('/') + 1)) >= 0;
}

// Whether `program` serves `tier` on this kernel.
bool Wanted(const bpf_program* program, Tier tier, const KernelFeatures& features,
            const KernelOptions& options) {
  const std::string_view name(bpf_program__name(program));
  if (tier == Tier::kSystemCalls) return WantedAtSystemCalls(name, features);
  if (name.starts_with("uring_")) return false;
  if (name.starts_with("connection_accept")) return WantedAccept(name, features);
  if (name.starts_with("sending_")) return WantedSending(name, features);
  if (name.starts_with("understudy_state")) return features.preemptible_tracepoints;
  if (name == "connection_state" || name == "sweep_storage") return true;
  if (name == "listing_unix") return features.ParameterCount("bpf_iter_unix") >= 0;  // Linux 5.16
  return WantedTransfer(program, tier, features, options);
}

void FillSettings(spanwire_bpf& skeleton, const KernelOptions& options, bool understudies) {
  auto& settings = skeleton.rodata->settings;
  settings.self_pid = static_cast<uint32_t>(getpid());
  struct stat netns{};
  if (stat("/proc/self/ns/net", &netns) == 0) settings.netns = static_cast<uint32_t>(netns.st_ino);
  settings.budget = options.capture_bytes;
  settings.datagrams = options.datagrams ? 1 : 0;
  settings.understudies = understudies ? 1 : 0;
  settings.port_count = static_cast<uint32_t>(options.ports.size());
  std::copy(options.ports.begin(), options.ports.end(), std::begin(settings.ports));
  settings.pid_count = static_cast<uint32_t>(options.pids.size());
  std::copy(options.pids.begin(), options.pids.end(), std::begin(settings.pids));
  settings.comm_count = static_cast<uint32_t>(options.comms.size());
  for (size_t i = 0; i < options.comms.size(); ++i) {
    options.comms[i].copy(settings.comms[i], SPANWIRE_COMM - 1);
  }
}

class LoadedTracer final : public KernelTracer {
 public:
  LoadedTracer(Skeleton skeleton, Tier tier) : skeleton_(std::move(skeleton)), tier_(tier) {
    cpu_counters_.resize(static_cast<size_t>(libbpf_num_possible_cpus()));
  }

  Tier tier() const override { return tier_; }
  int ring_fd() const override { return bpf_map__fd(skeleton_->maps.ring); }
  size_t ring_bytes() const override { return bpf_map__max_entries(skeleton_->maps.ring); }
  int control_fd() const override { return bpf_map__fd(skeleton_->maps.bss); }
  spanwire_control& control() override { return skeleton_->bss->control; }

  KernelCounters counters() const override {
    KernelCounters sum{};
    const uint32_t key = 0;
    std::vector<KernelCounters> each(cpu_counters_.size());
    if (bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.counters), &key, each.data()) != 0) {
      return sum;
    }
    for (const auto& cpu : each) {
      for (size_t i = 0; i < sum.size(); ++i) sum[i] += cpu[i];
    }
    sum[SPANWIRE_COUNT_SKIPPED] = skipped_runs();
    return sum;
  }

  uint64_t skipped_runs() const override {
    // Of a hook's programs the one that was left out least says how often all of them can have
    // been.
    std::map<std::string_view, uint64_t> least;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, skeleton_->obj) {
      if (!bpf_program__autoload(program)) continue;
      bpf_prog_info info{};
      uint32_t size = sizeof(info);
      if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size) != 0) continue;
      const uint64_t misses = info.recursion_misses;
      const auto [hook, first] = least.try_emplace(bpf_program__section_name(program), misses);
      if (!first) hook->second = std::min(hook->second, misses);
    }
    uint64_t sum = 0;
    for (const auto& [hook, misses] : least) sum += misses;
    return sum;
  }

  std::vector<uint32_t> processes() const override {
    std::vector<uint32_t> pids;
    uint32_t pid = 0;
    const int map = bpf_map__fd(skeleton_->maps.processes);
    const uint32_t* previous = nullptr;
    while (pids.size() < bpf_map__max_entries(skeleton_->maps.processes) &&
           bpf_map_get_next_key(map, previous, &pid) == 0) {
      pids.push_back(pid);
      previous = &pids.back();
    }
    return pids;
  }

  std::optional<uint64_t> StartOf(uint32_t pid) const override {
    ProcessKey key;
    if (bpf_map_lookup_elem(bpf_map__fd(skeleton_->maps.processes), &pid, &key) != 0) {
      return std::nullopt;
    }
    return key.start_ns;
  }

  void Sweep() override {
    if (sweep_) Iterate(*sweep_);
  }

  void SetPolicy(model::ConnectionId connection, const spanwire_policy& policy) override {
    const int map = bpf_map__fd(skeleton_->maps.policies);
    if (bpf_map_update_elem(map, &connection, &policy, BPF_ANY) != 0) return;
    __atomic_fetch_add(&control().policy_generation, 1, __ATOMIC_RELEASE);
  }

  void Detach() override {
    sweep_.reset();
    understudies_.clear();
    spanwire_bpf__detach(skeleton_.get());
  }

  // The lead of each hook runs first, then its understudies in the order of the object: tracepoints
  // run programs in the order in which they were attached, function exits in the reverse order.
  Result<> Attach() {
    std::vector<bpf_program*> exits;
    std::vector<bpf_program*> tracepoints;
    bpf_program* program = nullptr;
    bpf_object__for_each_program(program, skeleton_->obj) {
      if (!IsUnderstudy(program) || !bpf_program__autoload(program)) continue;
      const bool exit = StartsWith(bpf_program__section_name(program), "fexit/");
      (exit ? exits : tracepoints).push_back(program);
    }
    std::reverse(exits.begin(), exits.end());
    SPANWIRE_RETURN_IF_ERROR(AttachUnderstudies(exits));
    if (int error = spanwire_bpf__attach(skeleton_.get())) return ErrnoError("attach", -error);
    return AttachUnderstudies(tracepoints);
  }

  // The iterators run on demand and so are attached on their own.
  Result<> AttachSweep() {
    const bool table = tier_ == Tier::kSystemCalls;
    bpf_iter_attach_opts options{};
    options.sz = sizeof(options);
    bpf_iter_link_info info{};
    info.map.map_fd = static_cast<uint32_t>(
        bpf_map__fd(table ? skeleton_->maps.socket_table : skeleton_->maps.socket_states));
    options.link_info = &info;
    options.link_info_len = sizeof(info);
    sweep_.reset(bpf_program__attach_iter(
        table ? skeleton_->progs.sweep_table : skeleton_->progs.sweep_storage, &options));
    if (!sweep_) return ErrnoError("attach sweep", errno);
    return {};
  }

  // Marks the UNIX sockets that are older than the hooks. Without it all of them count as older.
  void ListUnixSockets() {
    if (!bpf_program__autoload(skeleton_->progs.listing_unix)) return;
    const std::unique_ptr<bpf_link, LinkCloser> link(
        bpf_program__attach_iter(skeleton_->progs.listing_unix, nullptr));
    if (!link || !Iterate(*link)) return;
    control().unix_listed = 1;
  }

 private:
  Result<> AttachUnderstudies(const std::vector<bpf_program*>& programs) {
    for (const bpf_program* program : programs) {
      understudies_.emplace_back(bpf_program__attach(program));
      if (!understudies_.back()) return ErrnoError("attach understudy", errno);
    }
    return {};
  }

  // Runs an iterator to its end.
  static bool Iterate(const bpf_link& link) {
    const UniqueFd run(bpf_iter_create(bpf_link__fd(&link)));
    char nothing = 0;
    ssize_t got = run ? 1 : -1;
    while (got > 0) got = read(run.get(), &nothing, sizeof(nothing));
    return got == 0;
  }

  Skeleton skeleton_;
  Tier tier_;
  std::unique_ptr<bpf_link, LinkCloser> sweep_;
  std::vector<std::unique_ptr<bpf_link, LinkCloser>> understudies_;
  std::vector<KernelCounters> cpu_counters_;
};

Result<std::unique_ptr<KernelTracer>> Load(Tier tier, const KernelOptions& options,
                                           const KernelFeatures& features) {
  Skeleton skeleton(spanwire_bpf__open());
  if (!skeleton) return ErrnoError("open", errno);
  FillSettings(*skeleton, options, NeedsUnderstudies(tier, features));
  bpf_program* program = nullptr;
  bpf_object__for_each_program(program, skeleton->obj) {
    bpf_program__set_autoload(program, Wanted(program, tier, features, options));
    if (IsUnderstudy(program)) bpf_program__set_autoattach(program, false);
  }
  // The iterators are attached one by one.
  bpf_program__set_autoattach(skeleton->progs.sweep_storage, false);
  bpf_program__set_autoattach(skeleton->progs.sweep_table, false);
  bpf_program__set_autoattach(skeleton->progs.listing_unix, false);
  const auto cpus = static_cast<uint32_t>(libbpf_num_possible_cpus());
  bpf_map__set_max_entries(skeleton->maps.ring, static_cast<uint32_t>(options.ring_bytes));
  bpf_map__set_max_entries(skeleton->maps.scratches, cpus * SPANWIRE_SCRATCH_SLOTS);
  if (tier == Tier::kSystemCalls) {
    bpf_map__set_max_entries(skeleton->maps.socket_table, kSocketTableSize);
    bpf_map__set_max_entries(skeleton->maps.served_threads, kSocketTableSize);
  }
  skeleton->bss->control.wake_bytes = static_cast<uint32_t>(options.ring_bytes / 4);
  if (int error = spanwire_bpf__load(skeleton.get())) return ErrnoError("load", -error);
  auto tracer = std::make_unique<LoadedTracer>(std::move(skeleton), tier);
  SPANWIRE_RETURN_IF_ERROR(tracer->Attach());
  SPANWIRE_RETURN_IF_ERROR(tracer->AttachSweep());
  tracer->ListUnixSockets();
  return std::unique_ptr<KernelTracer>(std::move(tracer));
}

}  // namespace

std::string_view TierName(Tier tier) {
  switch (tier) {
    case Tier::kSocketTracepoints: return "socket tracepoints";
    case Tier::kFunctionExits: return "function exits";
    case Tier::kSystemCalls: return "system calls";
    default: return "auto";
  }
}

Result<std::unique_ptr<KernelTracer>> KernelTracer::StartTier(Tier tier,
                                                              const KernelOptions& options) {
  libbpf_set_print([](libbpf_print_level, const char*, va_list) { return 0; });
  return Load(tier, options, KernelFeatures::Detect());
}

Result<std::unique_ptr<KernelTracer>> KernelTracer::Start(const KernelOptions& options) {
  libbpf_set_print([](libbpf_print_level, const char*, va_list) { return 0; });
  const KernelFeatures features = KernelFeatures::Detect();
  std::string failures;
  for (Tier tier : {Tier::kSocketTracepoints, Tier::kFunctionExits, Tier::kSystemCalls}) {
    if (options.tier != Tier::kAuto && options.tier != tier) continue;
    auto tracer = Load(tier, options, features);
    if (tracer) return tracer;
    failures += failures.empty() ? "" : "; ";
    failures += std::string(TierName(tier)) + ": " + tracer.error().message;
  }
  return Error{
      "no way to trace works on this kernel (" + failures + "). Run `spanwire doctor` to see why",
      features.permitted ? 0 : EPERM};
}

}  // namespace spanwire::capture
